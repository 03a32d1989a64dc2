"""Where many runs are computed: on threads, in processes of this machine, or on a cluster."""

from __future__ import annotations

import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from engine.cores import let_others_go_first

Numbered = Sequence[tuple[int, Any]]
Work = Callable[[int, Any], Any]
"""From the number of a job and the job to its result, or None where nobody wants it. Raises nothing."""
Deliver = Callable[[Any], None]
"""Hears each result, on some thread; a `FarmError` where there will be no more; and None at the end."""

_ANSWER_SECONDS = 5
"""How long a scheduler may take to answer."""
_GREETING_SECONDS = 4
_LONGEST_GREETING = 2**20
_NICENESS = 19
"""Of what computes here: behind the window, and behind the model that it shows learning."""


class FarmError(RuntimeError):
    """The cluster or the processes could not be had; the sentence says why."""


class Farm(ABC):
    """A place where jobs are done, several at once; used once."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    @abstractmethod
    def start(self, jobs: Numbered, work: Work, deliver: Deliver, cancelled: threading.Event) -> None:
        """Begin; returns at once. No job begins once `cancelled` is set."""

    def cancel(self) -> None:  # noqa: B027 - threads look at the event by themselves
        """End what is being done, after `cancelled` has been set; returns at once."""

    def join(self) -> None:
        """Wait until nothing is done any more."""
        for thread in self._threads:
            thread.join()

    def _begin(self, targets: Sequence[Callable[[], None]]) -> None:
        self._threads = [
            threading.Thread(target=target, name=f"playground-runs-{number}", daemon=True)
            for number, target in enumerate(targets)
        ]
        for thread in self._threads:
            thread.start()


class Threads(Farm):
    """Threads of this process, one job at a time each."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def start(self, jobs: Numbered, work: Work, deliver: Deliver, cancelled: threading.Event) -> None:
        to_do: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        for each in jobs:
            to_do.put(each)
        serving = _Countdown(self._count)

        def serve() -> None:
            let_others_go_first(_NICENESS)
            with suppress(Empty):
                while not cancelled.is_set():
                    result = work(*to_do.get_nowait())
                    if result is not None:
                        deliver(result)
            if serving.is_last():
                deliver(None)

        self._begin([serve] * self._count)


