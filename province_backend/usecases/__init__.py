"""What the nation's deliveries, an officer and the demo robot can do with an office's books."""
