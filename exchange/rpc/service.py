"""The gRPC service. The participant is who its certificate names; everything else it says is checked against that."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, NoReturn

import grpc
import structlog

from exchange import usecases
from exchange.model import MAX_BODY, Greeting, Position
from exchange.rpc import comparing
from exchange.rpc import link as links
from exchange.rpc.files import FileDoor
from exchange.rpc.frames import PROTOCOL, SUBJECT, stamp
from exchange.rpc.hub import Hub
from kernel.clock import Clock, real_now
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Problem, TooLarge
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc

HELLO_WITHIN = 10.0
LARGEST = 2**53  # what a journal counts to; a lane's own numbers go on from there and must not leave 64 bits

Sign = Callable[[bytes, str], bytes]
Context = grpc.aio.ServicerContext[Any, Any]

STATUS = {
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    TooLarge: grpc.StatusCode.OUT_OF_RANGE,
    Conflict: grpc.StatusCode.FAILED_PRECONDITION,
}

logger = structlog.get_logger()


class ExchangeService(exchange_pb2_grpc.ExchangeServicer):
    """Link, FetchFile, PutFile and Renew."""

    def __init__(
        self,
        *,
        hub: Hub,
        files: FileDoor,
        clock: Clock,
        calendar_version: str,
        settled: comparing.Settled,
        sign: Sign | None,
    ) -> None:
        self._hub = hub
        self._files = files
        self._clock = clock
        self._calendar_version = calendar_version
        self._settled = settled
        self._sign = sign
        self._serving: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[bool]] = set()
        self._parts = links.Parts(hub.database, hub.settings, clock, hub.brought)

    async def Link(self, request_iterator: AsyncIterator[exchange_pb2.Up], context: Context) -> None:
        """Serve one participant's stream until it ends or a newer one takes the lane."""
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        participant = await identity(context)
        hello = await self._hello(request_iterator, context)
        lane = hello.lane or participant
        try:
            opened = await self._open(participant, lane, hello)
        except Problem as problem:
            logger.warning("link_refused", lane=lane, participant=participant, code=problem.code)
            await refuse(context, problem)
        except Exception as error:
            await fail(context, error)
        link = links.Link(
            parts=self._parts, position=opened.position, participant=participant, terms=self._terms(hello)
        )
        self._hub.add(link)
        comparison: asyncio.Task[None] | None = None
        reason = "the participant is gone"
        try:
            await context.write(exchange_pb2.Down(welcome=self._welcome(participant, opened)))
            logger.info("link_opened", lane=lane, link_epoch=link.link_epoch, resync=link.resync)
            if link.resync:
                comparison = asyncio.create_task(self._resync(link))
            reason = await link.run(request_iterator, context)
        finally:
            if comparison is not None:
                comparison.cancel()
            self._end(link, reason)
        await context.abort(grpc.StatusCode.ABORTED, reason)

    async def _hello(self, frames: AsyncIterator[exchange_pb2.Up], context: Context) -> exchange_pb2.Hello:
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                first = await anext(frames)
        except (TimeoutError, StopAsyncIteration):
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "no hello came")
        hello = first.hello
        if first.WhichOneof("frame") != "hello" or SUBJECT.fullmatch(hello.journal_id) is None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first frame is a hello with a journal id")
        numbers = (hello.last_report_seq, hello.last_seq, hello.link_epoch)
        if not all(0 <= number <= LARGEST for number in numbers):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "numbers lie between 0 and 2^53")
        if not hello.protocol_min <= PROTOCOL <= max(hello.protocol_max, 1):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"this exchange speaks protocol {PROTOCOL}")
        return hello

    async def _open(self, participant: str, lane: str, hello: exchange_pb2.Hello) -> usecases.Opened:
        greeting = Greeting(
            journal_id=hello.journal_id,
            last_report_seq=hello.last_report_seq,
            last_seq=hello.last_seq,
            link_epoch=hello.link_epoch,
            books_restored=hello.books_restored,
        )
        drift = hello.now.seconds - round(self._clock.now().timestamp()) if hello.HasField("now") else 0
        settings = self._hub.settings
        return await usecases.open_link(
            database=self._hub.database,
            participant=participant,
            lane=lane,
            holder=self._hub.holder,
            greeting=greeting,
            software=hello.software[:80],
            drift_seconds=max(min(drift, 2**31), -(2**31)),
            grace=timedelta(seconds=settings.exchange_journal_grace),
        )

    def _terms(self, hello: exchange_pb2.Hello) -> links.Terms:
        items, size = self._hub.settings.exchange_window_items, self._hub.settings.exchange_window_bytes
        return links.Terms(
            kinds=frozenset(hello.kinds),
            items=min(hello.window_items, items) if hello.window_items > 0 else items,
            bytes=max(min(hello.window_bytes, size), MAX_BODY) if hello.window_bytes > 0 else size,
        )

    def _welcome(self, participant: str, opened: usecases.Opened) -> exchange_pb2.Welcome:
        position: Position = opened.position
        return exchange_pb2.Welcome(
            participant=participant,
            lanes=opened.lanes,
            link_epoch=position.link_epoch,
            last_report_seq=position.last_report_seq,
            acked_seq=position.acked_seq,
            resync=position.resync,
            now=stamp(self._clock.now()),
            calendar=self._calendar_version,
            protocol=PROTOCOL,
            window_items=self._hub.settings.exchange_window_items,
            window_bytes=self._hub.settings.exchange_window_bytes,
        )

    async def _resync(self, link: links.Link) -> None:
        while not link.ended:
            try:
                await comparing.resync(
                    link, database=self._hub.database, settings=self._hub.settings, settled=self._settled
                )
                return
            except Exception as error:
                logger.warning("resync_failed", lane=link.lane, error=type(error).__name__)
                await asyncio.sleep(self._hub.settings.exchange_resync_every)

    def _end(self, link: links.Link, reason: str) -> None:
        link.close(reason)
        self._hub.remove(link)
        logger.info("link_ended", lane=link.lane, link_epoch=link.link_epoch, reason=reason)
        # The handler may be cancelled here, so the row is written by a task of its own; a kill leaves it to the watch.
        note = usecases.close_link(database=self._hub.database, lane=link.lane, link_epoch=link.link_epoch)
        task = asyncio.create_task(note)
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: "asyncio.Task[bool]") -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("close_not_noted", error=type(task.exception()).__name__)

    async def drained(self) -> None:
        """Wait until every stream of a stopped server is over and noted in its row."""
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def FetchFile(
        self, request: exchange_pb2.FetchFileRequest, context: Context
    ) -> AsyncIterator[exchange_pb2.FileChunk]:
        """Send a file of a dossier on one of the caller's lanes, from an offset."""
        participant = await identity(context)
        try:
            async for data in self._files.fetch(participant, request.subject, request.sha256, request.offset):
                yield exchange_pb2.FileChunk(data=data)
        except Problem as problem:
            await refuse(context, problem)
        except Exception as error:
            await fail(context, error)

    async def PutFile(
        self, request_iterator: AsyncIterator[exchange_pb2.PutFileRequest], context: Context
    ) -> exchange_pb2.PutFileReply:
        """Take a file for a dossier on one of the caller's lanes; resumable."""
        participant = await identity(context)
        try:
            stored, complete = await self._files.put(participant, request_iterator)
        except Problem as problem:
            await refuse(context, problem)
        except Exception as error:
            await fail(context, error)
        return exchange_pb2.PutFileReply(stored=stored, complete=complete)

    async def Renew(self, request: exchange_pb2.RenewRequest, context: Context) -> exchange_pb2.RenewReply:
        """Sign a certificate request that names the caller."""
        participant = await identity(context)
        if self._sign is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "certificates are renewed by the operator here")
        try:
            chain = await asyncio.to_thread(self._sign, request.certificate_request, participant)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error)[:200])
        logger.info("certificate_renewed", participant=participant, at=real_now().isoformat())
        return exchange_pb2.RenewReply(certificate_chain=chain)


async def identity(context: Context) -> str:
    """Return the participant that the peer's certificate names; ends the call when it names none."""
    names = list(context.auth_context().get("x509_common_name", ()))
    name = names[0].decode(errors="replace") if len(names) == 1 else ""
    if SUBJECT.fullmatch(name) is None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the certificate names no participant")
    return name


async def refuse(context: Context, problem: Problem) -> NoReturn:
    """End the call with the problem's code and English text; what else it says goes as metadata."""
    status = STATUS.get(type(problem), grpc.StatusCode.UNAVAILABLE)
    extra = tuple((name, str(value)) for name, value in problem.extra.items())
    await context.abort(status, f"{problem.code}: {problem.text.en}", extra)
    raise AssertionError("abort raises")


async def fail(context: Context, error: Exception) -> NoReturn:
    """End the call for a fault of this side, without its words: they may name files and statements."""
    logger.error("call_failed", error=type(error).__name__)
    await context.abort(grpc.StatusCode.UNAVAILABLE, "the exchange cannot do this now; try again")
    raise AssertionError("abort raises")
