"""The index and the service's own rows."""
