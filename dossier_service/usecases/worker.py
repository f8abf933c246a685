"""A process of its own for what heavy libraries read out of strangers' files: it starts with the first file.

One file at a time, each with a bound of time and memory: a file made to break its reader ends the worker and nothing
else, and the next file starts a new one.
"""

import asyncio
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

MEMORY = 2 * 1024**3
P = ParamSpec("P")
T = TypeVar("T")


class WorkerDied(Exception):
    """The worker ended over this file: too long, too large, or a fault of a library."""


class Worker:
    """The worker process. ``seconds`` are what one file may take."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Return what ``work``, a function of a module, makes of its arguments there. Raises ``WorkerDied``.

        Who stops waiting does not stop the work: the next file's turn comes after it.
        """
        return await asyncio.shield(self._in_turn(work, *args, **named))

    async def _in_turn(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        async with self._turn:
            if self._pool is None:
                context = get_context("spawn")
                self._pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_bound_memory)
            try:
                return await asyncio.wrap_future(self._pool.submit(_timed, self._seconds, work, args, named))
            except BrokenProcessPool:
                self._pool = None
                raise WorkerDied from None

    async def close(self) -> None:
        """Stop the worker."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
            self._pool = None


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _timed(seconds: int, work: Callable[..., T], args: tuple[object, ...], named: dict[str, object]) -> T:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    try:
        return work(*args, **named)
    finally:
        signal.alarm(0)
