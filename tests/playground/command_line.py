"""A command line to type at, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Said = tuple[int, str, str]
"""Exit code, standard output, standard error."""
Say = Callable[..., Said]


def printed(said: Said) -> dict[str, Any]:
    """The JSON object that a command that ended well has printed."""
    code, out, err = said
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert isinstance(result, dict)
    return result


def refused(said: Said) -> str:
    """The one sentence that a command with wrong arguments has said."""
    code, out, err = said
    assert code == 2
    assert out == ""
    assert err.startswith("playground: ")
    assert err.count("\n") == 1
    return err.removeprefix("playground: ").strip()
