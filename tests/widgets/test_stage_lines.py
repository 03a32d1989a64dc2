"""Lines on the stage lose vertices that an eye would not miss, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from widgets.stage_geometry import Floats
from widgets.stage_lines import simplified


def _arc(n: int, radius: float) -> Floats:
    angle = np.linspace(0.0, 2.0, n)
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def _distances(points: Floats, line: Floats) -> Floats:
    """From each point (n, 2) to the nearest place of a polyline."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = ((points[:, None] - start) * step).sum(axis=2) / (step**2).sum(axis=1)
    nearest = start + np.clip(along, 0, 1)[:, :, None] * step
    return np.asarray(np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1))


@pytest.mark.parametrize("radius", [5.0, 80.0, 400.0])
def test_what_is_left_of_an_arc_passes_within_half_a_pixel_of_all_of_it(radius: float) -> None:
    arc = _arc(301, radius)
    (left,) = simplified([arc])
    assert len(left) < len(arc) / 2
    assert _distances(arc, left).max() < 0.5
    np.testing.assert_array_equal(left[[0, -1]], arc[[0, -1]])


def test_lines_together_are_what_each_is_alone() -> None:
    lines = [_arc(2, 9.0), _arc(3, 50.0), _arc(64, 70.0), np.array([[0.0, 0], [9, 9], [0, 0.1]]), _arc(101, 300.0)]
    for together, line in zip(simplified(lines), lines, strict=True):
        np.testing.assert_array_equal(together, simplified([line])[0])


def test_a_corner_and_a_way_back_stay() -> None:
    corner = np.array([[0.0, 0], [10, 0], [10, 10]])
    back = np.array([[0.0, 0], [10, 0], [4, 0]])
    for kept, line in zip(simplified([corner, back]), (corner, back), strict=True):
        np.testing.assert_array_equal(kept, line)
