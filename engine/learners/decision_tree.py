"""Decision tree: questions about one feature at a time, each the best that can be asked of the points that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.growing import GrowingLearner, GrowingState
from engine.learner import Prediction, TrainingData
from engine.overlays import Frame, Line, Overlay, Reasons
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

_EQUAL = 1e-12
"""Questions whose worth differs by less than this share of what is at stake are equally good."""

_MOST_LINES = 500
"""Splits drawn, those near the root first: what comes after them is smaller than can be seen."""


class DecisionTree(Settings):
    """A tree of questions; at each leaf a vote or a mean."""

    kind: Literal["decision_tree"] = "decision_tree"
    criterion: Literal["gini", "entropy"] = choice(
        "gini",
        "Impurity of classes",
        "What a question should lower: the chance that two points differ (Gini), or the entropy of the classes.",
        labels={"gini": "Gini", "entropy": "Entropy"},
        only_in="classification",
    )
    error: Literal["squared_error", "absolute_error"] = choice(
        "squared_error",
        "Error of numbers",
        "What a question should lower in regression: squared distances to the mean, or distances to the median.",
        labels={"squared_error": "Squared", "absolute_error": "Absolute"},
        only_in="regression",
    )
    max_depth: int = choice(
        4, "Depth", "At most so many questions are asked about one point: more make smaller regions.", ge=1, le=30
    )
    min_samples_leaf: int = choice(
        1, "Points per leaf", "A question must leave at least so many training points on either side.", ge=1, le=1000
    )
    min_samples_split: int = choice(
        2, "Points to split", "Fewer training points than this are not asked about.", ge=2, le=1000, advanced=True
    )


def make(settings: DecisionTree, training: Training, data: TrainingData) -> TreeLearner:
    """The learner, whose steps are splits."""
    return TreeLearner(settings, training, data)


class Split(NamedTuple):
    """A question: rows of `node` with ``feature <= threshold`` go left."""

    node: int
    feature: int
    threshold: float


@dataclass(frozen=True, eq=False)
class TreeState(GrowingState):
    """A tree of m nodes in level order.

    Parameters
    ----------
    feature : (m,) which feature is asked about; -1 at a leaf.
    threshold : (m,) at most this goes left.
    left, right : (m,) where to; at a leaf the leaf itself.
    value : (m, K) shares of the classes, or (m, 1) the mean or median.
    depth, n : (m,) questions asked before, and training rows that come by.
    coming : the split that the next step makes.
    """

    feature: IntArray | None = None
    threshold: FloatArray | None = None
    left: IntArray | None = None
    right: IntArray | None = None
    value: FloatArray | None = None
    depth: IntArray | None = None
    n: IntArray | None = None
    coming: Split | None = None


class TreeLearner(GrowingLearner[TreeState]):
    """A classification or regression tree that grows by one split a step, level by level from the left.

    Every threshold halfway between neighbouring values of a feature is tried. Of equally good splits the one of the
    first feature with the lowest threshold is made, also where no split lowers the impurity: the next one may.

    References
    ----------
    Breiman, Friedman, Olshen, Stone (1984). Classification and Regression Trees.
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., section 9.2.
    """

    def __init__(self, settings: DecisionTree, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> TreeState:
        """No tree yet."""
        return TreeState()

    # -- growing

    def begun(self, state: TreeState, data: TrainingData) -> TreeState:
        """The root, and what to ask there."""
        return self._looked_ahead(_with_leaves(state, [self._value(data.y)], 0, [len(data.y)]), data, 0)

    def grown(self, state: TreeState, data: TrainingData) -> TreeState:
        """The tree with the split that was found, and the next one looked for."""
        if state.coming is None:
            return replace(state, ended=True)
        assert state.feature is not None
        assert state.depth is not None
        assert state.rows is not None
        node, feature, threshold = state.coming
        rows = np.flatnonzero(leaves_of(state, state.rows) == node)
        goes_left = state.rows[rows, feature] <= threshold
        children = [data.y[rows[goes_left]], data.y[rows[~goes_left]]]
        first = len(state.feature)
        asked = {"feature": feature, "threshold": threshold, "left": first, "right": first + 1}
        changed: dict[str, Any] = {name: _with(getattr(state, name), node, new) for name, new in asked.items()}
        depth = int(state.depth[node]) + 1
        state = replace(state, **changed)
        state = _with_leaves(state, [self._value(y) for y in children], depth, [len(y) for y in children])
        return self._looked_ahead(state, data, node + 1)

    def _looked_ahead(self, state: TreeState, data: TrainingData, first: int) -> TreeState:
        """The state with the next split to make, from node `first` on."""
        assert state.n is not None
        assert state.depth is not None
        assert state.rows is not None
        where = leaves_of(state, state.rows)
        fewest = max(self.settings.min_samples_split, 2 * self.settings.min_samples_leaf)
        for node in range(first, len(state.n)):
            if state.n[node] < fewest or state.depth[node] >= self.settings.max_depth:
                continue
            rows = np.flatnonzero(where == node)
            found = self._best_split(state.rows[rows], data.y[rows])
            if found is not None:
                return replace(state, coming=Split(node, *found))
        return replace(state, coming=None, ended=True)

    def _best_split(self, Z: FloatArray, y: NDArray[Any]) -> tuple[int, float] | None:
        """The best question about these rows (m, p), None where all targets or all rows are alike."""
        if (y == y[0]).all():
            return None
        worth, stake = self._worth(y)
        best, found = -np.inf, None
        fewest = self.settings.min_samples_leaf
        for feature in range(Z.shape[1]):
            order = np.argsort(Z[:, feature], kind="stable")
            x = Z[order, feature]
            places = fewest - 1 + np.flatnonzero(x[fewest - 1 : len(x) - fewest] < x[fewest : len(x) - fewest + 1])
            if not len(places):
                continue
            worths = worth(order)[places]
            place = places[np.argmax(worths >= worths.max() - _EQUAL * stake)]
            if worths.max() > best + _EQUAL * stake:
                best = float(worths.max())
                middle = x[place] / 2 + x[place + 1] / 2
                # Between two numbers next to each other there is none.
                found = feature, float(middle if middle < x[place + 1] else x[place])
        return found

    def _worth(self, y: NDArray[Any]) -> tuple[Any, float]:
        """How good it is to part the rows in a given order after the first, second, … (m - 1,), and the scale of it."""
        if self.task == "classification":
            members = np.eye(self.n_classes)[y]
            worth = _purity if self.settings.criterion == "gini" else _negative_entropy
            return (lambda order: worth(np.cumsum(members[order], axis=0))), float(len(y))
        middle = float(self._value(y)[0])
        y = np.asarray(y, np.float64) - middle
        if self.settings.error == "squared_error":
            return (lambda order: _explained(np.cumsum(y[order]))), float((y**2).sum())
        return (lambda order: _closeness(y[order])), float(np.abs(y).sum())

    def _value(self, y: NDArray[Any]) -> FloatArray:
        """What a leaf with the targets `y` says."""
        if self.task == "classification":
            return np.bincount(y, minlength=self.n_classes) / len(y)
        middle = np.mean if self.settings.error == "squared_error" else np.median
        return np.array([middle(np.asarray(y, np.float64))])

    def ending(self, state: TreeState) -> str:
        """How large it has become."""
        assert state.feature is not None
        assert state.depth is not None
        n = int((state.feature < 0).sum())
        return f"Grown: {n:,} {'leaf' if n == 1 else 'leaves'}, depth {state.depth.max()}."

    # -- what it says

    def predict(self, state: TreeState, Z: FloatArray) -> Prediction:
        """What the leaves say; every class alike, or zero, before the first step."""
        if state.value is None:
            return self.say_nothing(len(Z))
        found = state.value[leaves_of(state, Z)]
        return self.say_of_values(found[:, 0]) if self.task == "regression" else self.say_of_classes(found)

    def reasons(self, state: TreeState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """The questions on the way to the leaf, and the training points that came the same way."""
        if state.value is None or state.n is None:
            return None
        z = np.asarray(z, np.float64)
        leaf = int(leaves_of(state, z[None])[0])
        rows = np.flatnonzero(leaves_of(state, data.Z) == leaf)
        lines = [_question(data, feature, threshold, z) for feature, threshold in _path(state, z)]
        return Reasons(rows, np.ones(len(rows)), (*lines, self._verdict(data, state.value[leaf], int(state.n[leaf]))))

    def _verdict(self, data: TrainingData, value: FloatArray, n: int) -> str:
        if self.task == "regression":
            middle = "Mean" if self.settings.error == "squared_error" else "Median"
            return f"{middle} of the {n:,} here: {value[0]:.4g}" if n > 1 else f"The one here: {value[0]:.4g}"
        most = int(value.argmax())
        return f"{round(n * value[most]):,} of {n:,} here: {data.class_name(most)}"

    def overlays(self, state: TreeState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """Each split as a line across what is in view of its region, where the features are the two inputs."""
        if state.feature is None or frame.inputs is None or frame.n_inputs != 2:
            return ()
        corners = np.column_stack([frame.x_range, frame.y_range])
        seen = np.asarray(frame.features(corners), np.float64)
        return tuple(_lines(state, (seen.min(axis=0), seen.max(axis=0)), frame))


def leaves_of(state: TreeState, Z: FloatArray) -> NDArray[np.intp]:
    """The leaf (m,) that each row of `Z` (m, p) comes to."""
    assert state.feature is not None
    assert state.threshold is not None
    assert state.left is not None
    assert state.right is not None
    assert state.depth is not None
    nodes, rows = np.zeros(len(Z), np.intp), np.arange(len(Z))
    for _ in range(int(state.depth.max())):
        # A leaf leads to itself, whatever the last feature is.
        goes_left = Z[rows, state.feature[nodes]] <= state.threshold[nodes]
        nodes = np.where(goes_left, state.left[nodes], state.right[nodes])
    return nodes


def _with(array: NDArray[Any] | None, place: int, value: float) -> NDArray[Any]:
    """A copy with another value at one place."""
    assert array is not None
    changed = array.copy()
    changed[place] = value
    changed.setflags(write=False)
    return changed


def _with_leaves(state: TreeState, values: list[FloatArray], depth: int, counts: list[int]) -> TreeState:
    """The tree with further leaves."""
    first = 0 if state.feature is None else len(state.feature)
    places = list(range(first, first + len(values)))
    new: dict[str, tuple[Any, Any]] = {
        "feature": ([-1] * len(values), np.int64),
        "threshold": ([0.0] * len(values), np.float64),
        "left": (places, np.int64),
        "right": (places, np.int64),
        "value": (np.stack(values), np.float64),
        "depth": ([depth] * len(values), np.int64),
        "n": (counts, np.int64),
    }
    longer: dict[str, Any] = {}
    for name, (added, dtype) in new.items():
        before = getattr(state, name)
        added = np.asarray(added, dtype)
        longer[name] = frozen_array(added if before is None else np.concatenate([before, added]), dtype)
    return replace(state, **longer)


def _purity(counts: FloatArray) -> FloatArray:
    """-(n_L Gini_L + n_R Gini_R) up to a constant, from how many of each class come first (m, K)."""
    left, right = counts[:-1], counts[-1] - counts[:-1]
    n = np.arange(1.0, len(counts))
    return np.asarray((left**2).sum(axis=1) / n + (right**2).sum(axis=1) / n[::-1])


def _negative_entropy(counts: FloatArray) -> FloatArray:
    """-(n_L H_L + n_R H_R), as `_purity`."""
    from scipy.special import xlogy

    left, right = counts[:-1], counts[-1] - counts[:-1]
    n = np.arange(1.0, len(counts))
    found = xlogy(left, left).sum(axis=1) + xlogy(right, right).sum(axis=1)
    return np.asarray(found - xlogy(n, n) - xlogy(n, n)[::-1])


def _explained(sums: FloatArray) -> FloatArray:
    """By how much the squared error falls, from running sums (m,) of targets with mean 0."""
    n = np.arange(1.0, len(sums))
    return np.asarray(sums[:-1] ** 2 / n + (sums[-1] - sums[:-1]) ** 2 / n[::-1])


def _closeness(y: FloatArray) -> FloatArray:
    """Minus the distances to the medians on either side."""
    return np.asarray(-(_deviations(y)[:-1] + _deviations(y[::-1])[-2::-1]))


def _deviations(y: FloatArray) -> FloatArray:
    """The sum of distances to their median of the first, the first two, … of `y` (m,), by two heaps."""
    low: list[float] = []
    high: list[float] = []
    sum_low = sum_high = 0.0
    found = np.empty(len(y))
    for place, value in enumerate(y.tolist()):
        if low and value > -low[0]:
            heappush(high, value)
            sum_high += value
        else:
            heappush(low, -value)
            sum_low += value
        if len(low) > len(high) + 1:
            moved = -heappop(low)
            heappush(high, moved)
            sum_low, sum_high = sum_low - moved, sum_high + moved
        elif len(high) > len(low):
            moved = heappop(high)
            heappush(low, -moved)
            sum_low, sum_high = sum_low + moved, sum_high - moved
        # With an odd number the median is the last of the lower half; with an even one any number between will do.
        found[place] = sum_high - sum_low - low[0] * (len(low) - len(high))
    return found


def _path(state: TreeState, z: FloatArray) -> Iterator[tuple[int, float]]:
    """The questions that are asked about `z` (p,): the feature and the threshold."""
    assert state.feature is not None
    assert state.threshold is not None
    assert state.left is not None
    assert state.right is not None
    node = 0
    while state.feature[node] >= 0:
        feature, threshold = int(state.feature[node]), float(state.threshold[node])
        yield feature, threshold
        node = int((state.left if z[feature] <= threshold else state.right)[node])


def _question(data: TrainingData, feature: int, threshold: float, z: FloatArray) -> str:
    """Which way a question sends `z`, in the units of the feature before it was scaled."""
    name = data.feature_names[feature] if data.feature_names else f"feature {feature + 1}"
    sign = "≤" if z[feature] <= threshold else ">"
    if data.offset is not None and data.scale is not None:
        threshold = threshold / float(data.scale[feature]) + float(data.offset[feature])
    return f"{name} {sign} {threshold:.3g}"


def _lines(state: TreeState, seen: tuple[FloatArray, FloatArray], frame: Frame) -> Iterator[Line]:
    """The splits in view, level by level; `seen` holds the least and the greatest features in view."""
    assert state.feature is not None
    assert state.threshold is not None
    assert state.left is not None
    assert state.right is not None
    assert state.depth is not None
    assert frame.inputs is not None
    boxes = {0: seen}
    drawn = 0
    for node in np.flatnonzero(state.feature >= 0).tolist():
        if node not in boxes or drawn == _MOST_LINES:
            continue
        (low, high), axis, at = boxes.pop(node), int(state.feature[node]), float(state.threshold[node])
        if at < high[axis]:
            boxes[int(state.right[node])] = np.where(np.arange(2) == axis, max(at, low[axis]), low), high
        if at > low[axis]:
            boxes[int(state.left[node])] = low, np.where(np.arange(2) == axis, min(at, high[axis]), high)
        if low[axis] < at < high[axis]:
            ends = np.array([low, high])
            ends[:, axis] = at
            drawn += 1
            yield Line(frame.inputs(ends), "split", level=float(state.depth[node]))
