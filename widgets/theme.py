"""Light and dark: the colours and sizes that every view is drawn with."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb, sizes in device-independent pixels. Text on its ground has a contrast of 4.5:1 or more."""

    name: str
    window: str
    """Behind the panels and bars."""
    stage: str
    """Behind the points; what an uncertain field fades to."""
    raised: str
    """Buttons, inputs, cards."""
    border: str
    text: str
    muted: str
    """Labels and hints."""
    accent: str
    on_accent: str
    accent_soft: str
    """The ground of a chosen chip or tool."""
    danger: str
    danger_soft: str
    grid: str
    outline: str
    """Around a training point."""
    held_out: str
    """Around a held-out point."""
    boundary: str
    train_curve: str
    validation_curve: str
    test_curve: str
    tooltip: str
    on_tooltip: str
    field_opacity: float = 1.0
    """Of the coloured plane: on a dark ground it must stay darker than the points on it."""
    font_size: int = 13
    line_width: float = 2.0
    point_size: float = 9.0


LIGHT = Theme(
    name="light",
    window="#ffffff",
    stage="#ffffff",
    raised="#ffffff",
    border="#d5d9e0",
    text="#1c2230",
    muted="#5c6575",
    accent="#0072b2",
    on_accent="#ffffff",
    accent_soft="#e5f1f8",
    danger="#b3261e",
    danger_soft="#fdecea",
    grid="#1c2230",
    outline="#ffffff",
    held_out="#1c2230",
    boundary="#1c2230",
    train_curve="#0072b2",
    validation_curve="#007a5a",
    test_curve="#c04e00",
    tooltip="#262b36",
    on_tooltip="#ffffff",
)

DARK = replace(
    LIGHT,
    name="dark",
    window="#14171d",
    stage="#181c23",
    raised="#20252e",
    border="#3a4250",
    text="#e8ebf1",
    muted="#a3adbd",
    accent="#4aa8df",
    on_accent="#0b1016",
    accent_soft="#173a50",
    danger="#ff8a80",
    danger_soft="#41201f",
    grid="#e8ebf1",
    outline="#14171d",
    held_out="#f4f6fa",
    boundary="#f4f6fa",
    train_curve="#56b4e9",
    validation_curve="#2ec79a",
    test_curve="#ff9a4d",
    field_opacity=0.6,
    tooltip="#e8ebf1",
    on_tooltip="#14171d",
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
