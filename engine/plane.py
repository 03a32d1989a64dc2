"""The plane on which data of many inputs are looked at: two of the inputs, or the first two principal components."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

import numpy as np

from engine.dataset import Dataset, FloatArray, IntArray, Part, Points, frozen_array
from engine.experiment import PlaneSettings


@dataclass(frozen=True, eq=False)
class Plane:
    """A flat piece of the space of inputs: ``x = origin + p L`` there, ``p = (x - origin) R`` back.

    Parameters
    ----------
    origin : (d,) the input that stands at (0, 0).
    lifting : L (2, d), where a step along each axis of the plane leads.
    projecting : R (d, 2), with L R the identity.
    names : what the two axes are called.
    title : which plane it is, where its axes do not say so.
    sentence : the same, and what became of the other inputs in a field over it.
    """

    origin: FloatArray
    lifting: FloatArray
    projecting: FloatArray
    names: tuple[str, str]
    title: str
    sentence: str

    def lift(self, places: FloatArray) -> FloatArray:
        """The inputs (n, d) at `places` (n, 2) of the plane."""
        return np.asarray(self.origin + np.asarray(places, np.float64) @ self.lifting)

    def project(self, X: FloatArray) -> FloatArray:
        """Where inputs `X` (n, d) stand on the plane (n, 2): the feet of their perpendiculars."""
        return np.asarray((np.asarray(X, np.float64) - self.origin) @ self.projecting)


_planes: weakref.WeakKeyDictionary[Dataset, dict[PlaneSettings, tuple[Plane, Dataset]]] = weakref.WeakKeyDictionary()


def plane_of(dataset: Dataset, settings: PlaneSettings) -> Plane | None:
    """The plane that `settings` choose; None for one or two inputs, which need none.

    Means, medians and components are those of the training part.
    """
    return None if dataset.n_inputs <= 2 else _looked_at(dataset, settings)[0]


def on_stage(dataset: Dataset, settings: PlaneSettings) -> Dataset:
    """`dataset` as the stage shows it: its points on the plane, with the same targets, parts and identities."""
    return dataset if dataset.n_inputs <= 2 else _looked_at(dataset, settings)[1]


def _looked_at(dataset: Dataset, settings: PlaneSettings) -> tuple[Plane, Dataset]:
    by_settings = _planes.setdefault(dataset, {})
    if settings not in by_settings:
        plane = _pair(dataset, settings) if settings.kind == "pair" else _components(dataset, settings)
        points = Points(plane.project(dataset.X), dataset.y, dataset.points.ids)
        by_settings.clear()  # one is looked at at a time
        by_settings[settings] = plane, replace(dataset, points=points, input_names=plane.names)
    return by_settings[settings]


def _training_inputs(dataset: Dataset) -> FloatArray:
    rows: IntArray = dataset.rows(Part.TRAIN)
    X = dataset.X[rows] if len(rows) else dataset.X
    return np.asarray(X, np.float64) if len(X) else np.zeros((1, dataset.n_inputs))


def axes_of(dataset: Dataset, settings: PlaneSettings) -> tuple[int, int]:
    """Which two inputs a pair is: those that are named, where there are such, else the first two."""
    names = dataset.input_names
    first = names.index(settings.horizontal) if settings.horizontal in names else 0
    second = names.index(settings.vertical) if settings.vertical in names else -1
    if second < 0 or second == first:
        second = next(index for index in range(len(names)) if index != first)
    return first, second


def _pair(dataset: Dataset, settings: PlaneSettings) -> Plane:
    X = _training_inputs(dataset)
    first, second = axes_of(dataset, settings)
    if settings.rest == "row":
        row = min(settings.row, len(dataset.points)) - 1
        origin = np.asarray(dataset.X[row], np.float64).copy() if row >= 0 else X.mean(axis=0)
        said = f"the other features as in row {row + 1:,}"
    else:
        origin = X.mean(axis=0) if settings.rest == "mean" else np.median(X, axis=0)
        said = f"the other features at their {settings.rest}"
    origin[[first, second]] = 0.0
    lifting = np.zeros((2, dataset.n_inputs))
    lifting[0, first] = lifting[1, second] = 1.0
    names = dataset.input_names[first], dataset.input_names[second]
    return Plane(frozen_array(origin, np.float64), lifting, lifting.T, names, "", f"Field: {said}.")


def _components(dataset: Dataset, settings: PlaneSettings) -> Plane:
    """The plane through the mean that is nearest to the points (principal components of the training part).

    References
    ----------
    Jolliffe (2002). Principal Component Analysis, 2nd ed., section 2.1.
    """
    X = _training_inputs(dataset)
    mean, spread = X.mean(axis=0), np.ones(dataset.n_inputs)
    if settings.standardize:
        deviation = X.std(axis=0)
        spread = np.where(deviation > 0, deviation, 1.0)
    centred = (X - mean) / spread
    variances, axes = np.linalg.eigh(centred.T @ centred)
    variances, axes = variances[::-1], axes.T[::-1][:2]
    # The largest loading of a component is positive, so that the picture does not turn over with a point more.
    axes = axes * np.where(axes[np.arange(2), np.abs(axes).argmax(axis=1)] < 0, -1.0, 1.0)[:, None]
    total = float(variances.sum())
    share = float(variances[:2].sum()) / total if total > 0 else 1.0
    scaled = " of the standardized features" if settings.standardize else ""
    title = f"First two principal components{scaled}: {100 * share:.0f} % of their variance."
    return Plane(
        frozen_array(mean, np.float64), axes * spread, (axes / spread).T, ("PC 1", "PC 2"), title,
        f"{title} The field is that of the plane through the mean; the points are projected onto it.",
    )  # fmt: skip
