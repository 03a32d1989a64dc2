"""What a tool of the stage is: a hand between press and release, and what it may see and ask for."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dataset import Dataset
from widgets.stage_geometry import Floats, Mapping
from widgets.stage_points import Rows, ShownPoints

Selecting = Literal["replace", "add", "remove"]
ToolName = Literal["point", "spray", "line", "move", "select", "lasso", "relabel", "erase", "centre"]


class Canvas(Protocol):
    """What a tool sees of the stage, and what it may ask of it. Pixels are device-independent."""

    @property
    def mapping(self) -> Mapping:
        """From the plane to pixels and back."""
        ...

    @property
    def dataset(self) -> Dataset:
        """The points as they were last set."""
        ...

    brush_radius: float
    density: float
    """Points a second."""
    rng: np.random.Generator
    awaiting: bool
    """Whether rows were changed and the dataset that shows it has not come yet: rows would name other points."""

    @property
    def points(self) -> ShownPoints:
        """The points on stage, and which of them are where."""
        ...

    @property
    def selection(self) -> Rows:
        """The selected rows."""
        ...

    @property
    def target(self) -> float:
        """The class index or target that is drawn with the button that is down."""
        ...

    def begin(self, what: ToolName) -> None:
        """A stroke starts."""
        ...

    def draw(self, xy: Floats) -> None:
        """Wish for points at `xy` (m, 2) in the units of the plot."""
        ...

    def erase(self, rows: Rows) -> None:
        """Wish points away."""
        ...

    def move(self, ids: NDArray[np.int64], xy: Floats) -> None:
        """Wish the points of identities `ids` (m,) to `xy` (m, 2)."""
        ...

    def relabel(self, rows: Rows) -> None:
        """Wish for another class of `rows`."""
        ...

    def select(self, rows: Rows) -> None:
        """Select these rows and no others."""
        ...

    def show_rubber(self, xy: Floats, closed: bool) -> None:
        """Show a dashed outline through `xy` (m, 2) in the units of the plot; none hides it."""
        ...

    def centre_at(self, at: Floats) -> int | None:
        """The centre of a cluster that is drawn at `at` (2,) of the plot; None where there is none."""
        ...

    def touch_centre(self, kind: Literal["move", "add", "remove"], index: int, at: Floats) -> None:
        """Wish for a centre elsewhere, for another one, or for one less."""
        ...

    @property
    def has_centres(self) -> bool:
        """Whether the model has centres that can be taken in hand."""
        ...

    @property
    def is_second_button(self) -> bool:
        """Whether it is the right button that is down."""
        ...

    def refuse(self, sentence: str) -> None:
        """Say why nothing happens."""
        ...


class Tool:
    """What the pointer does between press and release, at points (2,) in the units of the plot."""

    has_brush = False
    """Whether a circle shows how far it reaches."""

    def press(self, canvas: Canvas, at: Floats, selecting: Selecting) -> None:
        """The button goes down."""

    def drag(self, canvas: Canvas, at: Floats) -> None:
        """The pointer moves with the button down."""

    def tick(self, canvas: Canvas, seconds: float) -> None:
        """Time passes with the button down."""

    def resume(self, canvas: Canvas) -> None:
        """The dataset has changed with the button down."""

    def release(self, canvas: Canvas, at: Floats) -> None:
        """The button comes up."""

    def cancel(self, canvas: Canvas) -> None:
        """The stroke ends where it is."""
