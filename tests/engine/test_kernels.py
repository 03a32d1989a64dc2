"""Compiled loops: their random numbers, their minibatches, their endings, and that they let others work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import compiling
from engine.dense import kernels
from engine.dense.learner import DenseLearner
from engine.dense.plan import DenseSpec, initial_parameters, network_of, target_of
from engine.learner import TrainingData
from engine.randomness import fill_normal, kept_units, shuffle
from tests.engine.dense_problems import classes, training, values


def shuffled(n: int, seed: int, epoch: int) -> list[int]:
    order = np.empty(n, np.int64)
    shuffle(order, seed, epoch)
    return order.tolist()


def test_each_epoch_has_a_permutation_of_its_own() -> None:
    orders = [shuffled(40, 3, epoch) for epoch in range(50)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert len({tuple(order) for order in orders}) == 50
    assert shuffled(40, 3, 7) == orders[7]
    assert shuffled(40, 4, 7) != orders[7]


def test_every_place_is_equally_likely_in_a_shuffle() -> None:
    counts = np.zeros((6, 6))
    for epoch in range(6000):
        counts[np.arange(6), shuffled(6, 0, epoch)] += 1
    # 36 cells of 1,000 ± 29: a chi-square of 25 degrees of freedom lies above 60 once in 10,000 times.
    assert ((counts - 1000) ** 2 / 1000).sum() < 60


def test_dropout_drops_its_share_and_scales_the_rest() -> None:
    kept = kept_units(500, 40, 0.3, seed=1, step=5, layer=0, dtype=np.float64)
    assert kept.shape == (500, 40)
    assert set(np.unique(kept)) == {0.0, 1 / 0.7}
    assert (kept == 0).mean() == pytest.approx(0.3, abs=0.015)
    assert not np.array_equal(kept, kept_units(500, 40, 0.3, seed=1, step=6, layer=0, dtype=np.float64))
    assert not np.array_equal(kept, kept_units(500, 40, 0.3, seed=1, step=5, layer=1, dtype=np.float64))


def test_proposals_are_standard_normal() -> None:
    from scipy.stats import kstest

    noise = np.empty(20_001)
    fill_normal(noise, 9, 4)
    assert kstest(noise, "norm").pvalue > 1e-3
    again = np.empty(20_001)
    fill_normal(again, 9, 5)
    assert abs(np.corrcoef(noise, again)[0, 1]) < 0.03


@pytest.mark.parametrize("n_rows", [1, 7, 8, 63, 64, 65, 100, 129, 1000])
def test_a_gradient_is_the_mean_over_rows_however_they_fill_the_tiles(n_rows: int) -> None:
    data = classes(n=1000)
    spec = DenseSpec(2, ((3, "tanh"),), 1)
    parameters = initial_parameters(spec, "he", 0, np.float64)
    network, target = network_of(spec), target_of(training("squared"))
    t = np.where(data.y == 1, 1.0, -1.0)[:, None]

    def of_rows(rows: slice) -> tuple[float, Any]:
        return kernels.loss_and_gradient(network, target, parameters, data.Z[rows], t[rows])

    loss, gradient = of_rows(slice(n_rows))
    ones = [of_rows(slice(row, row + 1)) for row in range(n_rows)]
    assert loss == pytest.approx(np.mean([one for one, _ in ones]), rel=1e-12)
    np.testing.assert_allclose(gradient, np.mean([one for _, one in ones], axis=0), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_an_epoch_sees_every_row_once_also_when_the_last_minibatch_is_short(path: str) -> None:
    # With a loss of slope ±1 and a rate of 1, the bias counts the rows above it in each minibatch.
    n = 23
    data = TrainingData(np.zeros((n, 1)), np.full(n, 1e9), "regression")
    learner = DenseLearner((), training("absolute", "sgd", path=path, learning_rate=1.0, batch_size=5), data)
    state = learner.init(data)
    assert learner.steps_per_epoch(data) == 5
    for step, position in enumerate((5, 10, 15, 20, 0), start=1):
        state = learner.advance(state, data, 1)
        assert (state.position, state.parameters[-1]) == (position, step)
    assert learner.epochs_done(state) == 1


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_erasing_points_in_the_middle_of_an_epoch_begins_the_next(path: str) -> None:
    data = values(n=40)
    learner = DenseLearner((), training("squared", "sgd", path=path, learning_rate=0.01, batch_size=10), data)
    state = learner.advance(learner.init(data), data, 3)
    fewer = TrainingData(data.Z[:20], data.y[:20], "regression")
    state = learner.advance(state, fewer, 1)
    assert (state.epoch, state.position) == (1, 10)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_divergence_is_declared_at_its_step_and_keeps_the_last_finite_weights(path: str, precision: str) -> None:
    data = values()
    settings = training("squared", "gradient_descent", path=path, precision=precision, learning_rate=3.0)
    learner = DenseLearner((), settings, data)
    state = learner.advance(learner.init(data), data, 5000)
    outcome = learner.outcome(state)
    assert outcome.status == "diverged"
    assert f"step {state.step:,}" in outcome.sentence
    assert "learning rate (now 3)" in outcome.sentence
    assert np.isfinite(state.parameters).all()
    assert np.isfinite(learner.predict(state, data.Z).scores).all()
    before = learner.advance(learner.init(data), data, state.step - 1)
    assert learner.outcome(before).status == "running"
    assert learner.advance(state, data, 10) is state


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_gradient_descent_ends_where_the_gradient_is_zero_and_goes_on_when_the_data_change(path: str) -> None:
    random = np.random.default_rng(0)
    y = np.arange(30) % 2
    Z = np.where(y == 1, 3.0, -3.0)[:, None] + random.normal(0, 0.3, (30, 1))
    data = TrainingData(Z, y, "classification", 2)
    learner = DenseLearner((), training("hinge", "gradient_descent", path=path, learning_rate=0.1), data)
    state = learner.advance(learner.init(data), data, 1000)
    assert learner.outcome(state).status == "converged"
    assert learner.loss(state, data.Z, data.y).max() == 0
    assert 0 < state.step < 1000
    assert learner.advance(state, data, 5).step == state.step
    turned = TrainingData(-Z, y, "classification", 2)
    after = learner.advance(state, turned, 1)
    assert learner.outcome(after).status == "running"
    assert after.step == state.step + 1


def test_nothing_to_learn_from_leaves_the_state_as_it_is() -> None:
    empty = TrainingData(np.zeros((0, 2)), np.zeros(0, np.int64), "classification", 2)
    learner = DenseLearner((), training("hinge"), empty)
    state = learner.init(empty)
    assert learner.advance(state, empty, 10) is state
    assert learner.steps_per_epoch(empty) == 1
    assert learner.predict(state, empty.Z).scores.shape == (0, 1)


def test_other_threads_run_while_a_kernel_does() -> None:
    data = classes(n=200)
    learner = DenseLearner(((8, "tanh"), (8, "tanh")), training("hinge", path="compiled"), data)
    state = learner.advance(learner.init(data), data, 10)
    worker = threading.Thread(target=learner.advance, args=(state, data, 400_000))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        time.sleep(0.001)
    worker.join()
    # With the interpreter lock held from beginning to end there would be one or two turns.
    assert turns > 20


def test_warming_up_makes_the_loops_ready() -> None:
    kernels.warm_up("float32")
    assert kernels.ready("float32")
    assert compiling.is_kept("float32") == compiling.KEEPS


def test_both_paths_drop_the_same_units_in_minibatches_of_several_tiles() -> None:
    data = classes(n=333)
    states = []
    for path in ("compiled", "torch"):
        how = training("hinge", "sgd", path=path, batch_size=150, learning_rate=0.1)
        learner = DenseLearner(((9, "tanh"), (4, "tanh")), how, data, initialization="he", dropout=0.5)
        states.append(learner.advance(learner.init(data), data, 20))
    np.testing.assert_allclose(states[0].parameters, states[1].parameters, rtol=1e-9)


def test_compiled_code_lies_in_a_folder_that_belongs_to_its_sources() -> None:
    folder = Path(compiling.__file__).parent
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    compiled = {name for name, text in texts.items() if "\n@compiled" in text}
    modules = {
        name for source in compiled for name in re.findall(r"^from engine\.([\w.]+) import", texts[source], re.M)
    }
    used = {name.replace(".", "/") + ".py" for name in modules}
    assert {"dense/kernels.py", "dense/passes.py", "activations.py"} <= compiled | used
    # These give types, or the number of cores.
    assert (compiled | used) - {"dataset.py", "experiment.py", "cores.py"} <= set(compiling.SOURCES)


def test_without_a_place_to_keep_compiled_code_it_still_computes(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder can be made here")
    program = (
        "from engine import compiling; from engine.dense.updates import all_zero; import numpy;"
        "print(compiling.numba.config.CACHE_DIR, all_zero(numpy.zeros(3)))"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(blocked), "HOME": str(blocked), "LOCALAPPDATA": str(blocked)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


def test_what_a_window_imports_brings_neither_compiler_nor_torch() -> None:
    program = (
        "import sys, engine.losses, engine.activations, engine.optimizers, engine.registry, engine.learners;"
        "print(*({'numba', 'torch', 'scipy', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
