"""Mean shift: every point walks uphill on the density, and those that meet on one summit are a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine import density_ascent
from engine.clustering import UNASSIGNED, ClusterLearner, ClusterState
from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import Prediction, TrainingData
from engine.nearest_group import Groups, groups_of, nearest_group
from engine.overlays import Frame, Marks, Overlay, Reasons, Segments
from engine.settings import Settings, choice

if TYPE_CHECKING:
    from engine.training_settings import Training

MOST_SEEDS = 1_000
"""So many points walk; of more a sample, and the rest goes with the nearest of them."""
_MOST_MOVES = 300
"""A walk ends there, as in scikit-learn."""
_AT_REST: dict[density_ascent.Kernel, float] = {"flat": 1e-3, "gaussian": 1e-4}
"""A shorter move, as a share of the bandwidth, is the last one: a flat kernel stops dead, a Gaussian creeps."""
_MOST_POINTED_AT = 100
"""So many points around a place are pointed at, the nearest of them."""


class MeanShift(Settings):
    """Points walk to where more points are; how far each of them sees decides how many clusters there are."""

    kind: Literal["mean_shift"] = "mean_shift"
    bandwidth: float = choice(
        0.3, "Bandwidth", "How far a walker sees, in the units of the features: the farther, the fewer clusters.",
        ge=0.001, le=100.0, log=True,
    )  # fmt: skip
    kernel: density_ascent.Kernel = choice(
        "flat",
        "Kernel",
        "What counts around a walker: all points within the bandwidth alike, or each the less the farther it is, the"
        " bandwidth being the standard deviation of the bell.",
        labels={"flat": "Flat", "gaussian": "Gaussian"},
    )
    members: Literal["walked", "nearest_mode"] = choice(
        "walked",
        "Members",
        "Whose a point is: that of the mode that it has walked to, or of the mode that is nearest to it, as"
        " scikit-learn has it.",
        labels={"walked": "By their walk", "nearest_mode": "By nearness"},
        advanced=True,
    )


def make(settings: MeanShift, training: Training, data: TrainingData) -> MeanShiftLearner:
    """The learner, whose steps are moves of all that still walk."""
    return MeanShiftLearner(settings, training, data)


@dataclass(frozen=True, eq=False)
class MeanShiftState(ClusterState):
    """Where the walkers are.

    Parameters
    ----------
    seeds : (m,) the training rows that they began at; none before the first step.
    origins, places, targets : (m, p) where they began, where they are, and where they go next.
    weights : (m,) what they weighed at the place before, and when they have come to rest, what their mode weighs.
    around : (m,) what they weigh where they are.
    density : (m,) the density where they are.
    walking : (m,) which of them have not come to rest.
    moves : how many moves they have made.
    bandwidth, kernel : what they walk by.
    modes : (k, p) the summits; none before the end.
    anchors, owners : (a, p) and (a,) places whose cluster is known, which give theirs to what is nearest to them.
    at_once : whether one step is to go all the way.
    """

    seeds: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    origins: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    places: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    targets: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    weights: FloatArray = field(default_factory=lambda: np.empty(0))
    around: FloatArray = field(default_factory=lambda: np.empty(0))
    density: FloatArray = field(default_factory=lambda: np.empty(0))
    walking: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    moves: int = 0
    bandwidth: float = 0.0
    kernel: density_ascent.Kernel = "flat"
    modes: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    anchors: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    owners: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    at_once: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for array in (self.seeds, self.origins, self.places, self.targets, self.weights, self.around, self.density,
                      self.walking, self.modes, self.anchors, self.owners):  # fmt: skip
            array.setflags(write=False)


class MeanShiftLearner(ClusterLearner[MeanShiftState]):
    """Mean shift: all walkers make one move a step, each to the mean of what it sees, until all are at rest.

    The objective is minus the mean log density where the walkers are (of a profile that is 1 at its middle); a move
    never raises it. The last step merges what came to rest within one bandwidth of each other, the heaviest first. A
    walker belongs to the mode that it came to, and any other place to that of the nearest walker's beginning. Or all go
    to the nearest mode, which need not be the one that a point has walked to: then it is, with a flat kernel, as
    `sklearn.cluster.MeanShift` has it.

    References
    ----------
    Fukunaga and Hostetler (1975). The estimation of the gradient of a density function. IEEE Trans. Inf. Theory 21.
    Comaniciu and Meer (2002). Mean shift: a robust approach toward feature space analysis. IEEE TPAMI 24.
    """

    refits = True  # only so far as that other settings and points are followed at once when it has ended

    def __init__(self, settings: MeanShift, training: Training, data: TrainingData) -> None:
        super().__init__(training, data)
        self.settings = settings
        self._groups: tuple[MeanShiftState, Groups] | None = None

    def init(self, data: TrainingData) -> MeanShiftState:
        """Nobody walks yet."""
        return MeanShiftState()

    # -- the steps

    def next(self, state: MeanShiftState, data: TrainingData) -> MeanShiftState:
        """One move of all that walk; when all are at rest, the modes."""
        Z = np.asarray(data.Z, np.float64)
        if not self._goes_on(state, Z):
            state = self._begun(state, Z)
        if state.at_once:
            while state.walking.any():
                state = self._moved(state, Z)
        return self._moved(state, Z) if state.walking.any() else self._merged(state, Z)

    def _goes_on(self, state: MeanShiftState, Z: FloatArray) -> bool:
        """Whether the walk is one among these points with these settings."""
        if len(state.seeds) == 0 or len(state.labels) != len(Z):
            return False
        same = (state.bandwidth, state.kernel) == (self.settings.bandwidth, self.settings.kernel)
        return same and np.array_equal(Z[state.seeds], state.origins)

    def _begun(self, state: MeanShiftState, Z: FloatArray) -> MeanShiftState:
        """Everybody where they are, looking around."""
        seeds = np.arange(len(Z))
        if len(Z) > MOST_SEEDS:
            seeds = np.sort(np.random.default_rng(self.training.seed).choice(len(Z), MOST_SEEDS, replace=False))
        bandwidth, kernel = self.settings.bandwidth, self.settings.kernel
        origins = frozen_array(Z[seeds], np.float64)
        seen = density_ascent.surroundings(origins, Z, bandwidth, kernel)
        return replace(
            state,
            seeds=seeds, origins=origins, places=origins, targets=seen.means, weights=seen.weights,
            around=seen.weights, density=seen.density, walking=np.ones(len(seeds), bool), moves=0,
            bandwidth=bandwidth, kernel=kernel, modes=np.empty((0, Z.shape[1])),
            labels=np.full(len(Z), UNASSIGNED, np.int64),
        )  # fmt: skip

    @staticmethod
    def _moved(state: MeanShiftState, Z: FloatArray) -> MeanShiftState:
        """All that walk are where they were going, and look around."""
        rows = np.flatnonzero(state.walking)
        places, targets, walking = state.places.copy(), state.targets.copy(), state.walking.copy()
        weights, around, density = state.weights.copy(), state.around.copy(), state.density.copy()
        length = np.sqrt(((targets[rows] - places[rows]) ** 2).sum(axis=1))
        places[rows], weights[rows] = targets[rows], around[rows]
        seen = density_ascent.surroundings(places[rows], Z, state.bandwidth, state.kernel)
        targets[rows], around[rows], density[rows] = seen.means, seen.weights, seen.density
        walking[rows] = (length > _AT_REST[state.kernel] * state.bandwidth) & (state.moves < _MOST_MOVES)
        return replace(
            state,
            places=places, targets=targets, weights=weights, around=around, density=density, walking=walking,
            moves=state.moves + 1, switched=np.empty(0, np.int64), moved=0,
            objective=float(-np.log(np.maximum(density, np.finfo(np.float64).tiny)).mean()),
        )  # fmt: skip

    def _merged(self, state: MeanShiftState, Z: FloatArray) -> MeanShiftState:
        """What came to rest together is one mode, and every point belongs to one."""
        from scipy.spatial import cKDTree

        rows, owners = density_ascent.merged(state.places, state.weights, state.bandwidth)
        modes, anchors = state.places[rows], state.origins
        if self.settings.members == "nearest_mode":
            anchors, owners = modes, np.arange(len(modes))
        labels = owners[cKDTree(anchors).query(Z)[1]]
        if self.settings.members == "walked":
            labels[state.seeds] = owners  # equal points may be any one's nearest
        return replace(
            state,
            modes=modes, anchors=anchors, owners=owners, labels=labels, moved=len(labels), ended=True, at_once=False,
        )  # fmt: skip

    def again(self, state: MeanShiftState, data: TrainingData) -> MeanShiftState:
        """Everybody walks anew, of few points all the way in one step."""
        return replace(state, seeds=np.empty(0, np.int64), ended=False, at_once=len(data.Z) <= MOST_SEEDS)

    def ending(self, state: MeanShiftState) -> str:
        """How many modes there are, and after how long a walk."""
        k, m = len(state.modes), len(state.seeds)
        clusters = "1 mode" if k == 1 else f"{k:,} modes"
        who = f"a sample of {m:,} points" if m < len(state.labels) else f"{m:,} points"
        moves = "1 move" if state.moves == 1 else f"{state.moves:,} moves"
        return f"{clusters} for {who}, after {moves}."

    # -- what it says

    def n_clusters(self, state: MeanShiftState) -> int:
        """As many as there are modes."""
        return len(state.modes)

    def predict(self, state: MeanShiftState, Z: FloatArray) -> Prediction:
        """The cluster of the nearest walker's beginning, or the nearest mode; `UNASSIGNED` before there are any.

        The scores are minus the distances to the nearest of each cluster. Clusters beyond the number of colours share
        the column of the cluster that looks alike.
        """
        if len(state.modes) == 0:
            return Prediction(np.zeros((len(Z), 1)), np.zeros((len(Z), 1)), np.full(len(Z), UNASSIGNED, np.int64))
        if self._groups is None or self._groups[0] is not state:
            self._groups = state, groups_of(state.anchors, state.owners)
        return nearest_group(self._groups[1], Z)

    def losses_of(self, said: Prediction, y: NDArray[Any]) -> FloatArray:
        """1 for each place that belongs to no cluster, else 0."""
        assert said.labels is not None
        return np.asarray(said.labels < 0, np.float64)

    def reasons(self, state: MeanShiftState, data: TrainingData, z: FloatArray) -> Reasons | None:
        """What a walker at a place would see, and how far it would go."""
        Z = np.asarray(data.Z, np.float64)
        bandwidth, place = self.settings.bandwidth, np.asarray(z, np.float64)
        if len(Z) == 0 or not np.isfinite(place).all():
            return None
        distances = np.sqrt(((Z - place) ** 2).sum(axis=1))
        seen = density_ascent.surroundings(place[None], Z, bandwidth, self.settings.kernel)
        near = np.flatnonzero(distances <= bandwidth)
        length = float(np.sqrt(((seen.means[0] - place) ** 2).sum()))
        lines = (
            f"{len(near):,} {'point' if len(near) == 1 else 'points'} within the bandwidth",
            f"a walker here would move by {length:.3g}",
        )
        near = near[np.argsort(distances[near], kind="stable")[:_MOST_POINTED_AT]]
        return Reasons(near, np.full(len(near), 0.3), lines, bandwidth)

    def overlays(self, state: MeanShiftState, data: TrainingData, frame: Frame) -> tuple[Overlay, ...]:
        """A line from each point that walks to where it is, and the modes."""
        if len(state.seeds) == 0 or len(frame.points) != len(state.labels) or frame.places is None:
            return ()
        starts = np.asarray(frame.points[state.seeds], np.float64)
        drawn: list[Overlay] = [Segments(np.hstack([starts, np.asarray(frame.places(state.places))]), "way")]
        if len(state.modes):
            drawn.append(Marks(np.asarray(frame.places(state.modes), np.float64), "mode"))
        return tuple(drawn)
