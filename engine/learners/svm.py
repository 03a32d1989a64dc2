"""The support vector machine: the widest street between two classes, or a tube about the values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Path, Prediction, TrainingData
from engine.overlays import Frame, Line, Marks, Overlay
from engine.settings import Settings, choice
from engine.stepwise import CannotLearn, StepState, StepwiseLearner

if TYPE_CHECKING:
    from engine.training_settings import Training

_MOST_ITERATIONS = 1_000_000
"""After so many iterations the solver gives up on a problem that is too hard for it: seconds for hundreds of points."""
_FEWEST_ITERATIONS = 100_000
"""As many it may always take; between the two, the fewer the more points, each of which makes an iteration longer."""

_LARGEST = 1e100
"""Products of this size can be squared and summed without an overflow."""


class SupportVectorMachine(Settings):
    """The boundary, or the curve, that depends on the nearest points alone."""

    kind: Literal["svm"] = "svm"
    kernel: Literal["linear", "rbf", "polynomial", "sigmoid"] = choice(
        "rbf",
        "Kernel",
        "How alike two points are: a straight street (linear), hills about the points (RBF), or products of features.",
        labels={"linear": "Linear", "rbf": "RBF (Gaussian)", "polynomial": "Polynomial", "sigmoid": "Sigmoid"},
    )
    C: float = choice(
        1.0,
        "C",
        "The price of a point inside the margin or on its wrong side: small makes the margin wide, large insists.",
        ge=1e-3,
        le=1e4,
        log=True,
    )
    gamma_from: Literal["data", "by_hand"] = choice(
        "data",
        "γ",
        "From the data: 1 / (number of features × their variance), which suits any number and scale; or set by hand.",
        labels={"data": "From the data", "by_hand": "By hand"},
        only_for={"kernel": ("rbf", "polynomial", "sigmoid")},
    )
    gamma: float = choice(
        1.0,
        "γ by hand",
        "How quickly likeness falls with distance, exp(−γ d²), or the factor of the product: large bends the boundary.",
        ge=1e-4,
        le=1e3,
        log=True,
        only_for={"kernel": ("rbf", "polynomial", "sigmoid"), "gamma_from": ("by_hand",)},
    )
    degree: int = choice(
        3, "Degree", "The power of a polynomial kernel.", ge=1, le=10, only_for={"kernel": ("polynomial",)}
    )
    coef0: float = choice(
        1.0,
        "Constant",
        "Added to the product: (γ a·b + constant) to the degree, or tanh(γ a·b + constant).",
        ge=-10.0,
        le=10.0,
        step=0.1,
        only_for={"kernel": ("polynomial", "sigmoid")},
        advanced=True,
    )
    epsilon: float = choice(
        0.1,
        "Tube (ε)",
        "Residuals up to ε cost nothing, so points inside the tube do not count.",
        only_in="regression",
        ge=0.0,
        le=1000.0,
        step=0.05,
    )


def make(settings: SupportVectorMachine, training: Training, data: TrainingData) -> SupportVectorLearner:
    """The learner."""
    return SupportVectorLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class SupportVectorState(StepState):
    """The support vectors and what each counts.

    Parameters
    ----------
    rows : (m,) which training rows they are.
    vectors : (m, p) their features.
    weights : (m, k), one column for a regression or for two classes, else one for each pair of classes.
    intercepts : (k,).
    gamma : γ as it was used.
    classes : the classes that were learned, ascending; empty in regression.
    n_rows : how many training rows there were.
    gave_up : whether the solver stopped before it was done.
    """

    rows: IntArray = field(default_factory=lambda: frozen_array(np.empty(0), np.int64))
    vectors: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    weights: FloatArray = field(default_factory=lambda: frozen_array(np.empty((0, 0)), np.float64))
    intercepts: FloatArray = field(default_factory=lambda: frozen_array(np.empty(0), np.float64))
    gamma: float = 1.0
    classes: tuple[int, ...] = ()
    n_rows: int = 0
    gave_up: bool = False


class SupportVectorLearner(StepwiseLearner[SupportVectorState]):
    """A support vector machine, solved by LIBSVM in the first step.

    Two classes have one score, the decision function: 0 on the boundary, ±1 at the edges of the margin. Of more
    classes, each pair is separated; the score of a class is the number of duels that it wins, and less than ⅓ more or
    less for how clearly, as by scikit-learn's ``decision_function_shape="ovr"``; so the highest score is the answer.

    The loss of a class is the hinge loss of the lead of the right class: max(0, 1 − lead), where the lead is ± the one
    score, or the right class's score over the best other one (Crammer and Singer). The loss of a value is
    max(0, |residual| − ε).

    References
    ----------
    Hastie, Tibshirani, Friedman (2009). The Elements of Statistical Learning, 2nd ed., sections 12.2 and 12.3.
    Chang and Lin (2011). LIBSVM: a library for support vector machines. ACM TIST 2(3).
    Crammer and Singer (2001). On the algorithmic implementation of multiclass kernel-based vector machines. JMLR 2.
    """

    refits = True

    def __init__(self, settings: SupportVectorMachine, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        if data.task == "classification" and data.n_classes == 2:
            self.margin_levels = (-1.0, 1.0)

    def init(self, data: TrainingData) -> SupportVectorState:
        """No support vectors yet."""
        return SupportVectorState()

    def next(self, state: SupportVectorState, data: TrainingData) -> SupportVectorState:
        """The solution."""
        self._check_sizes(data)
        return self._values_fitted(data) if self.task == "regression" else self._classes_fitted(data)

    def _check_sizes(self, data: TrainingData) -> None:
        """Refuse points whose likeness to themselves, the largest there is, is beyond what the solver can add up."""
        with np.errstate(over="ignore"):
            largest = float((np.asarray(data.Z, np.float64) ** 2).sum(axis=1).max())
            if self.settings.kernel == "polynomial":
                largest = float(np.power(self._gamma(data) * largest + abs(self.settings.coef0), self.settings.degree))
        if not largest < _LARGEST:
            lower = ", or lower the degree" if self.settings.kernel == "polynomial" else ""
            raise CannotLearn(f"Features are so large that products of them overflow: scale the features{lower}.")

    def _gamma(self, data: TrainingData) -> float:
        """γ as it is set, or as scikit-learn's ``gamma="scale"`` takes it from the data."""
        if self.settings.gamma_from == "by_hand":
            return self.settings.gamma
        from engine.kernel_functions import gamma_of

        return gamma_of(data.Z)

    def _classes_fitted(self, data: TrainingData) -> SupportVectorState:
        from sklearn.svm import SVC

        present = np.unique(data.y)
        if len(present) == 1:
            # Nothing to separate; more than one class is asked for before a run starts.
            return SupportVectorState(ended=True, classes=(int(present[0]),), n_rows=len(data.Z))
        model: Any = SVC(C=self.settings.C, **self._chosen(data))
        solved = _fitted(model, data)
        weights = model.dual_coef_.T if len(present) == 2 else _pairwise(model.dual_coef_, model.n_support_)
        return self._state_of(model, weights, data, tuple(present.tolist()), gave_up=not solved)

    def _values_fitted(self, data: TrainingData) -> SupportVectorState:
        from sklearn.svm import SVR

        model: Any = SVR(C=self.settings.C, epsilon=self.settings.epsilon, **self._chosen(data))
        solved = _fitted(model, data)
        return self._state_of(model, model.dual_coef_.T, data, (), gave_up=not solved)

    def _chosen(self, data: TrainingData) -> dict[str, Any]:
        kernel, settings = self.settings.kernel, self.settings
        most = max(_FEWEST_ITERATIONS, min(_MOST_ITERATIONS, 2_000_000_000 // len(data.Z)))
        return {
            "kernel": "poly" if kernel == "polynomial" else kernel,
            "gamma": self._gamma(data), "degree": settings.degree, "coef0": settings.coef0, "max_iter": most,
        }  # fmt: skip

    @staticmethod
    def _state_of(
        model: Any, weights: FloatArray, data: TrainingData, classes: tuple[int, ...], *, gave_up: bool
    ) -> SupportVectorState:
        rows = frozen_array(model.support_, np.int64)
        vectors = frozen_array(np.asarray(data.Z, np.float64)[rows], np.float64)
        intercepts = frozen_array(model.intercept_, np.float64)
        gamma = float(model._gamma)  # as LIBSVM was told
        weights = frozen_array(weights, np.float64)
        return SupportVectorState(
            ended=True, rows=rows, vectors=vectors, weights=weights, intercepts=intercepts, gamma=gamma,
            classes=classes, n_rows=len(data.Z), gave_up=gave_up,
        )  # fmt: skip

    def ending(self, state: SupportVectorState) -> str:
        """How many points are support vectors."""
        count = f"{len(state.rows):,} of {state.n_rows:,} points are support vectors."
        if state.gave_up:
            return f"The solver gave up before it was done: lower C, or scale the features. {count}"
        return count

    # -- what it says

    def predict(self, state: SupportVectorState, Z: FloatArray) -> Prediction:
        """Scores as described above, without probabilities; all zero before the first step."""
        if self.task == "regression":
            return self.say_of_values(self._sums(state, Z)[:, 0])
        scores = self._class_scores(state, Z)
        labels = (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
        return Prediction(scores, labels=labels)

    def _sums(self, state: SupportVectorState, Z: FloatArray) -> FloatArray:
        """The decision functions (n, k), at least one: zero before the first step."""
        from engine.kernel_functions import Kernel, weighted_sums

        if len(state.intercepts) == 0:
            return np.zeros((len(Z), 1))
        settings = self.settings
        kernel = Kernel(settings.kernel, state.gamma, settings.degree, settings.coef0)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = weighted_sums(lambda rows: kernel(rows, state.vectors), Z, state.weights)
            return sums + state.intercepts

    def _class_scores(self, state: SupportVectorState, Z: FloatArray) -> FloatArray:
        """(n, 1) for two classes, else (n, K); a class without training points is the last of all."""
        sums, classes = self._sums(state, Z), state.classes
        if self.n_classes == 2 and len(classes) != 1:
            return sums
        if len(classes) == 0:
            return np.zeros((len(Z), self.n_classes))
        if len(classes) == 1:
            won = np.where(np.arange(self.n_classes) == classes[0], 1.0, -1.0)
            return np.tile(won[1:] if self.n_classes == 2 else won, (len(Z), 1))
        learned = np.stack([-sums[:, 0], sums[:, 0]], axis=1) if len(classes) == 2 else _votes(sums, len(classes))
        scores = np.repeat(learned.min(axis=1, keepdims=True) - 1.0, self.n_classes, axis=1)
        scores[:, list(classes)] = learned
        return scores

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """The hinge loss of the right class's lead, or the ε-insensitive loss."""
        if self.task == "regression":
            assert said.values is not None
            return np.maximum(0.0, np.abs(said.values - np.asarray(y, np.float64)) - self.settings.epsilon)
        rows, right = np.arange(len(y)), np.asarray(y, np.intp)
        if said.scores.shape[1] == 1:
            lead = np.where(right == 1, said.scores[:, 0], -said.scores[:, 0])
        else:
            others = said.scores.copy()
            others[rows, right] = -np.inf
            lead = said.scores[rows, right] - others.max(axis=1)
        return np.maximum(0.0, 1.0 - lead)

    @property
    def weighs_features(self) -> bool:
        """With a linear kernel, for two classes or a regression."""
        return self.settings.kernel == "linear" and self.n_classes <= 2

    def coefficients(self, state: SupportVectorState) -> tuple[FloatArray, FloatArray] | None:
        """Of a linear kernel for two classes or a regression."""
        if not self.weighs_features or len(state.intercepts) != 1:
            return None
        return state.vectors.T @ state.weights, state.intercepts

    def overlays(self, state: SupportVectorState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """Rings about the support vectors, and the edges of the tube of a regression in one input."""
        marks = Marks(frame.points[state.rows[state.rows < len(frame.points)]], "support")
        if self.task == "classification" or frame.n_inputs != 1 or not state.ended:
            return (marks,)
        x = frame.columns()
        values = self._sums(state, frame.features(x))[:, 0]
        edges = (values - self.settings.epsilon, values + self.settings.epsilon)
        return (*(Line(np.stack([x[:, 0], edge], axis=1), "margin") for edge in edges), marks)

    def path(self, state: SupportVectorState) -> Path:
        """Always scikit-learn's LIBSVM."""
        return "scikit-learn"


def _fitted(model: Any, data: TrainingData) -> bool:
    """Fit `model`; whether the solver came to an end."""
    # scikit-learn warns of a solver that gave up; here the ending says so.
    model._warn_from_fit_status = lambda: None
    model.fit(np.ascontiguousarray(data.Z, np.float64), np.asarray(data.y))
    return int(model.fit_status_) == 0


def _pairwise(dual: FloatArray, counts: IntArray) -> FloatArray:
    """What each support vector counts in each duel (m, K(K-1)/2), from LIBSVM's (K-1, m), which lists them by class."""
    ends = np.cumsum(counts)
    of_class = [slice(int(end - count), int(end)) for end, count in zip(ends, counts, strict=True)]
    columns = []
    for i in range(len(counts)):
        for j in range(i + 1, len(counts)):
            column = np.zeros(dual.shape[1])
            column[of_class[i]] = dual[j - 1, of_class[i]]
            column[of_class[j]] = dual[i, of_class[j]]
            columns.append(column)
    return np.stack(columns, axis=1)


def _votes(duels: FloatArray, n_classes: int) -> FloatArray:
    """Duels won by each class, and by how much: (n, K) of the decisions (n, K(K-1)/2), positive for the first."""
    votes, confidences = np.zeros((2, len(duels), n_classes))
    pairs = ((i, j) for i in range(n_classes) for j in range(i + 1, n_classes))
    for (i, j), decision in zip(pairs, duels.T, strict=True):
        won = decision >= 0
        votes[:, i] += won
        votes[:, j] += ~won
        confidences[:, i] += decision
        confidences[:, j] -= decision
    return np.asarray(votes + confidences / (3.0 * (np.abs(confidences) + 1.0)))
