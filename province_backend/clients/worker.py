"""The worker process's door: imports the heavy libraries there, and there only."""

from importlib import import_module


def call(module: str, function: str, request: dict[str, object]) -> bytes:
    """Run ``function(request)`` of ``module`` and return what it made."""
    made: bytes = getattr(import_module(module), function)(request)
    return made
