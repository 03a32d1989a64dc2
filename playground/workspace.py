"""What the window holds beside the document: tool in hand, selection, theme. Never saved with an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.dataset import IntArray
from widgets.stage_tool import ToolName
from widgets.theme import LIGHT, Theme
from widgets.transport import SPEEDS

NO_ROWS: IntArray = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Workspace:
    """The hands of the person at the window."""

    tool: ToolName = "point"
    active_class: int = 0
    active_target: float = 1.0
    brush_radius: int = 24
    brush_density: int = 60
    selection: IntArray = field(default_factory=lambda: NO_ROWS)
    theme: Theme = LIGHT
    speed: int = len(SPEEDS) - 1
