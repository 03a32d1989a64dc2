"""Folds: who trains and who is judged when one data set has to serve for both. Test points never take part.

References
----------
Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, section 7.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine.dataset import Dataset, IntArray, Part
from engine.settings import Settings, choice

MOST_FOLDS = 2_000
"""So many models one leave-one-out trains at most."""
_NEITHER = -1
"""In place of a fold's number: a point that is never held out."""

FoldKind = Literal["kfold", "stratified", "loo", "validation"]


class FoldError(ValueError):
    """There cannot be such folds; the sentence says what to change."""


class Scheme(Settings):
    """How the points that are not for the test are divided, again and again, into some that train and some that judge.

    Examples
    --------
    >>> Scheme(kind="kfold", k=10).title
    '10-fold cross-validation'
    """

    kind: FoldKind = choice(
        "kfold",
        "Scheme",
        "Who judges: each of k parts in turn, parts with the same mix of classes, each point alone,"
        " or just the validation part.",
        labels={
            "kfold": "k-fold",
            "stratified": "Stratified k-fold",
            "loo": "Leave-one-out",
            "validation": "Validation part",
        },
    )
    k: int = choice(
        5, "Folds", "Into how many parts the points are divided; each is held out once.", ge=2, le=100,
        only_for={"kind": ("kfold", "stratified")},
    )  # fmt: skip
    repeats: int = choice(
        1, "Repeats", "How often shuffled points are divided anew; the mean over repeats depends less on chance.",
        ge=1, le=50, advanced=True, only_for={"kind": ("kfold", "stratified")},
    )  # fmt: skip
    shuffle: bool = choice(
        True, "Shuffle", "Deals the points in an order drawn from the seed; else each fold is a run of neighbours.",
        advanced=True, only_for={"kind": ("kfold", "stratified")},
    )  # fmt: skip
    seed: int = choice(
        0, "Fold seed", "The same seed makes the same folds.", ge=0, le=2**31 - 1, advanced=True,
        only_for={"kind": ("kfold", "stratified")},
    )  # fmt: skip

    @property
    def title(self) -> str:
        """The scheme in words."""
        if self.kind == "loo":
            return "leave-one-out cross-validation"
        if self.kind == "validation":
            return "the validation part"
        stratified = "stratified " if self.kind == "stratified" else ""
        times = f", repeated {self.rounds} times" if self.rounds > 1 else ""
        return f"{stratified}{self.k}-fold cross-validation{times}"

    @property
    def rounds(self) -> int:
        """How often the points are divided: in their own order always the same way, so once."""
        return self.repeats if self.kind in ("kfold", "stratified") and self.shuffle else 1


@dataclass(frozen=True, eq=False)
class Division:
    """Who does what in one training.

    Parameters
    ----------
    parts : (n,) int8 of `Part`, as a run takes it. Points that are only judged, or that have no part at all in it, are
        called test points: the run neither learns from them nor stops by them.
    judged : the rows to be judged afterwards, by name: "train" and "held out" for a fold.
    """

    parts: IntArray
    judged: Mapping[str, IntArray]


@dataclass(frozen=True, eq=False)
class Folds:
    """The folds of one data set.

    Parameters
    ----------
    scheme : how they were made.
    of : (rounds, n) in which fold each point is held out, from 0 on in each repeat; -1 for those that never are.
    base : (n,) the parts as the shares say.
    stops_early : whether training watches the validation part. Then those of its points that a fold does not hold out
        go on to watch and are not trained on, so that no fold is judged by points that chose when to stop.
    """

    scheme: Scheme
    of: IntArray
    base: IntArray
    stops_early: bool

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def _places(self) -> tuple[tuple[int, int], ...]:
        """Repeat and number of each fold."""
        return tuple((repeat, fold) for repeat, row in enumerate(self.of) for fold in range(int(row.max()) + 1))

    def held_out(self, index: int) -> IntArray:
        """The rows that fold number `index` holds out."""
        repeat, fold = self._places[index]
        return np.flatnonzero(self.of[repeat] == fold)

    @cached_property
    def divisions(self) -> tuple[Division, ...]:
        """Who trains and who is judged, fold by fold."""
        return tuple(self._division(self.held_out(index)) for index in range(len(self)))

    def _division(self, held_out: IntArray) -> Division:
        parts = np.full(len(self.base), Part.TRAIN, np.int8)
        if self.stops_early:
            parts[self.base == Part.VALIDATION] = Part.VALIDATION
        parts[self.base == Part.TEST] = Part.TEST
        parts[held_out] = Part.TEST
        return Division(parts, {"train": np.flatnonzero(parts == Part.TRAIN), "held out": held_out})


