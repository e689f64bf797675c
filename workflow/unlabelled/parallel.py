"""Ordered, streaming, parallel mapping that survives items which kill or stall their process."""

import multiprocessing
import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A stall inside compiled code cannot be interrupted; its process is killed when it has used this
# many time limits of CPU time.
_KILL_AFTER = 2

_MAX_IN_FLIGHT = 4  # chunks per process

# Sizes of this process in pages; the sixth number is that of its data. Where there is no such file,
# the kernel does not limit data either.
_SIZES = Path("/proc/self/statm")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


class _TimeUpError(BaseException):
    """Raised by the timer; not an Exception, lest a parser catch it."""


class OrderedMap(Generic[T, R]):
    """Map items in worker processes, yielding results in the order of the items.

    Parameters
    ----------
    work
        Function of one item. It is inherited by the workers, not sent to them.
    failed
        Result of an item that raised, ran out of time or memory or killed its process, given the
        item and what happened.
    processes
        Number of workers.
    seconds
        Time limit of an item.
    memory_mb
        Memory that an item may take beyond what its process had before, in 10^6 bytes.
    size
        Weight of an item; a chunk is sent when its items weigh 1.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        failed: Callable[[T, str], R],
        *,
        processes: int,
        seconds: Callable[[T], float],
        memory_mb: float,
        size: Callable[[T], float],
    ) -> None:
        self._work = work
        self._failed = failed
        self._processes = processes
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._unlimited = resource.getrlimit(resource.RLIMIT_DATA)
        self._size = size

    def __call__(self, items: Iterable[T]) -> Iterator[R]:
        """Yield the result of every item, in order; few items are held at once."""
        pool = self._pool(self._processes)
        waiting: deque[tuple[list[T], Future[list[R]] | None]] = deque()
        try:
            for chunk in self._chunks(items):
                waiting.append((chunk, _submit(pool, chunk)))
                if len(waiting) > _MAX_IN_FLIGHT * self._processes:
                    if (results := _result(waiting[0][1])) is not None:
                        waiting.popleft()
                        yield from results
                    else:
                        pool.shutdown()
                        yield from self._drain(waiting)
                        pool = self._pool(self._processes)
            yield from self._drain(waiting)
        finally:
            pool.shutdown(cancel_futures=True)

    def _drain(self, waiting: deque[tuple[list[T], Future[list[R]] | None]]) -> Iterator[R]:
        """Yield what was under way, retrying one by one the chunks that a broken pool lost."""
        while waiting:
            chunk, future = waiting.popleft()
            results = _result(future)
            yield from self._one_by_one(chunk) if results is None else results

    def _one_by_one(self, chunk: list[T]) -> Iterator[R]:
        pool = self._pool(1)
        try:
            for item in chunk:
                results: list[R] | None = _result(_submit(pool, [item]))
                if results is None:
                    pool.shutdown()
                    pool = self._pool(1)
                    results = [self._failed(item, "its process died, or had to be killed")]
                yield from results
        finally:
            pool.shutdown()

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        # Forked: scripts run by the workflow have no guard against being imported anew.
        return ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("fork"),
            initializer=_initialise,
            initargs=(self._run_one,),
        )

    def _run_one(self, item: T) -> R:
        seconds = self._seconds(item)
        signal.setitimer(signal.ITIMER_PROF, _KILL_AFTER * seconds)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            _limit_data(self._memory_mb, self._unlimited[1])
            try:
                return self._work(item)
            finally:  # no context manager: when memory has run out, this must not take any
                resource.setrlimit(resource.RLIMIT_DATA, self._unlimited)
        except _TimeUpError:
            return self._failed(item, f"not finished within {seconds:g} s, the time per entry")
        except MemoryError:
            return self._failed(
                item, f"needs more than {self._memory_mb:g} MB, the memory per entry"
            )
        except Exception as error:
            return self._failed(item, f"{type(error).__name__}: {error}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _chunks(self, items: Iterable[T]) -> Iterator[list[T]]:
        chunk: list[T] = []
        weight = 0.0
        for item in items:
            chunk.append(item)
            weight += self._size(item)
            if weight >= 1:
                yield chunk
                chunk, weight = [], 0.0
        if chunk:
            yield chunk


_run_one: Callable[..., object] | None = None


def _initialise(run_one: Callable[..., object]) -> None:
    global _run_one
    _run_one = run_one
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers


def _limit_data(memory_mb: float, hard: int) -> None:
    """Limit what this process may allocate from now on; beyond it, there is a MemoryError."""
    if _SIZES.exists():
        now = int(_SIZES.read_text().split()[5]) * resource.getpagesize()
        limit = now + int(memory_mb * 1e6)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _on_alarm(number: int, frame: FrameType | None) -> None:
    raise _TimeUpError


def _run_chunk(chunk: list[Any]) -> list[Any]:
    assert _run_one is not None  # set in every worker
    return [_run_one(item) for item in chunk]


def _submit(pool: ProcessPoolExecutor, chunk: list[T]) -> Future[list[R]] | None:
    try:
        return pool.submit(_run_chunk, chunk)
    except BrokenProcessPool:
        return None


def _result(future: Future[list[R]] | None) -> list[R] | None:
    """Wait for a chunk; None if the pool broke before it was done."""
    try:
        return None if future is None else future.result()
    except (BrokenProcessPool, _TimeUpError):  # the timer may just miss the end of an item
        return None
