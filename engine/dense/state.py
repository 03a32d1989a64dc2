"""Where the training of a dense network stands: one value, whichever way it is advanced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.dataset import FloatArray
from engine.dense.plan import EPOCH, POSITION, SLOT_STEPS, STATUS, STEP
from engine.training_settings import OptimizerKind

Status = Literal["running", "converged", "diverged"]
_STATUSES: tuple[Status, ...] = ("running", "converged", "diverged")


@dataclass(frozen=True, eq=False)
class DenseState:
    """Where training stands. Its arrays are read-only.

    Parameters
    ----------
    parameters : (n_parameters,) laid out as `DenseSpec` says; the last finite ones after divergence.
    previous : (n_parameters,) the last whose loss was seen to be finite.
    slots : (k, n_parameters) what the optimizer remembers.
    slots_of : the optimizer that they belong to.
    slot_steps : steps since the slots began.
    step, epoch : steps and whole epochs behind it.
    position : rows seen in the current epoch.
    status : "diverged" at step `step`, "converged" once no step changes anything.
    """

    parameters: FloatArray
    previous: FloatArray
    slots: FloatArray
    slots_of: OptimizerKind
    slot_steps: int = 0
    step: int = 0
    epoch: int = 0
    position: int = 0
    status: Status = "running"


def sealed(array: FloatArray) -> FloatArray:
    """The same array, from now on read-only."""
    array.setflags(write=False)
    return array


def counts_of(state: DenseState) -> NDArray[np.int64]:
    """What `state` counts, as the loops count it on: by `STEP`, `EPOCH`, `POSITION`, `SLOT_STEPS`, `STATUS`."""
    counts = np.zeros(5, np.int64)
    counts[[STEP, EPOCH, POSITION, SLOT_STEPS]] = state.step, state.epoch, state.position, state.slot_steps
    return counts


def state_after(
    state: DenseState, counts: NDArray[np.int64], arrays: tuple[FloatArray, FloatArray, FloatArray]
) -> DenseState:
    """The state that training from `state` has come to: what `counts` says, and the arrays, read-only from now on."""
    parameters, previous, slots = (sealed(array) for array in arrays)
    return DenseState(
        parameters,
        previous,
        slots,
        state.slots_of,
        slot_steps=int(counts[SLOT_STEPS]),
        step=int(counts[STEP]),
        epoch=int(counts[EPOCH]),
        position=int(counts[POSITION]),
        status=_STATUSES[int(counts[STATUS])],
    )
