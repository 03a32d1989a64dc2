"""What it costs to colour the plane."""

from __future__ import annotations

from collections.abc import Callable

from engine.edits import set_values
from engine.experiment import Experiment, View
from engine.snapshot import Viewport
from tests.bench import problems
from tests.bench.registry import Figure, benchmarks_together, median_ms

_VIEWPORT = Viewport((-1.5, 1.5), (-1.5, 1.5), 256, 256)


_VIEWS = (View(boundary=False), View(), View(contours=True))


def _picture_of(view: View, features: str = "x1,x2") -> Callable[[], object]:
    """What draws the plane for a network [8, 8, 8] that has learned a little."""
    from engine.fields import picture
    from engine.training import Run

    run = Run(set_values(Experiment(), {"learner.layers": "[8, 8, 8]", "preparation.chips": features}))
    run.advance_epochs(20)
    predict = run.model()
    return lambda: picture(predict, _VIEWPORT, run.dataset, view)


@benchmarks_together(
    Figure("decision field 256x256, network [8, 8, 8]", "ms", budget=5),
    Figure("the same with its boundary", "ms"),
    Figure("the same with boundary and contours", "ms"),
)
def field_of_points() -> list[float]:
    return [median_ms(_picture_of(view)) for view in _VIEWS]


@benchmarks_together(
    Figure("decision field 256x256, network [8, 8, 8], 7 features", "ms", budget=5),
    Figure("the same with its boundary, 7 features", "ms"),
    Figure("the same with boundary and contours, 7 features", "ms"),
)
def field_of_features() -> list[float]:
    return [median_ms(_picture_of(view, problems.SEVEN["preparation.chips"])) for view in _VIEWS]
