"""A participant that speaks the protocol by hand, to say things that the adapter never would."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc

from kernel.digest import digest_bytes
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from tests.exchange.country import Country


class RawLink:
    """A stream, frame by frame."""

    def __init__(self, stub: exchange_pb2_grpc.ExchangeStub) -> None:
        self.stub = stub
        self.call: grpc.aio.StreamStreamCall[exchange_pb2.Up, exchange_pb2.Down] = stub.Link()

    async def hello(self, **fields: object) -> exchange_pb2.Welcome:
        values: dict[str, object] = {"journal_id": uuid.uuid4().hex, "protocol_min": 1, "protocol_max": 1} | fields
        await self.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(**values)))  # type: ignore[arg-type]
        return (await self.frame()).welcome

    async def frame(self) -> exchange_pb2.Down:
        frame = await self.call.read()
        if not isinstance(frame, exchange_pb2.Down):
            raise AssertionError(await self.call.details())
        return frame

    async def report(self, number: int, upward: exchange_pb2.Upward | bytes) -> None:
        body = upward if isinstance(upward, bytes) else upward.SerializeToString()
        item = exchange_pb2.UpItem(report_seq=number, body=body, digest=digest_bytes(body))
        await self.call.write(exchange_pb2.Up(item=item))

    async def ended(self) -> str:
        """Read until the stream is over; return what the nation says."""
        try:
            while isinstance(await self.call.read(), exchange_pb2.Down):
                pass
        except grpc.aio.AioRpcError:
            pass
        return str(await self.call.details())


@asynccontextmanager
async def raw(
    land: Country, certificate: str = "H26", target: str = "", options: Sequence[tuple[str, int]] = ()
) -> AsyncIterator[RawLink]:
    credentials = land.authority.participant_certificate(certificate).channel_credentials()
    async with grpc.aio.secure_channel(target or land.target, credentials, options=list(options)) as channel:
        link = RawLink(exchange_pb2_grpc.ExchangeStub(channel))  # type: ignore[no-untyped-call]  # generated
        try:
            yield link
        finally:
            link.call.cancel()
