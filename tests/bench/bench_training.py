"""How fast it learns without a window, beside the same problem in other programs."""

from __future__ import annotations

from functools import partial

from tests.bench import problems
from tests.bench.registry import Figure, Measured, benchmarks_together

_OTHERS = {
    "the compiled loop alone": problems.kernel_epochs,
    "numpy": problems.numpy_epochs,
    "eager torch": problems.torch_epochs,
    "scikit-learn": problems.sklearn_epochs,
}


def _beside_others(shape: dict[str, str]) -> list[Measured]:
    before = problems.alone(shape)
    others = [measure(shape) for measure in _OTHERS.values()]
    own = (before + problems.alone(shape)) / 2
    return [Measured(own, other) for other in others]


for _name, _shape in ((problems.SMALL_NAME, problems.SMALL), (problems.SEVEN_NAME, problems.SEVEN)):
    benchmarks_together(
        *(Figure(f"run alone beside {other}, {_name}", "epochs/s", better="higher") for other in _OTHERS)
    )(partial(_beside_others, _shape))
