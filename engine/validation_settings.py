"""What a person chooses of a search or a curve, beside the scheme of the folds."""

from __future__ import annotations

from typing import Literal

from engine.settings import Settings, choice


class ValidationSettings(Settings):
    """How candidates are made and which of them is taken."""

    epochs: int = choice(
        200, "Epochs", "How long each network is trained that has no stop condition of its own.",
        ge=1, le=100_000, log=True,
    )  # fmt: skip
    sizes: int = choice(
        8, "Sizes", "How many sizes of the training set are tried, from few points to all.", ge=2, le=50
    )
    method: Literal["grid", "random"] = choice(
        "grid",
        "Method",
        "Every combination of the values, or so many drawn by chance: where one setting hardly matters, chance tries"
        " more values of the other (Bergstra and Bengio 2012).",
        labels={"grid": "Grid", "random": "Random"},
    )
    tries: int = choice(
        50, "Draws", "How many combinations are drawn, each at most once.", ge=1, le=10_000, log=True,
        only_for={"method": ("random",)},
    )  # fmt: skip
    rule: Literal["best", "one_standard_error"] = choice(
        "best",
        "Take",
        "The best mean, or the simplest model within one standard error of it: what the folds cannot tell apart is"
        " better simple.",
        labels={"best": "Best", "one_standard_error": "Within 1 SE"},
    )
