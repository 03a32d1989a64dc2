"""The tools of the stage: what the pointer does to the points between press and release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from widgets.stage_geometry import Floats
from widgets.stage_points import Rows
from widgets.stage_tool import Canvas, Selecting, Tool, ToolName

__all__ = ["NO_CLASSES", "TOOLS", "Canvas", "Tool", "ToolEntry", "ToolName"]

REACH = 12.0
"""How near the pointer must be to a point to take it, in pixels."""
LINE_SPACING = 14.0
"""Between the points of a line, in pixels."""
_CLICK = 4.0
"""A drag shorter than so many pixels is a click."""
_LASSO_STEP = 3.0
_LIVE_LIMIT = 20_000
"""Up to so many points a selection is shown while it is dragged."""


class PointTool(Tool):
    """One point a click."""

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        canvas.begin("point")
        canvas.draw(at[None, :])


class SprayTool(Tool):
    """Points fall uniformly within the brush for as long as the button is down."""

    has_brush = True

    def __init__(self) -> None:
        self._at = np.zeros(2)
        self._owed = 0.0

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        canvas.begin("spray")
        self._at, self._owed = at, 1.0
        self.tick(canvas, 0.0)

    def drag(self, canvas: Canvas, at: Floats) -> None:
        self._at = at

    def tick(self, canvas: Canvas, seconds: float) -> None:
        self._owed += canvas.density * seconds
        count = int(self._owed)
        self._owed -= count
        if count == 0:
            return
        radius = canvas.brush_radius * np.sqrt(canvas.rng.uniform(size=count))
        angle = canvas.rng.uniform(0.0, 2.0 * np.pi, count)
        pixels = canvas.mapping.to_pixels(self._at) + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        inside = np.array([canvas.mapping.contains(pixel) for pixel in pixels])
        if inside.any():
            canvas.draw(canvas.mapping.to_plot(pixels[inside]))


class LineTool(Tool):
    """Points fall evenly spaced along the path of the pointer."""

    def __init__(self) -> None:
        self._last = np.zeros(2)
        self._to_next = LINE_SPACING

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        canvas.begin("line")
        self._last, self._to_next = at, LINE_SPACING
        canvas.draw(at[None, :])

    def drag(self, canvas: Canvas, at: Floats) -> None:
        start, end = canvas.mapping.to_pixels(np.array([self._last, at]))
        length = float(np.hypot(*(end - start)))
        if length == 0:
            return
        distances = np.arange(self._to_next, length + 1e-9, LINE_SPACING)
        self._last = at
        if len(distances) == 0:
            self._to_next -= length
            return
        self._to_next = LINE_SPACING - (length - float(distances[-1]))
        canvas.draw(canvas.mapping.to_plot(start + distances[:, None] / length * (end - start)))


class MoveTool(Tool):
    """The nearest point, or the whole selection if it is one of it, goes with the pointer."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._from = np.empty((0, 2))
        self._start = np.zeros(2)

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        self._ids = np.empty(0, np.int64)
        row = canvas.points.nearest(canvas.mapping, canvas.mapping.to_pixels(at), REACH)
        if row is None:
            return
        taken = canvas.selection if row in canvas.selection else np.array([row])
        self._ids = np.asarray(canvas.dataset.points.ids[taken], np.int64)
        x, y = canvas.points.columns
        self._from, self._start = np.column_stack([x[taken], y[taken]]).astype(np.float64), at
        canvas.begin("move")

    def drag(self, canvas: Canvas, at: Floats) -> None:
        if len(self._ids):
            canvas.move(self._ids, self._from + (at - self._start))

    def release(self, canvas: Canvas, at: Floats) -> None:
        self._ids = np.empty(0, np.int64)


class _Selector(Tool):
    """A click takes the nearest point; a drag takes what its outline holds."""

    def __init__(self) -> None:
        self._path: list[Floats] = []
        self._selecting: Selecting = "replace"
        self._before: Rows = np.empty(0, np.intp)

    def outline(self) -> Floats:
        """The closed outline (m, 2) so far, in the units of the plot."""
        raise NotImplementedError

    def extend(self, canvas: Canvas, at: Floats) -> None:
        """The pointer came to `at`."""
        raise NotImplementedError

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        self._path, self._selecting, self._before = [at], selecting, canvas.selection

    def drag(self, canvas: Canvas, at: Floats) -> None:
        if not self._path:
            return
        self.extend(canvas, at)
        canvas.show_rubber(self.outline(), True)
        if len(canvas.points.rows) <= _LIVE_LIMIT and not self._is_click(canvas):
            self._select_inside(canvas)

    def release(self, canvas: Canvas, at: Floats) -> None:
        if not self._path:
            return
        self.extend(canvas, at)
        if self._is_click(canvas):
            nearest = canvas.points.nearest(canvas.mapping, canvas.mapping.to_pixels(at), REACH)
            self._take(canvas, np.array([] if nearest is None else [nearest], np.intp))
        else:
            self._select_inside(canvas)
        self._path = []
        canvas.show_rubber(np.empty((0, 2)), False)

    def cancel(self, canvas: Canvas) -> None:
        self._path = []
        canvas.show_rubber(np.empty((0, 2)), False)

    def _is_click(self, canvas: Canvas) -> bool:
        pixels = canvas.mapping.to_pixels(np.array(self._path))
        return bool((np.ptp(pixels, axis=0) < _CLICK).all())

    def _select_inside(self, canvas: Canvas) -> None:
        outline = canvas.mapping.to_pixels(self.outline())
        self._take(canvas, canvas.points.within(canvas.mapping, outline))

    def _take(self, canvas: Canvas, rows: Rows) -> None:
        if self._selecting == "add":
            rows = np.union1d(self._before, rows)
        elif self._selecting == "remove":
            rows = np.setdiff1d(self._before, rows)
        canvas.select(rows)


