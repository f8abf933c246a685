"""What is published on the log, one file per owning service."""
