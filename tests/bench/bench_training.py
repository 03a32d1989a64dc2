"""How fast it trains without a window, beside the same problem in other programs."""

from __future__ import annotations

from functools import partial

from tests.bench import problems
from tests.bench.registry import benchmark

for _name, _shape in ((problems.SMALL_NAME, problems.SMALL), (problems.SEVEN_NAME, problems.SEVEN)):
    for _other, _measure in (
        ("numpy", problems.numpy_epochs),
        ("eager torch", problems.torch_epochs),
        ("scikit-learn", problems.sklearn_epochs),
    ):
        benchmark(
            f"training alone against {_other}, {_name}", "epochs/s", better="higher", baseline=partial(_measure, _shape)
        )(partial(problems.alone, _shape))
