"""A main view and others beside it, each as large as can be."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QRectF

from widgets.tiles import tiled


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("size", [(440, 320), (860, 530), (320, 640), (1400, 700)])
def test_tiles_lie_within_the_area_and_not_on_each_other(count: int, size: tuple[int, int]) -> None:
    area = QRectF(10, 20, *size)
    places = tiled(count, area)
    assert len(places) == count
    assert all(area.adjusted(-0.01, -0.01, 0.01, 0.01).contains(place) for place in places)
    assert not any(a.intersects(b) for a, b in combinations(places, 2))


def test_the_main_view_has_half_of_the_room_until_the_others_would_be_too_small_to_be_read() -> None:
    roomy, narrow = tiled(5, QRectF(0, 0, 860, 530)), tiled(5, QRectF(0, 0, 440, 320))
    assert roomy[0].width() == pytest.approx(426)
    assert roomy[0].height() == pytest.approx(530)
    assert min(place.width() for place in narrow) > 140  # a quarter of half of it would be 104
