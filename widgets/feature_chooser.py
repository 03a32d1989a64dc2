"""Which features of many a picture shows: a quiet button, and behind it a list to tick."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QToolButton, QWidget, QWidgetAction

from engine.dataset import FloatArray
from widgets.theme import Theme

_LEVELS = 16
_FEWEST = 2
_LIST_SIZE = (230, 300)
_LONGEST_LIST = 11
"""Rows; a list of fewer is as high as they are."""


def most_spread(X: FloatArray, most: int) -> tuple[int, ...]:
    """The features whose values are spread most evenly over their range, in the order of the table.

    They are ranked by the entropy of a histogram of 16 bins from the smallest to the largest value. So the units do not
    matter, a pixel that is nearly always white comes last, and of equals the first come first.

    Parameters
    ----------
    X : (n, d) inputs.
    most : how many are wanted.

    Examples
    --------
    >>> X = np.column_stack([np.zeros(64), np.arange(64.0), np.arange(64) > 60, 1e6 * np.arange(64.0)])
    >>> most_spread(X, 2)
    (1, 3)
    """
    if X.shape[1] <= most:
        return tuple(range(X.shape[1]))
    shares = np.array([_shares(column) for column in X.T])
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=1)
    ranked = np.argsort(-entropy.round(9), kind="stable")
    return tuple(sorted(ranked[:most].tolist()))


def _shares(column: FloatArray) -> NDArray[np.float64]:
    """How much of a column (n,) lies in each of the equal parts of its range."""
    low, high = (float(column.min()), float(column.max())) if len(column) else (0.0, 0.0)
    if not low < high:
        return np.eye(1, _LEVELS)[0]
    levels = np.minimum(((column - low) / (high - low) * _LEVELS).astype(np.intp), _LEVELS - 1)
    return np.bincount(levels, minlength=_LEVELS) / len(column)


class FeatureChooser(QToolButton):
    """A button that says how many features are shown and opens a list of them; hidden where all are.

    Parameters
    ----------
    most : how many can be shown at once. One more puts out the one that was ticked first.
    """

    chosen = Signal()
    """`features` has changed by hand."""

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.most = most
        self.features: tuple[int, ...] = ()
        """Which are shown, in the order of the table."""
        self._names: tuple[str, ...] = ()
        self._ticked: list[int] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Features shown")
        self.list.itemChanged.connect(self._on_item_changed)
        menu = QMenu(self)
        entry = QWidgetAction(menu)
        entry.setDefaultWidget(self.list)
        menu.addAction(entry)
        menu.aboutToShow.connect(self.list.setFocus)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setProperty("look", "ghost")
        self.setAutoRaise(True)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Write in the size of `theme`."""
        font = self.font()
        font.setPixelSize(theme.font_size - 2)
        self.setFont(font)
        self.adjustSize()

    def set_data(self, names: tuple[str, ...], X: FloatArray) -> bool:
        """Choose among features of other names anew, by `most_spread`; the same names keep the choice.

        Returns
        -------
        Whether the choice is another now.
        """
        if names == self._names:
            return False
        self._names = names
        self.features = most_spread(X, self.most)
        self._ticked = list(self.features)
        with QSignalBlocker(self.list):
            self.list.clear()
            for index, name in enumerate(names):
                item = QListWidgetItem(name, self.list)
                item.setFlags(
                    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
                )
                item.setCheckState(Qt.CheckState.Checked if index in self.features else Qt.CheckState.Unchecked)
        height = min(len(names), _LONGEST_LIST) * max(18, self.list.sizeHintForRow(0)) + 10
        self.list.setFixedSize(_LIST_SIZE[0], min(height, _LIST_SIZE[1]))
        return True

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        index = self.list.row(item)
        if item.checkState() == Qt.CheckState.Checked:
            self._ticked.append(index)
        elif len(self._ticked) > _FEWEST:
            self._ticked.remove(index)
        while len(self._ticked) > self.most:
            self._ticked.pop(0)
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                state = Qt.CheckState.Checked if row in self._ticked else Qt.CheckState.Unchecked
                self.list.item(row).setCheckState(state)
        features = tuple(sorted(self._ticked))
        if features != self.features:
            self.features = features
            self.chosen.emit()

    def say(self, shown: int, *, in_full: bool) -> None:
        """Say how many are `shown`, for which there is room; in a word less where there is little for this too."""
        of_all = f"{shown} of {len(self._names)}"
        self.setText(f"{of_all} features ▾" if in_full else f"{of_all} ▾")
        self.setAccessibleName(f"{of_all} features are shown")
        self.setToolTip(f"Choose which features are shown, at most {self.most}.")
        self.setVisible(len(self._names) > self.most)
        self.adjustSize()
