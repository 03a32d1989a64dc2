"""Where centres begin, and how as many of them as are asked for stay with what a hand has done."""

from __future__ import annotations

import numpy as np

from engine.dataset import FloatArray, IntArray, frozen_array
from engine.learner import TrainingData


def best_of(results: tuple[float, ...], what: str) -> str:
    """What came of several beginnings, each with its result: how many found the best, and how bad the worst was.

    >>> best_of((2.0, 2.0), "inertia")
    'All 2 beginnings came to the same inertia.'
    >>> best_of((2.0, 3.0, 2.0), "inertia")
    'The best of 3 beginnings, to which 2 came; the worst has 1.5 times its inertia.'
    """
    best, worst = min(results), max(results)
    among = sum(result <= best * (1 + 1e-9) for result in results)
    if among == len(results):
        return f"All {among} beginnings came to the same {what}."
    came = "only one" if among == 1 else f"{among}"
    times = f"; the worst has {worst / best:.3g} times its {what}" if best > 0 else ""
    return f"The best of {len(results)} beginnings, to which {came} came{times}."


def random_points(Z: FloatArray, k: int, rng: np.random.Generator) -> IntArray:
    """The rows of k points of `Z` (n, p), drawn by chance: (k,)."""
    return np.asarray(rng.choice(len(Z), k, replace=False))


def plus_plus(Z: FloatArray, k: int, rng: np.random.Generator) -> IntArray:
    """Each next centre is drawn with a chance that grows with the square of the distance to those drawn already: (k,).

    References
    ----------
    Arthur and Vassilvitskii (2007). k-means++: the advantages of careful seeding. SODA.
    """
    chosen = [int(rng.integers(len(Z)))]
    nearest = ((Z - Z[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        total = nearest.sum()
        if total > 0:
            row = min(int(np.searchsorted(np.cumsum(nearest), rng.random() * total, side="right")), len(Z) - 1)
        else:  # all other points lie where a centre is
            row = int(rng.integers(len(Z)))
        chosen.append(row)
        nearest = np.minimum(nearest, ((Z - Z[row]) ** 2).sum(axis=1))
    return np.array(chosen)


def farthest_first(Z: FloatArray, k: int, rng: np.random.Generator) -> IntArray:
    """Each next centre is the point that is farthest from those chosen already: (k,).

    References
    ----------
    Gonzalez (1985). Clustering to minimize the maximum intercluster distance. Theoretical Computer Science 38.
    """
    chosen = [int(rng.integers(len(Z)))]
    nearest = ((Z - Z[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((Z - Z[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen)


def centres_by_hand(placed: tuple[tuple[float, ...], ...], data: TrainingData) -> FloatArray | None:
    """Centres in the units of the features as the learner sees these (k, p); None where they are of other features."""
    if not placed or any(len(centre) != data.Z.shape[1] for centre in placed):
        return None
    centres = np.asarray(placed, np.float64)
    if data.offset is not None and data.scale is not None:
        centres = (centres - data.offset) * data.scale
    return np.asarray(frozen_array(centres, np.float64))


def made_by_hand(change: int, ahead: int) -> int:
    """How many of `change` centres, which the settings want more (or, below 0, less), a hand has made already.

    Parameters
    ----------
    ahead : by how many centres the hand is ahead of the settings.
    """
    if change * ahead <= 0:
        return 0
    return change if abs(ahead) >= abs(change) else ahead
