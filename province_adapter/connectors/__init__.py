"""Connectors to back offices."""
