"""Power iteration: one turn at a time, what is known taken away, and when a direction stands."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.power_iteration import at_right_angles, signed, standing, turned


def problem(seed: int, m: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A symmetric matrix (m, m), its eigenvalues, the largest first, and its eigenvectors in rows."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(m, m)))[0]
    values = np.geomspace(8.0, 0.5, m)
    return axes.T @ np.diag(values) @ axes, values, axes


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), known=st.integers(0, 4))
def test_it_comes_to_the_largest_eigenvector_that_is_not_known_and_never_falls(seed: int, known: int) -> None:
    matrix, values, axes = problem(seed)
    direction = at_right_angles(np.random.default_rng(seed + 1).normal(size=5), axes[:known])
    quotients, stands = [], False
    while not stands:
        turn = turned(matrix, axes[:known], direction)
        assert turn is not None
        direction, stands = turn.direction, turn.stands
        quotients.append(float(direction @ matrix @ direction))
        assert len(quotients) < 2_000
    np.testing.assert_allclose(abs(direction @ axes[known]), 1.0, atol=1e-12)
    assert all(after >= before * (1 - 1e-12) for before, after in pairwise(quotients))
    np.testing.assert_allclose(quotients[-1], values[known], rtol=1e-9)


def test_a_turn_stays_at_right_angles_to_directions_that_are_known_nearly() -> None:
    matrix, _, axes = problem(0)
    nearly = axes[0] + 1e-3 * axes[1]
    known = (nearly / np.linalg.norm(nearly))[None]
    turn = turned(matrix, known, np.ones(5))
    assert turn is not None
    np.testing.assert_allclose(known @ turn.direction, 0.0, atol=1e-12)
    rest = np.eye(5) - known.T @ known
    deflated = rest @ matrix @ rest @ np.ones(5)
    np.testing.assert_allclose(turn.direction, deflated / np.linalg.norm(deflated))


def test_nothing_is_left_where_all_is_known() -> None:
    matrix = np.outer([0.6, 0.8], [0.6, 0.8])
    assert turned(matrix, np.array([[0.6, 0.8]]), np.array([1.0, 0.0])) is None


def test_eigenvectors_stand_up_to_the_first_that_does_not() -> None:
    matrix, _, axes = problem(3)
    assert standing(matrix, axes[:3]) == 3
    moved = axes[:3].copy()
    moved[1] = (axes[1] + 1e-3 * axes[2]) / np.hypot(1.0, 1e-3)
    assert standing(matrix, moved) == 1
    assert standing(matrix, axes[:0]) == 0


def test_the_largest_entry_of_each_is_positive() -> None:
    np.testing.assert_array_equal(signed(np.array([[0.1, -0.9], [0.8, -0.2]])), np.array([[-0.1, 0.9], [0.8, -0.2]]))
    assert signed(np.empty((0, 3))).shape == (0, 3)
