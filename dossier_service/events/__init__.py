"""The log door: what is read is decoded and given to a use case; what happened is encoded."""

from dossier_service.events.apply import LogDoor
from dossier_service.events.encode import encode

__all__ = ["LogDoor", "encode"]
