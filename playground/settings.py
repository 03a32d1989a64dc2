"""What the application remembers between starts; a damaged entry is repaired, never fatal."""

from __future__ import annotations

import json
import logging
import os
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_config_path, user_state_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_log = logging.getLogger(__name__)
MAX_RECENT = 10


def config_folder() -> Path:
    """Where settings live; ``PLAYGROUND_HOME`` moves settings and recovery files together."""
    home = os.environ.get("PLAYGROUND_HOME")
    return Path(home) if home else user_config_path("playground", appauthor=False)


def state_folder() -> Path:
    """Where recovery files and logs live."""
    home = os.environ.get("PLAYGROUND_HOME")
    return Path(home) if home else user_state_path("playground", appauthor=False)


def _base64(text: str) -> str:
    b64decode(text, validate=True)
    return text


class AppSettings(BaseModel):
    """The application's memory; nothing of it belongs to an experiment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: Literal["system", "light", "dark"] = "system"
    recent: tuple[str, ...] = ()
    geometry: Annotated[str, AfterValidator(_base64)] = ""
    docks: Annotated[str, AfterValidator(_base64)] = ""
    folder: str = ""
    unfolded: tuple[str, ...] = ()
    bottom_view: str = "curves"
    brush_radius: int = Field(24, ge=2, le=200)
    brush_density: int = Field(60, ge=1, le=2000)
    welcome_seen: bool = False

    def with_recent(self, path: Path) -> AppSettings:
        """These settings with `path` the most recent file."""
        name = str(path.resolve())
        rest = tuple(other for other in self.recent if other != name)
        return self.model_copy(update={"recent": (name, *rest)[:MAX_RECENT]})


def load_settings() -> AppSettings:
    """The saved settings; each entry that cannot be read has its default instead."""
    path = config_folder() / "settings.json"
    try:
        plain = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return AppSettings()
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("settings could not be read and begin anew: %s", error)
        return AppSettings()
    return repaired(plain if isinstance(plain, dict) else {})


def repaired(plain: dict[str, Any]) -> AppSettings:
    """The settings of `plain` without the entries that are not valid."""
    try:
        return AppSettings.model_validate(plain)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        _log.warning("settings repaired: %s", ", ".join(sorted(wrong)))
        return AppSettings.model_validate({key: value for key, value in plain.items() if key not in wrong})


def save_settings(settings: AppSettings) -> str:
    """Write the settings; an empty string, or the sentence that says why it was not possible."""
    from engine.files import write_atomically

    path = config_folder() / "settings.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, settings.model_dump_json(indent=1).encode())
    except OSError as error:
        _log.warning("settings could not be saved: %s", error)
        return f"The settings could not be saved: {error}"
    return ""
