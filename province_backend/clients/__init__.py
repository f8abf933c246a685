"""What lies outside the office's books: the demo's document maker (typst, pyHanko) in a worker process."""
