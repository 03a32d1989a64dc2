"""Loops that are yet to be compiled: torch stands in, the switch leaves no kink, and no one is held up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import compiling
from engine.dense import compilation
from engine.edits import set_values
from engine.experiment import Experiment
from engine.snapshot import Snapshot, Viewport
from engine.training import Run
from engine.worker import Worker

EXPERIMENT = set_values(
    Experiment(),
    {"data.generator": "moons", "data.n_points": 80, "learner.layers": "6,4", "training.optimizer.kind": "sgd"},
)


class SlowCompiler:
    """Stands for the process that compiles, until it is told that it has done so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked_for: list[str] = []
        self.is_busy = True
        monkeypatch.setattr(compilation, "takes_long", lambda precision: self.is_busy)
        monkeypatch.setattr(compilation, "begin", self.asked_for.append)
        monkeypatch.setattr(compilation, "is_under_way", lambda precision: self.is_busy)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> SlowCompiler:
    return SlowCompiler(monkeypatch)


def losses_of(run: Run) -> np.ndarray:
    return np.array([point.loss[0] for point in run.take_series()])


def test_torch_stands_in_and_hands_over_in_mid_training_without_a_kink(compiler: SlowCompiler) -> None:
    run, whole = Run(EXPERIMENT, waits=False), Run(EXPERIMENT)
    assert (run.needs_preparation, run.can_prepare) == (True, False)
    assert compiler.asked_for == ["float32"]
    while run.step < 123:
        run.advance(123 - run.step)
    assert run.snapshot().path == "torch"
    compiler.is_busy = False
    assert run.can_prepare
    run.prepare()
    assert not run.needs_preparation
    assert run.snapshot().path == "compiled"
    assert run.step == 123
    run.advance_epochs(100 - run.epoch)
    whole.advance_epochs(100)
    np.testing.assert_allclose(losses_of(run), losses_of(whole), rtol=1e-4)
    X = whole.dataset.X
    np.testing.assert_allclose(run.predict(X).scores, whole.predict(X).scores, rtol=1e-4, atol=1e-4)


def test_who_waits_is_not_stood_in_for(compiler: SlowCompiler) -> None:
    run = Run(EXPERIMENT)
    run.advance(5)
    assert run.snapshot().path == "compiled"
    assert compiler.asked_for == []


def test_a_value_changed_meanwhile_keeps_torch_standing_in(compiler: SlowCompiler) -> None:
    run = Run(EXPERIMENT, waits=False)
    run.advance(5)
    run.change(set_values(EXPERIMENT, {"training.optimizer.learning_rate": 0.002}))
    run.advance(1)
    assert (run.step, run.snapshot().path, run.needs_preparation) == (6, "torch", True)


@pytest.mark.parametrize("model", [{"learner.kind": "logistic_regression"}, {"learner.layers": "300,300"}])
def test_the_first_picture_needs_no_loops(compiler: SlowCompiler, model: dict[str, str]) -> None:
    run = Run(set_values(EXPERIMENT, model), waits=False)
    assert run.snapshot(Viewport((-1, 1), (-1, 1), 16, 16)).field is not None
    assert run.needs_preparation


def until(worker: Worker, holds: Callable[[Snapshot], bool]) -> Snapshot:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        snapshot = worker.mailbox.take()
        if snapshot is not None and holds(snapshot):
            return snapshot
        time.sleep(0.002)
    raise AssertionError("not seen within 30 s")


def test_a_worker_plays_pauses_and_steps_while_loops_are_compiled_and_then_goes_on_with_them(
    compiler: SlowCompiler,
) -> None:
    worker = Worker(EXPERIMENT, 1, playing=True)
    worker.start()
    try:
        playing = until(worker, lambda shot: shot.epoch > 2)
        assert (playing.path, playing.preparing) == ("torch", True)
        worker.pause()
        held = until(worker, lambda shot: not shot.playing)
        worker.step("step", 1)
        assert until(worker, lambda shot: shot.step > held.step).step == held.step + 1
        compiler.is_busy = False
        ready = until(worker, lambda shot: not shot.preparing)
        assert (ready.path, ready.step) == ("compiled", held.step + 1)
        worker.play()
        assert until(worker, lambda shot: shot.epoch > held.epoch + 5).path == "compiled"
    finally:
        worker.stop()
        assert worker.join(10)


def test_what_has_been_compiled_is_noted_for_each_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_folder", tmp_path)
    monkeypatch.setattr(compiling, "KEEPS", True)
    assert not compiling.is_kept("float32")
    compiling.set_kept("float32")
    assert compiling.is_kept("float32")
    assert not compiling.is_kept("float64")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(compiling, "__file__", str(tmp_path / "engine" / "compiling.py"))
        assert not compiling.is_kept("float32"), "another copy of the sources has code of its own"
    assert compiling.is_kept("float32")
    monkeypatch.setattr(compiling.numba, "__version__", "another")
    assert not compiling.is_kept("float32")


ENDS_EARLY = """
import sys
from engine.dense import compilation
from engine.experiment import Experiment
from engine.training import Run

run = Run(Experiment(), waits=False)
assert run.needs_preparation and not run.can_prepare
run.advance(3)
assert run.snapshot().path == "torch", run.snapshot().path
print(compilation._compilers["float32"]._process.pid)
"""


@pytest.mark.skipif(not hasattr(os, "kill") or sys.platform == "win32", reason="processes are asked after by a signal")
def test_who_ends_while_loops_are_compiled_waits_for_nothing_and_leaves_no_process(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDS_EARLY],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
    assert not list(tmp_path.glob("**/*.complete"))


def test_the_compiling_process_is_told_where_the_package_is(monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[dict[str, str]] = []

    class Started:
        def __init__(self, command: list[str], env: dict[str, str], **_: object) -> None:
            environments.append(env)

        def kill(self) -> None: ...

        def wait(self) -> None: ...

    monkeypatch.setattr(subprocess, "Popen", Started)
    monkeypatch.setattr(compilation, "_compilers", {})
    monkeypatch.setattr(compiling, "KEEPS", True)
    compilation.begin("float32")
    root = Path(environments[0]["PYTHONPATH"].split(os.pathsep)[0])
    assert (root / "engine" / "dense" / "kernels.py").is_file()
