"""What it costs to colour the plane."""

from __future__ import annotations

from collections.abc import Callable

from engine.experiment import Experiment, View
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.snapshot import Viewport
from tests.bench.registry import benchmark, median_ms

_VIEWPORT = Viewport((-1.5, 1.5), (-1.5, 1.5), 256, 256)


def _picture_of(view: View) -> Callable[[], object]:
    """What draws the plane for a network [8, 8, 8] that has learned a little."""
    from engine.fields import picture
    from engine.training import Run

    network = MultilayerPerceptron(layers=tuple(Layer(units=8) for _ in range(3)))
    run = Run(Experiment(learner=network))
    run.advance_epochs(20)
    predict = run.predictor()
    return lambda: picture(predict, _VIEWPORT, run.dataset, view)


@benchmark("decision field 256x256, network [8, 8, 8]", "ms", budget=5)
def field() -> float:
    return median_ms(_picture_of(View(boundary=False)))


@benchmark("the same with its boundary", "ms")
def field_and_boundary() -> float:
    return median_ms(_picture_of(View()))


@benchmark("the same with boundary and contours", "ms")
def field_and_contours() -> float:
    return median_ms(_picture_of(View(contours=True)))
