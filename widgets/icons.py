"""Our own line icons, recoloured for the theme and drawn sharp on any screen."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets.theme import Theme

_RATIOS = (1.0, 1.5, 2.0, 3.0)
_DISABLED_OPACITY = 0.4


@cache
def icon_names() -> tuple[str, ...]:
    """The names `icon` knows, in alphabetical order."""
    entries = (resources.files("assets") / "icons").iterdir()
    names = (entry.name.removesuffix(".svg") for entry in entries if entry.name.endswith(".svg"))
    return tuple(sorted(name for name in names if not name.startswith("sheet-")))


def sheet_image(name: str) -> str:
    """The path of an image of fixed colours, with forward slashes, for ``url()`` in a style sheet."""
    return Path(str(resources.files("assets") / "icons" / f"sheet-{name}.svg")).as_posix()


@cache
def _drawing(name: str) -> str:
    return (resources.files("assets") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def icon_pixmap(name: str, colour: str, size: int, ratio: float = 1.0, opacity: float = 1.0) -> QPixmap:
    """The icon `name` in `colour`, `size` device-independent pixels wide and high.

    Raises
    ------
    FileNotFoundError : where there is no icon of that name.
    """
    drawing = _drawing(name).replace("currentColor", QColor(colour).name())
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon(name: str, theme: Theme, size: int = 18, colour: str | None = None) -> QIcon:
    """The icon `name` for a button: in the text's colour, in the accent where the button is on, faint where disabled.

    Parameters
    ----------
    size : width and height in device-independent pixels.
    colour : one colour for every state but the disabled one, e.g. ``theme.on_accent`` on an accent ground.
    """
    result = QIcon()
    off, on = colour or theme.text, colour or theme.accent
    for ratio in _RATIOS:
        result.addPixmap(icon_pixmap(name, off, size, ratio), QIcon.Mode.Normal, QIcon.State.Off)
        result.addPixmap(icon_pixmap(name, on, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
        for state in (QIcon.State.Off, QIcon.State.On):
            faint = icon_pixmap(name, off, size, ratio, _DISABLED_OPACITY)
            result.addPixmap(faint, QIcon.Mode.Disabled, state)
    return result
