"""Sheets that are bent in space, unrolled by their formulas."""

from __future__ import annotations

from typing import Literal

import numpy as np

SheetName = Literal["swiss_roll", "s_curve"]
SHEETS: tuple[SheetName, ...] = ("swiss_roll", "s_curve")


def angle_of(X: np.ndarray, name: SheetName) -> np.ndarray:
    """The angle at which points (n, 3) without noise lie on the roll, from 1.5 π on, or on the S, from −1.5 π on."""
    x1, _, x3 = np.asarray(X, float).T
    if name == "swiss_roll":
        return 4.5 * np.pi * np.hypot(x1, x3)
    side = np.where(x3 <= 0, 1.0, -1.0)
    return np.asarray(side * np.mod(np.arctan2(2 * x1 * side, 1 - 2 * np.abs(x3)), 2 * np.pi))


def way_along(X: np.ndarray, name: SheetName) -> np.ndarray:
    """How far along the sheet points (n, 3) without noise lie, from 0 to 1: the length of the curve to there."""
    angle = angle_of(X, name)
    if name == "s_curve":
        return np.asarray(angle / (3 * np.pi) + 0.5)
    first, last = 1.5 * np.pi, 4.5 * np.pi
    return np.asarray((_spiral_length(angle) - _spiral_length(first)) / (_spiral_length(last) - _spiral_length(first)))


def _spiral_length(angle: np.ndarray | float) -> np.ndarray:
    """The length of the spiral of Archimedes to an angle, up to a factor."""
    t = np.asarray(angle)
    return np.asarray(t * np.sqrt(1 + t**2) + np.arcsinh(t))
