"""How the compiled loops come to be: once a machine, in a process of their own, while no one waits.

Compiling takes ten to twenty seconds in which the interpreter lock is hardly ever free: in a thread of this process
it would make a window stutter, so another process does it and leaves what it has made on disk.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Protocol

_PROGRAM = """
import os, sys
if hasattr(os, "nice"):
    os.nice(10)
from engine.dense.kernels import warm_up
warm_up(sys.argv[1])
"""

_lock = threading.Lock()


class _Compiler(Protocol):
    """What is compiling for one precision."""

    def is_busy(self) -> bool: ...


class _ByProcess:
    """Another interpreter, which fills the folder of compiled code; ended with this one if it is still busy."""

    def __init__(self, precision: str) -> None:
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, precision],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        atexit.register(self.end)

    def is_busy(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """What has been compiled so far stays on disk; the next start goes on from there."""
        self._process.kill()
        self._process.wait()


class _ByThread:
    """A thread of this process, where there is no folder to leave compiled code in."""

    def __init__(self, precision: str) -> None:
        from engine.dense.kernels import warm_up

        self._thread = threading.Thread(target=warm_up, args=(precision,), name="compiling", daemon=True)
        self._thread.start()

    def is_busy(self) -> bool:
        return self._thread.is_alive()


_compilers: dict[str, _Compiler] = {}


def takes_long(precision: str) -> bool:
    """Whether the loops for one precision are neither in this process nor on disk."""
    from engine import compiling
    from engine.dense import kernels

    return not kernels.ready(precision) and not compiling.is_kept(precision)


def begin(precision: str) -> None:
    """Have the loops for one precision compiled, unless that has been begun already. Returns at once."""
    from engine import compiling

    with _lock:
        if precision in _compilers:
            return
        by_process = compiling.KEEPS and bool(sys.executable)
        _compilers[precision] = _ByProcess(precision) if by_process else _ByThread(precision)


def is_under_way(precision: str) -> bool:
    """Whether the loops for one precision are being compiled: then to ask for them would be to wait for them."""
    with _lock:
        compiler = _compilers.get(precision)
        return compiler is not None and compiler.is_busy()
