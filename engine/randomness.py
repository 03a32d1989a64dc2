"""Random numbers that are functions of a seed and a place, so that no generator has to be carried along.

What is drawn at one step never depends on how the steps before it were grouped, on which path computed them, or on
what else was drawn.

References
----------
Steele, Lea, Flood (2014). Fast splittable pseudorandom number generators. OOPSLA.
Salmon, Moraes, Dror, Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC11.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compiling import compiled
from engine.dataset import FloatArray

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
FIRST_MIX = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MIX = np.uint64(0x94D049BB133111EB)

SHUFFLE, DROPOUT, PROPOSAL = 1, 2, 3
"""What a number is drawn for: different purposes never share numbers."""


@compiled
def mixed_bits(z: Any) -> Any:
    """The output function of SplitMix64: 64 bits, each of which depends on every bit of `z` (uint64)."""
    z = (z ^ (z >> np.uint64(30))) * FIRST_MIX
    z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
    return z ^ (z >> np.uint64(31))


@compiled
def stream(seed: int, purpose: int, place: int, layer: int) -> Any:
    """The key (uint64) of one stream of numbers."""
    key = mixed_bits(np.uint64(seed) * GOLDEN_GAMMA + GOLDEN_GAMMA)
    key = mixed_bits(key + np.uint64(purpose) * GOLDEN_GAMMA)
    key = mixed_bits(key + np.uint64(place) * GOLDEN_GAMMA)
    return mixed_bits(key + np.uint64(layer) * GOLDEN_GAMMA)


@compiled
def bits_at(key: Any, counter: int) -> Any:
    """The 64 random bits number `counter` of the stream `key`."""
    return mixed_bits(key + (np.uint64(counter) + np.uint64(1)) * GOLDEN_GAMMA)


@compiled
def uniform_at(key: Any, counter: int) -> float:
    """The number `counter` of the stream `key`, uniform on [0, 1), a multiple of 2^-53."""
    return float(bits_at(key, counter) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def shuffle(order: NDArray[np.int64], seed: int, epoch: int) -> None:
    """Fill `order` (n,) with the permutation of 0 … n-1 that belongs to `epoch` (Fisher-Yates; n below 2^32)."""
    key = stream(seed, SHUFFLE, epoch, 0)
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        high = bits_at(key, i) >> np.uint64(32)
        j = np.int64((high * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[j] = order[j], order[i]


@compiled
def fill_kept(kept: NDArray[Any], rows: int, first_row: int, share: float, seed: int, step: int, layer: int) -> None:
    """Fill `kept` (units, rows or more) with 1 / (1 - share) where a unit stays on and 0 where it is dropped.

    Parameters
    ----------
    rows : how many columns are filled; `first_row` is the number of the first of them within its minibatch.
    share : the probability of being dropped, in [0, 1).
    """
    key = stream(seed, DROPOUT, step, layer)
    scale = kept.dtype.type(1.0 / (1.0 - share))
    nothing = kept.dtype.type(0.0)
    units = len(kept)
    for unit in range(units):
        for row in range(rows):
            on = uniform_at(key, (first_row + row) * units + unit) >= share
            kept[unit, row] = scale if on else nothing


@compiled
def fill_normal(values: NDArray[Any], seed: int, step: int) -> None:
    """Fill `values` (n,) with standard normal numbers that belong to `step` (Box and Muller 1958)."""
    key = stream(seed, PROPOSAL, step, 0)
    for pair in range((len(values) + 1) // 2):
        radius = math.sqrt(-2.0 * math.log(1.0 - uniform_at(key, 2 * pair)))
        angle = 2.0 * math.pi * uniform_at(key, 2 * pair + 1)
        values[2 * pair] = radius * math.cos(angle)
        if 2 * pair + 1 < len(values):
            values[2 * pair + 1] = radius * math.sin(angle)


def kept_units(rows: int, units: int, share: float, seed: int, step: int, layer: int, dtype: Any) -> FloatArray:
    """The dropout factors (rows, units) of one layer in one step: 0, or 1 / (1 - share)."""
    kept = np.empty((units, rows), dtype)
    fill_kept(kept, rows, 0, share, seed, step, layer)
    return kept.T
