"""Random forest: many trees, each grown from other points and other features, and a vote among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.growing import GrowingLearner, GrowingState, single
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Reasons
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training


class RandomForest(Settings):
    """Trees that differ by chance; their mean errs less than each of them."""

    kind: Literal["random_forest"] = "random_forest"
    trees: int = choice(50, "Trees", "How many trees vote; one grows with each step.", ge=1, le=500)
    max_depth: int = choice(
        30, "Depth", "At most so many questions are asked about one point in each tree.", ge=1, le=30
    )
    min_samples_leaf: int = choice(
        1, "Points per leaf", "A question must leave at least so many training points on either side.", ge=1, le=1000
    )
    max_features: Literal["sqrt", "all"] = choice(
        "sqrt",
        "Features per question",
        "How many features, drawn anew for each question, it may be about: fewer make trees that differ more.",
        labels={"sqrt": "√p of p", "all": "All"},
    )
    bootstrap: bool = choice(
        True,
        "Bootstrap",
        "Each tree grows from as many points as there are, drawn with replacement; else from all of them.",
    )


def make(settings: RandomForest, training: Training, data: TrainingData) -> ForestLearner:
    """The learner, whose steps are trees."""
    return ForestLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class ForestState(GrowingState):
    """The trees so far.

    Parameters
    ----------
    trees : `sklearn.tree._tree.Tree`, never changed once grown.
    present : the classes among the training rows, which the trees know; None in regression.
    """

    trees: tuple[Any, ...] = ()
    present: IntArray | None = None


class ForestLearner(GrowingLearner[ForestState]):
    """A random forest that grows by one tree a step: bit for bit scikit-learn's of the same seed.

    Probabilities and values are means over the trees.

    References
    ----------
    Breiman (2001). Random forests. Machine Learning 45.
    """

    def __init__(self, settings: RandomForest, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings

    def init(self, data: TrainingData) -> ForestState:
        """No tree yet."""
        return ForestState()

    def begun(self, state: ForestState, data: TrainingData) -> ForestState:
        """Which classes there are."""
        return replace(state, present=frozen_array(np.unique(data.y), np.int64) if data.n_classes else None)

    def grown(self, state: ForestState, data: TrainingData) -> ForestState:
        """One more tree."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        assert state.rows is not None
        n, number = len(state.rows), len(state.trees)
        # The seeds of all trees before are drawn again, so that the state need not hold a generator.
        seeds = np.random.RandomState(self.training.seed).randint(np.iinfo(np.int32).max, size=number + 1)
        seed = int(seeds[number])
        weights = np.ones(n)
        if self.settings.bootstrap:
            weights = np.bincount(np.random.RandomState(seed).randint(0, n, n), minlength=n).astype(np.float64)
        model: Any = DecisionTreeClassifier if state.present is not None else DecisionTreeRegressor
        tree = model(
            max_depth=self.settings.max_depth,
            min_samples_leaf=self.settings.min_samples_leaf,
            max_features="sqrt" if self.settings.max_features == "sqrt" else None,
            random_state=seed,
        )
        targets = np.ascontiguousarray(state.targets, np.float64)[:, None]
        tree.fit(single(state.rows), targets, sample_weight=weights, check_input=False)
        trees = (*state.trees, tree.tree_)
        return replace(state, trees=trees, ended=len(trees) >= self.settings.trees)

    def ending(self, state: ForestState) -> str:
        """How many trees have grown."""
        return "The one tree has grown." if len(state.trees) == 1 else f"All {len(state.trees):,} trees have grown."

    def predict(self, state: ForestState, Z: FloatArray) -> Prediction:
        """Means over the trees; every class alike, or zero, before the first step."""
        if not state.trees:
            return self.say_nothing(len(Z))
        X = single(Z)
        total = np.zeros((len(X), 1 if state.present is None else len(state.present)))
        for tree in state.trees:
            total += _said(tree, X)
        total /= len(state.trees)
        if state.present is None:
            return self.say_of_values(total[:, 0])
        probabilities = np.zeros((len(X), self.n_classes))
        probabilities[:, state.present] = total
        return self.say_of_classes(probabilities)

    def reasons(self, state: ForestState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """How the trees vote."""
        if not state.trees:
            return None
        X = single(np.asarray(z)[None])
        said = np.concatenate([_said(tree, X) for tree in state.trees])
        return Reasons(np.empty(0, np.int64), np.empty(0), (self._verdict(state, data, said),))

    def _verdict(self, state: ForestState, data: TrainingData, said: FloatArray) -> str:
        n = len(said)
        trees = "1 tree" if n == 1 else f"{n} trees"
        if state.present is None:
            return f"{trees}: mean {said.mean():.4g}, from {said.min():.4g} to {said.max():.4g}"
        (most, count), *others = Counter(state.present[said.argmax(axis=1)].tolist()).most_common()
        rest = (f", {votes} {data.class_name(label)}" for label, votes in others)
        return f"{count} of {trees} say {data.class_name(most)}{''.join(rest)}"

    def path(self, state: ForestState) -> Path:
        """Always the library."""
        return "scikit-learn"


def _said(tree: Any, X: NDArray[np.float32]) -> FloatArray:
    """What one tree says of rows (m, p): shares of the present classes (m, k), or values (m, 1)."""
    found: FloatArray = tree.predict(X).reshape(len(X), -1)
    return found