class _Countdown:
    """Tells the last of several."""

    def __init__(self, count: int) -> None:
        self._left, self._lock = count, threading.Lock()

    def is_last(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0


class Processes(Threads):
    """Processes of this machine, for work that holds the interpreter lock: each is given jobs by a thread here.

    To cancel is to kill them: whatever they are in the midst of, they end at once.

    Parameters
    ----------
    count : how many.
    meanwhile : whether the threads do jobs themselves for the second or two until their processes are ready. Only for
        work that looks at whether it was cancelled: a thread cannot be killed.
    """

    def __init__(self, count: int, *, meanwhile: bool = False) -> None:
        super().__init__(count)
        self._meanwhile = meanwhile
        self._processes: list[Any] = []
        self._beginning = threading.Lock()
        self._is_over = threading.Event()

    def start(self, jobs: Numbered, work: Work, deliver: Deliver, cancelled: threading.Event) -> None:
        apart = threading.local()

        def handed_over(index: int, job: Any) -> Any:
            """The result of a process of this thread's own."""
            try:
                if not hasattr(apart, "line"):
                    apart.line, apart.is_ready = self._begun(work), False
                if not apart.is_ready:
                    if self._meanwhile and not apart.line.poll():
                        return work(index, job)
                    apart.line.recv()
                    apart.is_ready = True
                apart.line.send((index, job))
                return apart.line.recv()
            except Exception as error:  # also where no process can be begun: who waits for results has to hear of it
                if cancelled.is_set():
                    return None
                return FarmError(f"A process that computed has ended: {error or 'it was killed'}. Run it again.")

        super().start(jobs, handed_over, deliver, cancelled)

    def _begun(self, work: Work) -> Any:
        """A new process, as the near end of the line to it."""
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        near, far = context.Pipe()
        with self._beginning:
            if self._is_over.is_set():
                raise EOFError
            process = context.Process(target=_serve, args=(far, work), name="playground-runs", daemon=True)
            process.start()
            self._processes.append(process)
        if self._is_over.is_set():
            process.kill()
        far.close()
        return near

    def cancel(self) -> None:
        # Without the lock, as to begin a process takes a while: one that is about to be there looks whether it is over.
        self._is_over.set()
        for process in tuple(self._processes):
            with suppress(ValueError):  # it has ended meanwhile
                process.kill()

    def join(self) -> None:
        super().join()
        for process in self._processes:
            process.kill()
            process.join()
            process.close()
        self._processes.clear()


def _serve(line: Any, work: Work) -> None:
    """Do what comes down the line, in a process of its own, until there is nobody at its other end."""
    let_others_go_first(_NICENESS)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        line.send("ready")
        while True:
            line.send(work(*line.recv()))


def _hear_a_scheduler(line: socket.socket) -> None:
    """Wait for the first bytes of a scheduler, which greets whoever connects.

    They are the length of its greeting. What a server of something else says there was taken for one of exabytes.

    Raises
    ------
    OSError
        If nothing is said, or something else.
    """
    deadline, said = time.monotonic() + _GREETING_SECONDS, b""
    while len(said) < 8:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        more = line.recv(8 - len(said))
        if not more:
            raise OSError("it hangs up.")
        said += more
    if not 0 < int.from_bytes(said, "little") <= _LONGEST_GREETING:
        raise OSError("what answers there is something else.")


class Cluster(Farm):
    """The workers of a Dask cluster, through joblib. They need the same version of this program.

    Parameters
    ----------
    address : of the scheduler, e.g. "tcp://192.168.1.5:8786".
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._client: Any = None
        self._lock = threading.Lock()
        self._is_over = False

    def start(self, jobs: Numbered, work: Work, deliver: Deliver, cancelled: threading.Event) -> None:
        def feed() -> None:
            try:
                if self._connect():
                    self._compute(jobs, work, deliver)
            except FarmError as error:
                deliver(error)
            except Exception as error:
                if not cancelled.is_set():
                    deliver(FarmError(f"The cluster at {self._address} failed: {error}"))
            finally:
                self._disconnect()
                deliver(None)

        self._begin([feed])

    def cancel(self) -> None:
        # Not on this thread: to say goodbye to a scheduler that does not answer takes a while.
        ending = threading.Thread(target=self._disconnect, name="playground-runs-ending", daemon=True)
        self._threads.append(ending)
        ending.start()

    def _connect(self) -> bool:
        """Whether there is a client; not where it was cancelled before."""
        try:
            import distributed
            from distributed.comm.addressing import get_address_host_port
        except ImportError as error:
            raise FarmError("A cluster needs Dask: pip install 'playground-ml[cluster]'.") from error
        try:
            # Asked first whether it is there: a client that finds none leaves a thread that runs on.
            with socket.create_connection(get_address_host_port(self._address), _ANSWER_SECONDS) as line:
                if not self._address.startswith("tls"):  # which begins with a question of the client's
                    _hear_a_scheduler(line)
            client: Any = distributed.Client(  # type: ignore[no-untyped-call]
                self._address, set_as_default=False, timeout=_ANSWER_SECONDS
            )
        except Exception as error:  # also what the library says of bytes that it cannot read
            raise FarmError(f"No Dask scheduler answers at '{self._address}': {error}") from error
        with self._lock:
            if not self._is_over:
                self._client = client
                return True
        client.close()
        return False

    def _compute(self, jobs: Numbered, work: Work, deliver: Deliver) -> None:
        import joblib

        with joblib.parallel_config(backend="dask", client=self._client):
            parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
            for result in parallel(joblib.delayed(work)(*each) for each in jobs):
                deliver(result)

    def _disconnect(self) -> None:
        with self._lock:
            self._is_over = True
            client, self._client = self._client, None
        if client is not None:
            client.close()
