"""What a model draws on the stage beside the coloured plane, in the units of the plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.dataset import FloatArray, IntArray

LineRole = Literal["boundary", "contour", "curve", "margin", "split", "ellipse", "fold", "merge", "axis", "way"]
"""What a line is: where the model changes its mind, an equal value, the fitted line of a regression in one input, the
edge of a margin or of a tube, a question that a tree asks, a line of equal density, the boundary of one fold, what
the last merge joined, or the shortest way between two points along a graph."""

MarksRole = Literal["support", "mistake", "focus", "centre", "switched", "core", "mode"]
"""What is marked: the points that hold a margin, the one a step was wrong about, the one in hand, means, those
that have just changed sides, those with enough neighbours to make a cluster, or summits of a density."""


@dataclass(frozen=True, eq=False)
class Line:
    """A polyline.

    Parameters
    ----------
    xy : (n, 2) float64.
    role : what it is.
    level : what a contour stands for.
    index : the class or the fold that it belongs to, which colours it; None for the ink of the stage.
    """

    xy: FloatArray
    role: LineRole
    level: float | None = None
    index: int | None = None


@dataclass(frozen=True, eq=False)
class Band:
    """A region about the fitted line of a regression in one input.

    Parameters
    ----------
    x, low, high : (n,) float64.
    title : what lies in it, e.g. "95 % of new points".
    """

    x: FloatArray
    low: FloatArray
    high: FloatArray
    title: str


@dataclass(frozen=True, eq=False)
class Marks:
    """Places singled out.

    Parameters
    ----------
    xy : (n, 2) float64.
    role : what they are.
    """

    xy: FloatArray
    role: MarksRole


@dataclass(frozen=True)
class Equation:
    """A formula of the model, as plain text with Unicode and as LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True, eq=False)
class Centres:
    """The centres of clusters, where they were before, and whose they are.

    Parameters
    ----------
    xy : (k, 2) float64; by their place in it they are coloured and can be taken in hand.
    trail : earlier places, the oldest first, each (k, 2).
    points : (m, 2) where the points lie that lines to their centre are drawn from; may be empty.
    owners : (m,) the centre of each; below 0 for none.
    on_points : whether they are points themselves, so that one in a hand goes from point to point.
    """

    xy: FloatArray
    trail: tuple[FloatArray, ...]
    points: FloatArray
    owners: IntArray
    on_points: bool = False


@dataclass(frozen=True, eq=False)
class Arrows:
    """Directions from one place.

    Parameters
    ----------
    origin : (2,) float64.
    tips : (r, 2), where they end.
    settled : how many of them, from the first on, stand still.
    turns_by_hand : whether the first can be taken by its tip.
    """

    origin: FloatArray
    tips: FloatArray
    settled: int
    turns_by_hand: bool = True


@dataclass(frozen=True, eq=False)
class Segments:
    """Many short lines.

    Parameters
    ----------
    ends : (m, 4), each from x1, y1 to x2, y2.
    role : what they are: from points to what stands for them, from where a walker began to where it is, or the edges of
        a graph of the points.
    """

    ends: FloatArray
    role: Literal["foot", "way", "edge"] = "foot"


@dataclass(frozen=True, eq=False)
class Loadings:
    """How much each feature counts in the two scores of a plane: the arrows of a biplot.

    Parameters
    ----------
    tips : (p, 2) where they end; all begin at the origin.
    names : what the features are called (p,).

    References
    ----------
    Gabriel (1971). The biplot graphic display of matrices. Biometrika 58(3).
    """

    tips: FloatArray
    names: tuple[str, ...]


Overlay = Line | Band | Marks | Equation | Centres | Arrows | Segments | Loadings


@dataclass(frozen=True, eq=False)
class Frame:
    """What a learner needs to know of the stage to draw on it.

    Parameters
    ----------
    n_inputs : 2 for a plane, 1 for a curve over one input (then the height is the target).
    x_range, y_range : the part in view.
    points : (n, 2) where the training rows lie.
    features : from places on the stage (m, `n_inputs`) to features (m, p).
    inputs : from features (m, p) back to places (m, `n_inputs`); None where the features are not just the inputs.
    places : the same, and also where a plane shows more than two inputs: the feet of their perpendiculars.
    """

    n_inputs: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    points: FloatArray
    features: Callable[[FloatArray], FloatArray]
    inputs: Callable[[FloatArray], FloatArray] | None = None
    places: Callable[[FloatArray], FloatArray] | None = None

    def columns(self, count: int = 256) -> FloatArray:
        """Places (count, 1) from the left edge to the right."""
        return np.linspace(*self.x_range, count)[:, None]


@dataclass(frozen=True, eq=False)
class Reasons:
    """Why a model says what it says at one place, in terms of its training rows.

    Parameters
    ----------
    rows : (m,) the training rows that it looks at; may be empty.
    weights : (m,) in [0, 1], how much each counts against the one that counts most.
    lines : sentences for the card beside the pointer.
    radius : how far around the place it looks, in the units of the features; None where it knows no such limit.
    """

    rows: IntArray
    weights: FloatArray
    lines: tuple[str, ...] = ()
    radius: float | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """`Reasons` on the stage.

    Parameters
    ----------
    xy : (m, 2) where the rows lie.
    weights : (m,) in [0, 1].
    lines : sentences.
    reach : how far to the right and how far up the model looks, in the units of the stage; None where it has no limit
        or where that is no ellipse.
    """

    xy: FloatArray
    weights: FloatArray
    lines: tuple[str, ...] = ()
    reach: tuple[float, float] | None = None
