"""The gRPC server and its options, the same on both sides of the link."""

import grpc

from exchange.rpc.service import ExchangeService
from proto.exchange.v1 import exchange_pb2_grpc

OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
    ("grpc.max_send_message_length", 1024 * 1024),
    ("grpc.so_reuseport", 0),
)


async def serve(service: ExchangeService, *, address: str, credentials: grpc.ServerCredentials) -> grpc.aio.Server:
    """Listen at ``address`` (host:port) and return the started server. Raises ``OSError`` when the port is taken."""
    server = grpc.aio.server(options=OPTIONS)
    exchange_pb2_grpc.add_ExchangeServicer_to_server(service, server)  # type: ignore[no-untyped-call]  # generated
    try:
        server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise OSError(f"the exchange cannot listen at {address}") from error
    await server.start()
    return server
