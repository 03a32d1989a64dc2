"""Power iteration with deflation: eigenvectors of a matrix, the largest first, one turn of one direction at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.dataset import FloatArray

STILL = 1e-8
"""A direction has been found once what the matrix makes of it points elsewhere by so small a share of its size."""
_STOOD = 1e-6
"""As much, as a share of the trace, for one that was found before: points have not been moved since."""
_NOTHING = 1e-12
"""What is this small, as a share of the trace, is rounding."""


@dataclass(frozen=True, eq=False)
class Turn:
    """A direction after one step.

    Parameters
    ----------
    direction : (m,) a unit vector.
    stands : whether the step did not turn it any more.
    """

    direction: FloatArray
    stands: bool


def turned(matrix: FloatArray, known: FloatArray, direction: FloatArray) -> Turn | None:
    """The direction that the deflated matrix makes of another; None where nothing is left of the matrix.

    Deflation takes away what the matrix does along the directions that are known. The Rayleigh quotient of the
    direction never falls.

    Parameters
    ----------
    matrix : (m, m) symmetric, with no negative eigenvalue.
    known : (r, m) unit vectors at right angles, eigenvectors of the matrix.
    direction : (m,).

    References
    ----------
    Golub and Van Loan (2013). Matrix Computations, 4th ed., section 8.2.1.
    Hotelling (1933). Analysis of a complex of statistical variables into principal components (deflation).
    """
    before = at_right_angles(direction, known)
    after = matrix @ before
    after -= known.T @ (known @ after)  # those known are so to `STILL` only, and else would keep this one moving
    size = float(np.linalg.norm(after))
    if size <= _NOTHING * float(matrix.trace()):
        return None
    stands = float(np.linalg.norm(after - (after @ before) * before)) < STILL * size
    return Turn(np.asarray(after / size), stands)


def at_right_angles(vector: FloatArray, known: FloatArray) -> FloatArray:
    """The unit vector (m,) that is left of `vector` (m,) without what it has along the unit vectors `known` (r, m)."""
    left = vector - known.T @ (known @ vector)
    return np.asarray(left / np.linalg.norm(left))


def standing(matrix: FloatArray, directions: FloatArray) -> int:
    """How many of the unit vectors `directions` (r, m), from the first on, are eigenvectors of `matrix` (m, m)."""
    for index, direction in enumerate(directions):
        after = matrix @ direction
        if float(np.linalg.norm(after - (after @ direction) * direction)) > _STOOD * float(matrix.trace()):
            return index
    return len(directions)


def signed(directions: FloatArray) -> FloatArray:
    """`directions` (r, m), each with its largest entry positive, so that a picture does not turn over."""
    largest = np.abs(directions).argmax(axis=1)
    return np.asarray(directions * np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0)[:, None])
