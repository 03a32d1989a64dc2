"""Dotted paths into the document: which there are, what each may be, and why a value was refused."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import annotated_types
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from engine.dataset import Points
from engine.experiment import Experiment
from engine.settings import Settings

_MOST_PROBLEMS = 3
_LONGEST_VALUE = 60
_SURELY_MEANT = 0.9

_NOT_A = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of this size",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "a group of settings",
    "model_attributes_type": "a group of settings",
    "dict_type": "a group of settings",
}
"""What pydantic's complaints about types say in plain words."""


def known_paths(experiment: Experiment) -> tuple[str, ...]:
    """Every path that can be set in `experiment`, in the order of the document."""
    return tuple(_paths(experiment, ""))


def _paths(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, Settings):
        for name in type(value).model_fields:
            yield from _paths(getattr(value, name), f"{prefix}.{name}" if prefix else name)
        return
    if prefix != "schema_version":
        yield prefix
    if isinstance(value, tuple) and any(isinstance(item, Settings) for item in value):
        for index, item in enumerate(value):
            yield from _paths(item, f"{prefix}.{index}")


def title_of(experiment: Experiment, path: str) -> str:
    """What the setting at `path` is called on screen, e.g. "Learning rate".

    Raises
    ------
    KeyError
        If there is no such setting in `experiment`.
    """
    value: Any = experiment
    title = path
    for name in path.split("."):
        if isinstance(value, tuple):
            value = value[int(name)]
            continue
        field = type(value).model_fields.get(name)
        if field is None:
            raise KeyError(path)
        title, value = field.title or name, getattr(value, name)
    return title


def no_such_path(path: str, known: tuple[str, ...]) -> str:
    """The sentence for a path that does not exist, with those that are most like it."""
    last = path.rsplit(".", 1)[-1]
    alike = difflib.get_close_matches(path, known, n=3, cutoff=0.5)
    same_name = [each for each in known if each.rsplit(".", 1)[-1] == last]
    suggestions = [*same_name, *alike] if "." not in path else [*alike, *same_name]
    suggestions = list(dict.fromkeys(suggestions))[:3]
    if alike and difflib.SequenceMatcher(None, path, alike[0]).ratio() > _SURELY_MEANT:
        suggestions = alike[:1]
    hint = f"; did you mean {' or '.join(suggestions)}?" if suggestions else "."
    return f"{path}: there is no such setting{hint}"


def settings_in(annotation: Any) -> tuple[type[Settings], ...]:
    """The settings models that a field's type can hold, alone, in a union or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return (annotation,)
    return tuple(model for argument in get_args(annotation) for model in settings_in(argument))


def discriminator_of(field: FieldInfo) -> str | None:
    """The name that tells the members of a field's union apart ("kind", "source"), if it is such a union."""
    return field.discriminator if isinstance(field.discriminator, str) else None


def tags_of(field: FieldInfo) -> dict[str, type[Settings]]:
    """The members of a field's discriminated union by their tags."""
    name = discriminator_of(field)
    return {} if name is None else {model.model_fields[name].default: model for model in settings_in(field.annotation)}


def range_of(field: FieldInfo) -> str:
    """The allowed range of a number in words, e.g. "from 1 to 15"; empty where there is none."""
    low = high = ""
    for bound in field.metadata:
        if isinstance(bound, annotated_types.Ge):
            low = f"from {_number(bound.ge)}"
        elif isinstance(bound, annotated_types.Gt):
            low = f"above {_number(bound.gt)}"
        elif isinstance(bound, annotated_types.Le):
            high = f"to {_number(bound.le)}"
        elif isinstance(bound, annotated_types.Lt):
            high = f"below {_number(bound.lt)}"
    if low and high:
        return f"{low} {high}"
    return f"{low} upwards" if low else f"at most {high.removeprefix('to ')}" if high else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def explain(error: ValidationError) -> str:
    """Why an experiment was refused: each setting's path, the value, and what is allowed.

    Parameters
    ----------
    error : raised by `Experiment.model_validate` or one of its kin.

    Returns
    -------
    A sentence for each of the first three problems, and how many more there are.
    """
    problems = error.errors(include_url=False)
    sentences = [_sentence(dict(problem)) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        sentences.append(f"And {len(problems) - _MOST_PROBLEMS} more.")
    return " ".join(sentences)


def _sentence(problem: dict[str, Any]) -> str:
    path, field = _place_of(problem["loc"])
    kind, context, value = problem["type"], problem.get("ctx", {}), problem["input"]
    start = f"{path}: " if path else ""
    if kind == "extra_forbidden":
        return no_such_path(path, known_paths(Experiment()))
    if kind == "missing":
        return f"{start}the value is missing."
    if kind in ("union_tag_not_found", "union_tag_invalid") and field is not None:
        name = discriminator_of(field) or ""
        tag = value.get(name) if isinstance(value, dict) else None
        given = f"{_shown(tag)} is not one of" if tag is not None else "the value is missing; it must be one of"
        return f"{path}.{name}: {given} {', '.join(tags_of(field))}."
    if kind == "literal_error":
        allowed = [str(choice) for choice in _literals(field.annotation)] if field else []
        hint = difflib.get_close_matches(str(value), allowed, n=1)
        end = f"; did you mean {hint[0]}?" if hint else "."
        return f"{start}{_shown(value)} is not one of {', '.join(allowed)}{end}"
    if kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than") and field is not None:
        return f"{start}{_shown(value)} is out of range; it must be {range_of(field)}."
    if kind == "too_long":
        count = context.get("actual_length") or "too many"
        return f"{start}there are {count} entries; at most {context['max_length']} are allowed."
    if kind in ("string_too_long", "string_too_short"):
        limit = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
        return f"{start}{_shown(value)} must have {limit} characters."
    if kind in _NOT_A:
        allowed_range = range_of(field) if field is not None else ""
        return f"{start}{_shown(value)} is not {_NOT_A[kind]}{f' {allowed_range}' if allowed_range else ''}."
    sentence = str(context["error"]) if kind == "value_error" else str(problem["msg"])
    return f"{start}{sentence}{'' if sentence.endswith(('.', '?')) else '.'}"


def _place_of(location: tuple[int | str, ...]) -> tuple[str, FieldInfo | None]:
    """The dotted path of an error's location, without the tags that pydantic adds, and the field there."""
    models: dict[str, type[Settings]] = {"": Experiment}  # By tag; the empty tag where there is only one.
    field: FieldInfo | None = None
    names: list[str] = []
    for item in location:
        if isinstance(item, str) and item in models and item:
            models = {"": models[item]}
            continue
        names.append(_printable(str(item)))
        model = models.get("")
        if isinstance(item, int) or model is None:
            continue
        field = model.model_fields.get(item)
        if field is None:
            break
        inside = settings_in(field.annotation)
        models = dict(tags_of(field)) or ({"": inside[0]} if inside else {})
    return ".".join(names), field


def _literals(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        if isinstance(argument, str):
            yield argument
        elif get_origin(argument) is not None:
            yield from _literals(argument)


def _shown(value: Any) -> str:
    """A refused value as it was written, cut if it is long."""
    if isinstance(value, Points):
        return f"{len(value)} points"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return _printable(text)


def _printable(text: str) -> str:
    """`text` cut if it is long, without what no encoding can write."""
    text = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
    return text.encode("utf-8", "replace").decode()