class RectangleTool(_Selector):
    """Selects what a rectangle holds."""

    def outline(self) -> Floats:
        (x1, y1), (x2, y2) = self._path[0], self._path[-1]
        return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])

    def extend(self, canvas: Canvas, at: Floats) -> None:
        self._path = [self._path[0], at]


class LassoTool(_Selector):
    """Selects what a line drawn by hand goes around."""

    def outline(self) -> Floats:
        return np.array(self._path)

    def extend(self, canvas: Canvas, at: Floats) -> None:
        step = canvas.mapping.to_pixels(at) - canvas.mapping.to_pixels(self._path[-1])
        if np.hypot(*step) >= _LASSO_STEP:
            self._path.append(at)


class _Brush(Tool):
    """Does something to every point that it goes over."""

    has_brush = True

    def __init__(self) -> None:
        self._path: list[Floats] = []

    def touch(self, canvas: Canvas, rows: Rows) -> None:
        """The brush went over `rows`."""
        raise NotImplementedError

    def drag(self, canvas: Canvas, at: Floats) -> None:
        if self._path:
            self._path.append(at)
            self.resume(canvas)

    def resume(self, canvas: Canvas) -> None:
        # While a change is on its way the path is kept, and gone over once the rows are known again.
        if canvas.awaiting or not self._path:
            return
        path = canvas.mapping.to_pixels(np.array(self._path))
        self._path = self._path[-1:]
        rows = canvas.points.near(canvas.mapping, path, canvas.brush_radius)
        if len(rows):
            self.touch(canvas, rows)

    def release(self, canvas: Canvas, at: Floats) -> None:
        self._path = []

    def cancel(self, canvas: Canvas) -> None:
        self._path = []


class RelabelTool(_Brush):
    """Gives the points that it goes over another class."""

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        if not canvas.dataset.class_names:
            canvas.refuse(NO_CLASSES)
            return
        canvas.begin("relabel")
        self._path = [at]
        self.resume(canvas)

    def touch(self, canvas: Canvas, rows: Rows) -> None:
        others = rows[canvas.dataset.y[rows] != canvas.target]
        if len(others):
            canvas.relabel(others)


class EraseTool(_Brush):
    """Erases the points that it goes over."""

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        canvas.begin("erase")
        self._path = [at]
        self.resume(canvas)

    def touch(self, canvas: Canvas, rows: Rows) -> None:
        canvas.erase(rows)


class CentreTool(Tool):
    """Puts centres of clusters down, drags them, and takes them away with the right button."""

    def __init__(self) -> None:
        self._index: int | None = None

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        if not canvas.has_centres:
            canvas.refuse(NO_CENTRES)
            return
        self._index = canvas.centre_at(at)
        if canvas.is_second_button:
            if self._index is not None:
                canvas.touch_centre("remove", self._index, at)
            self._index = None
        elif self._index is None:
            canvas.touch_centre("add", -1, at)

    def drag(self, canvas: Canvas, at: Floats) -> None:
        if self._index is not None:
            canvas.touch_centre("move", self._index, at)

    def release(self, canvas: Canvas, at: Floats) -> None:
        self._index = None


NO_CENTRES = "This model has no centres to put down: choose k-means, k-medoids or a Gaussian mixture."
NO_CLASSES = "There are no classes in regression: move a point to change its target."


@dataclass(frozen=True)
class ToolEntry:
    """One tool as a menu or a row of buttons shows it."""

    id: ToolName
    title: str
    icon: str
    shortcut: str
    tooltip: str
    make: Callable[[], Tool]


TOOLS: dict[ToolName, ToolEntry] = {
    entry.id: entry
    for entry in (
        ToolEntry(
            "point", "Point", "point", "P",
            "Draws a point a click: the left button the chosen class, the right button the next.", PointTool,
        ),
        ToolEntry(
            "spray", "Spray", "spray", "S",
            "Draws points at random within a circle for as long as the button is down.", SprayTool,
        ),
        ToolEntry("line", "Line", "line", "L", "Draws evenly spaced points along the path of the pointer.", LineTool),
        ToolEntry(
            "move", "Move", "move", "M",
            "Drags the nearest point, or all selected points if it is one of them.", MoveTool,
        ),
        ToolEntry(
            "select", "Select", "select", "R",
            "Selects the points in a rectangle; Shift adds, Ctrl takes away. Delete erases them, 1 to 6 relabels them.",
            RectangleTool,
        ),
        ToolEntry(
            "lasso", "Lasso", "lasso", "O",
            "Selects the points within a line drawn by hand; Shift adds, Ctrl takes away.", LassoTool,
        ),
        ToolEntry(
            "relabel", "Relabel", "relabel", "B",
            "Gives the points that it goes over the chosen class; the right button the next.", RelabelTool,
        ),
        ToolEntry("erase", "Erase", "erase", "E", "Erases the points that it goes over.", EraseTool),
        ToolEntry(
            "centre", "Centre", "centre", "C",
            "Puts centres of clusters down and drags them, as Point and Move do, too; the right button takes one away.",
            CentreTool,
        ),
    )
}  # fmt: skip
"""In the order of the row of buttons."""