def folds_of(dataset: Dataset, scheme: Scheme, *, stops_early: bool = False) -> Folds:
    """The folds that `scheme` makes of the training and validation points of `dataset`.

    They are those of scikit-learn's `KFold`, `StratifiedKFold` and `LeaveOneOut`, given the points in their order and
    the seed as `random_state`; a further repeat has the next seed.

    Raises
    ------
    FoldError
        If there are fewer points than folds, too many for leave-one-out, classes are missing for stratified folds, or
        there is no validation part.

    Examples
    --------
    >>> from engine.experiment import Experiment
    >>> from engine.generators import dataset_of
    >>> made = folds_of(dataset_of(Experiment().data, Experiment().preparation), Scheme(k=4))
    >>> len(made), [len(made.held_out(index)) for index in range(4)]
    (4, [70, 70, 70, 70])
    """
    rows: IntArray = np.flatnonzero(dataset.parts != Part.TEST)
    of = np.full((scheme.rounds, len(dataset.points)), _NEITHER, int)
    if scheme.kind == "validation":
        rows = dataset.rows(Part.VALIDATION)
        if len(rows) == 0:
            raise FoldError("No point is held out for validation: give validation a share, or take k-fold.")
        of[0, rows] = 0
        # These points judge, so they cannot also say when to stop: that is left to the training loss.
        return Folds(scheme, of, dataset.parts, stops_early)
    if scheme.kind == "loo":
        if len(rows) > MOST_FOLDS:
            raise FoldError(
                f"Leave-one-out would train {len(rows):,} models; at most {MOST_FOLDS:,} are trained: take k-fold."
            )
        if len(rows) < 2:
            raise FoldError("Leave-one-out needs 2 points or more that are not held out for the test.")
        of[0, rows] = np.arange(len(rows))
        return Folds(scheme, of, dataset.parts, stops_early)
    if scheme.kind == "stratified" and dataset.task == "regression":
        raise FoldError("Stratified folds keep the mix of classes, but these targets are numbers: take k-fold.")
    if len(rows) < scheme.k:
        raise FoldError(
            f"{scheme.k} folds need {scheme.k} points or more, but {len(rows)} are not held out for the test:"
            " take fewer folds, or add points."
        )
    for repeat in range(len(of)):
        random = np.random.RandomState((scheme.seed + repeat) % 2**32) if scheme.shuffle else None
        if scheme.kind == "stratified":
            of[repeat, rows] = _stratified(dataset.y[rows].astype(int), scheme.k, random)
        else:
            of[repeat, rows] = _in_pieces(len(rows), scheme.k, random)
    return Folds(scheme, of, dataset.parts, stops_early)


def _in_pieces(n: int, k: int, random: np.random.RandomState | None) -> IntArray:
    """The fold of each of n points: k runs of neighbours in the order of the points, or a shuffled one."""
    order = np.arange(n)
    if random is not None:
        random.shuffle(order)
    of = np.empty(n, int)
    for fold, piece in enumerate(np.array_split(order, k)):
        of[piece] = fold
    return of


def _stratified(y: IntArray, k: int, random: np.random.RandomState | None) -> IntArray:
    """The fold of each point so that each fold has its share of each class, to one point.

    Raises
    ------
    FoldError
        If no class has as many points as there are folds.
    """
    _, first, classes = np.unique(y, return_index=True, return_inverse=True)
    # Classes in the order in which they appear, as in scikit-learn.
    labels: IntArray = np.argsort(np.argsort(first))[classes]
    n_classes = len(first)
    largest = int(np.bincount(labels).max())
    if largest < k:
        raise FoldError(
            f"{k} stratified folds need a class of {k} points or more, but the largest has {largest}: take fewer folds."
        )
    ordered = np.sort(labels)
    of = np.empty(len(y), int)
    share = [np.bincount(ordered[fold::k], minlength=n_classes) for fold in range(k)]
    for each in range(n_classes):
        dealt = np.arange(k).repeat([counts[each] for counts in share])
        if random is not None:
            random.shuffle(dealt)
        of[labels == each] = dealt
    return of


def subsets(division: Division, sizes: tuple[int, ...], seed: int) -> tuple[Division, ...]:
    """`division` with fewer training points: the first so many in an order drawn from `seed`.

    So each smaller set is part of each larger one, and the same points are judged as held out.
    """
    order = np.random.RandomState(seed % 2**32).permutation(division.judged["train"])
    made = []
    for size in sizes:
        parts = division.parts.copy()
        parts[order[size:]] = Part.TEST
        made.append(Division(parts, {**division.judged, "train": np.sort(order[:size])}))
    return tuple(made)


def final_division(dataset: Dataset, *, stops_early: bool = False) -> Division:
    """Training on all that is not for the test, to be judged by the test part, once.

    Raises
    ------
    FoldError
        If there is no test part.
    """
    test = dataset.rows(Part.TEST)
    if len(test) == 0:
        raise FoldError("No point is held out for the test: give the test a share.")
    parts = dataset.parts.copy()
    if not stops_early:
        parts[parts == Part.VALIDATION] = Part.TRAIN
    return Division(parts, {"train": np.flatnonzero(parts == Part.TRAIN), "test": test})
