"""Systems outside the project, one module each: any of them may be away, slow, or say what cannot be read."""
