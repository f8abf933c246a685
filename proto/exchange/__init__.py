"""The participant connection."""
