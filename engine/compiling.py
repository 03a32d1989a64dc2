"""The one door to the compiler of inner loops: a typed decorator, and where compiled code is kept."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

numba: Any = import_module("numba")
"""Of any type: some of its releases say what theirs are, others do not."""

F = TypeVar("F", bound=Callable[..., Any])

SOURCES = (
    "compiling.py", "activations.py", "losses.py", "optimizers.py", "randomness.py", "dense/plan.py",
    "dense/activations.py", "dense/passes.py", "dense/updates.py", "dense/examination.py", "dense/grid.py",
    "dense/kernels.py", "lloyd.py", "tsne_forces.py",
)  # fmt: skip
"""The files that compiled code is made of: loops, and the tables whose numbers are written into them."""


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _cache_folder() -> Path:
    """A folder of compiled code that belongs to exactly these sources.

    The compiler alone would look only at the date of the file that a function is in, not at those of the files that
    it calls: after an update, old and new code could mix.
    """
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    chosen = numba.config.CACHE_DIR
    return (Path(chosen) if chosen else _user_cache() / "playground" / "compiled") / digest.hexdigest()[:16]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


_folder = _cache_folder()
KEEPS = _is_writable(_folder)
"""Whether compiled code outlives the process. Nowhere to write: compile anew each time rather than not start."""

if KEEPS:
    numba.config.CACHE_DIR = str(_folder)


def _marker(precision: str) -> Path:
    """A file that is there once all loops for one precision are, for this interpreter, compiler and processor.

    The compiler keeps the code of each copy of the sources by itself, so this copy is in the name, too.
    """
    processor = (numba.core.config.CPU_NAME, numba.core.config.CPU_FEATURES, *_host())
    versions = (str(Path(__file__).resolve().parent), sys.version_info[:2], numba.__version__, *processor)
    return _folder / f"{precision}-{hashlib.sha256(repr(versions).encode()).hexdigest()[:16]}.complete"


def _host() -> tuple[str, str]:
    binding = import_module("llvmlite.binding")
    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


def is_kept(precision: str) -> bool:
    """Whether all loops for one precision are on disk, to be read in a moment."""
    return KEEPS and _marker(precision).exists()


def set_kept(precision: str) -> None:
    """Note that all loops for one precision have been compiled."""
    if KEEPS:
        with suppress(OSError):
            _marker(precision).touch()


def compiled(function: F) -> F:
    """Compile `function` at its first call, keep the machine code on disk, hold no interpreter lock while it runs.

    Divisions by zero give infinities, as in numpy: checks for them would keep loops from using vector instructions.
    """
    decorated: F = numba.njit(nogil=True, cache=KEEPS, error_model="numpy")(function)
    return decorated


def compiled_sum(function: F) -> F:
    """As `compiled`, and sums inside may be regrouped to use vector instructions (measured: 2-5 times faster).

    The grouping is fixed when the function is compiled, so the same machine gives the same bits.
    """
    decorated: F = numba.njit(nogil=True, cache=KEEPS, error_model="numpy", fastmath={"reassoc"})(function)
    return decorated
