"""What the application remembers: repaired field by field, and the same in the next window."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playground.settings import MAX_RECENT, AppSettings, load_settings, save_settings
from tests.playground.conftest import Hands
from widgets.theme import DARK

GOOD: dict[str, Any] = {"theme": "dark", "recent": ["/a.playground"], "brush_radius": 40, "unfolded": ["optimizer"]}


def remember(home: Path, content: bytes) -> AppSettings:
    home.mkdir(exist_ok=True)
    (home / "settings.json").write_bytes(content)
    return load_settings()


def test_what_is_saved_is_loaded(home: Path) -> None:
    settings = AppSettings.model_validate(GOOD)
    assert save_settings(settings) == ""
    assert load_settings() == settings


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'"text"', b"[" * 100_000])
def test_settings_that_are_no_settings_begin_anew(content: bytes, home: Path) -> None:
    assert remember(home, content) == AppSettings()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("theme", "pink"), ("theme", None), ("recent", "a"), ("recent", [1, 2]), ("geometry", 5), ("docks", {}),
        ("folder", ["x"]), ("unfolded", [None]), ("brush_radius", 0), ("brush_radius", "wide"),
        ("brush_density", 1e9),
    ],
)  # fmt: skip
def test_one_wrong_entry_is_repaired_and_the_others_stay(
    field: str, wrong: object, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        settings = remember(home, json.dumps({**GOOD, field: wrong}).encode())
    assert field in caplog.text
    right = AppSettings.model_validate({name: value for name, value in GOOD.items() if name != field})
    assert settings == right


def test_entries_of_another_version_are_passed_over(home: Path) -> None:
    assert remember(home, json.dumps({**GOOD, "hologram": True}).encode()) == AppSettings.model_validate(GOOD)


def test_no_settings_begin_with_the_defaults(home: Path) -> None:
    assert load_settings() == AppSettings()


def test_settings_that_cannot_be_saved_are_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("a file where the folder should be", "utf-8")
    assert "could not be saved" in save_settings(AppSettings())


def test_recent_files_are_few_and_each_is_there_once() -> None:
    settings = AppSettings()
    for number in (*range(14), 12):
        settings = settings.with_recent(Path(f"/{number}.playground"))
    names = [Path(name).stem for name in settings.recent]
    assert names[:3] == ["12", "13", "11"]
    assert len(names) == len(set(names)) == MAX_RECENT


@pytest.mark.parametrize("damaged", ["not base64!", "AAAA", "ÄÖÜ"])
def test_a_damaged_layout_does_not_keep_the_window_from_opening(
    damaged: str, open_window: Callable[..., Hands], home: Path
) -> None:
    hands = open_window(settings=remember(home, json.dumps({"geometry": damaged, "docks": damaged}).encode()))
    assert hands.window.model_panel.isVisible()
    assert hands.window.stage.width() > 250


def test_docks_theme_folds_and_files_are_as_they_were(
    open_window: Callable[..., Hands], home: Path, tmp_path: Path
) -> None:
    first = open_window()
    file = tmp_path / "lesson.playground"
    assert first.window.files._save_to(file)
    first.do("view.theme")
    dock = next(dock for dock in first.window._docks if dock.objectName() == "curves_dock")
    dock.close()
    first.press(first.window.model_panel.optimizer.fold.button)  # type: ignore[union-attr]
    first.window.close()

    second = open_window(settings=load_settings())
    assert second.window.workspace.theme is DARK
    assert not next(dock for dock in second.window._docks if dock.objectName() == "curves_dock").isVisible()
    assert second.window.data_panel.isVisible()
    assert second.window.model_panel.folds()["optimizer"]
    assert not second.window.model_panel.folds()["computation"]
    assert second.window.settings.recent == (str(file),)
    (entry,) = second.window.files._recent_menu.actions()  # type: ignore[union-attr]
    assert entry.text() == "lesson.playground"
    second.do("view.reset_docks")
    assert all(dock.isVisible() for dock in second.window._docks)


def test_a_recent_file_that_is_gone_is_said(open_window: Callable[..., Hands], tmp_path: Path) -> None:
    from tests.playground.controls import complaint

    hands = open_window(settings=AppSettings().with_recent(tmp_path / "gone.playground"))
    hands.window.files._recent_menu.actions()[0].trigger()  # type: ignore[union-attr]
    assert "gone.playground" in complaint(hands)
    assert hands.n_points == 400
