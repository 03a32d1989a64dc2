"""The base of every value a person can choose: frozen, validated, self-describing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """A frozen group of choices.

    One declaration serves validation, the form on screen, ``--set`` on the command line, the file and
    the JSON schema. Unknown names are errors, so that a misspelt path never passes silently.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def choice(
    default: Any,
    title: str,
    help: str,
    *,
    labels: dict[str, str] | None = None,
    only_for: dict[str, tuple[str, ...]] | None = None,
    only_in: str = "",
    unit: str = "",
    log: bool = False,
    step: float | None = None,
    advanced: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one field of a `Settings`.

    Parameters
    ----------
    default : the value a new experiment has; a callable is used as a factory.
    title : the label on screen, the field's standard term.
    help : one sentence that explains the idea; the tooltip.
    labels : for a choice among names, what each is called on screen.
    only_for : the sibling fields' values for which this field means something,
        e.g. ``{"kind": ("momentum", "nesterov")}``; a form hides it otherwise.
    only_in : the task in which it means something, "classification" or "regression"; empty for both.
    unit : printed after the value.
    log : the range is walked by ratios rather than by differences.
    step : the increment of a spin box or slider.
    advanced : folded away until asked for.
    bounds : pydantic's ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``max_length``.
    """
    extra: dict[str, Any] = {"log": log, "advanced": advanced}
    if labels is not None:
        extra["labels"] = labels
    if only_for is not None:
        extra["only_for"] = {name: list(values) for name, values in only_for.items()}
    if only_in:
        extra["only_in"] = only_in
    if unit:
        extra["unit"] = unit
    if step is not None:
        extra["step"] = step
    kind = "default_factory" if callable(default) else "default"
    return Field(**{kind: default}, title=title, description=help, json_schema_extra=extra, **bounds)
