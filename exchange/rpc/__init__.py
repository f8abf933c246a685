"""The participants' door: gRPC with mutual TLS, one stream a lane, files beside it."""

from exchange.rpc.hub import Hub
from exchange.rpc.server import serve
from exchange.rpc.service import ExchangeService

__all__ = ["ExchangeService", "Hub", "serve"]
