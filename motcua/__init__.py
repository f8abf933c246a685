"""The composition root: the command line and the assembly of every service in one process."""
