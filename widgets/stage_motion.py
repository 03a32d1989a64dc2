"""Centres on the stage go their way instead of jumping, and follow a hand at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from engine.overlays import Centres, Overlay
from widgets.stage_geometry import Floats

if TYPE_CHECKING:
    from widgets.stage_surface import StageSurface

_WAY = 280
"""Milliseconds that a centre takes to its next place."""
_SLOW = 0.2
"""Seconds; steps that follow one another faster are not eased: the way would never be at its end."""


class Motion(QObject):
    """Eases the centres of a stage from each place to the next, if there is time to look at it."""

    def __init__(self, stage: StageSurface) -> None:
        super().__init__(stage)
        self._stage = stage
        self._start: Floats = np.empty((0, 2))
        self._end: Floats = np.empty((0, 2))
        self._changed = 0.0
        self._held: tuple[int, Floats] | None = None
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(_WAY)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._on_value)

    def follow(self, old: tuple[Overlay, ...], new: tuple[Overlay, ...]) -> None:
        """The stage is to show `new` after `old`."""
        before, after = _places(old), _places(new)
        if after is None or before is None or before.shape != after.shape:
            self._rest()
            return
        if self._held is not None:
            self.hold(*self._held)
            return
        if np.array_equal(before, after):
            return
        now = time.monotonic()
        slow, self._changed = now - self._changed > _SLOW, now
        if not slow or not self._stage.isVisible():
            self._rest()
            return
        shown = self._stage.figure.moved_centres
        self._start, self._end = before if shown is None or shown.shape != after.shape else shown, after
        self._animation.stop()
        self._animation.start()

    def hold(self, index: int, place: Floats) -> None:
        """A hand has the centre `index` at `place` (2,) of the plane; one that is a point goes where the model says."""
        self._animation.stop()
        self._held = index, place
        if any(isinstance(overlay, Centres) and overlay.on_points for overlay in self._stage.figure.overlays):
            self._rest()
            return
        places = _places(self._stage.figure.overlays)
        if places is not None and index < len(places):
            places = places.copy()
            places[index] = place
            self._stage.figure.moved_centres = places

    def let_go(self) -> bool:
        """The hand has put down what it had: it stays there until the model says where it is. Whether it had any."""
        had, self._held = self._held is not None, None
        self._changed = time.monotonic()
        return had

    def _rest(self) -> None:
        self._animation.stop()
        self._stage.figure.moved_centres = None

    def _on_value(self, value: float) -> None:
        figure = self._stage.figure
        places = _places(figure.overlays)
        if places is None or places.shape != self._end.shape:
            figure.moved_centres = None
        else:
            figure.moved_centres = None if value >= 1.0 else self._start + value * (self._end - self._start)
        self._stage.repaint_picture()


def _places(overlays: tuple[Overlay, ...]) -> Floats | None:
    return next((np.asarray(overlay.xy, np.float64) for overlay in overlays if isinstance(overlay, Centres)), None)
