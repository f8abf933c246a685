"""Version 1 of the participant connection."""
