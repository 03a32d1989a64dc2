"""Changing the document by dotted paths: from a form, from a menu, from the command line."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from engine.experiment import Experiment
from engine.paths import discriminator_of, explain, known_paths, no_such_path, settings_in, tags_of
from engine.settings import Settings

Reader = Callable[[Any, FieldInfo, Any], Any]
"""From a given value, its field and the value before, to the value to validate."""


class SettingError(ValueError):
    """A path that does not exist, or a value that it cannot have; the sentence says which and what is allowed."""


class _Draft(dict[str, Any]):
    """A group of settings taken apart, to be validated once every value is in place."""

    def __init__(self, model: type[Settings], values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.model = model


def replaced(experiment: Experiment, path: str, value: Any) -> Experiment:
    """`experiment` with `value` at `path`.

    Parameters
    ----------
    experiment : the document; it stays as it is.
    path : dotted, e.g. "training.optimizer.learning_rate" or "learner.layers.0.units". A discriminator ("learner.kind",
        "data.source") switches to that kind and keeps the settings that it has too.
    value : of the field's own type, or plain (numbers, strings, lists, dictionaries).

    Raises
    ------
    SettingError
        If there is no such path or it cannot have the value.
    """
    return _replaced(experiment, {path: value}, _as_given)


def set_values(experiment: Experiment, values: Mapping[str, Any]) -> Experiment:
    """`experiment` with a value at each path, all of them checked together.

    Parameters
    ----------
    experiment : the document; it stays as it is.
    values : by dotted path. Text is read as JSON where the field is not text: "0.1", "true", "[8, 8]", "null"; lists
        may leave out the brackets: "x1,x2", "-1,1". Layers may be given by their units: "8,8".

    Raises
    ------
    SettingError
        If there is no such path or it cannot have the value.

    Examples
    --------
    >>> set_values(Experiment(), {"learner.layers": "8,8", "training.seed": "3"}).training.seed
    3
    """
    return _replaced(experiment, values, _read)


def _replaced(experiment: Experiment, values: Mapping[str, Any], read: Reader) -> Experiment:
    draft = _opened(experiment)
    for path, value in sorted(values.items(), key=lambda pair: _order(pair[0])):
        if path == "schema_version":
            raise SettingError("schema_version: the version of the file cannot be set.")
        if not _assign(draft, path.split("."), value, read):
            raise SettingError(no_such_path(path, _paths_of(draft, experiment)))
    try:
        return Experiment.model_validate(draft)
    except ValidationError as error:
        raise SettingError(explain(error)) from error


def _order(path: str) -> tuple[bool, int]:
    """Kinds first, then whole groups before what is in them: they decide which other paths there are."""
    return path.rsplit(".", 1)[-1] not in ("kind", "source"), path.count(".")


def _opened(value: Settings) -> _Draft:
    return _Draft(type(value), {name: getattr(value, name) for name in type(value).model_fields})


def _assign(group: _Draft, keys: list[str], value: Any, read: Reader) -> bool:
    """Put `value` into `group` at `keys`; False if there is no such place."""
    name, *rest = keys
    field = group.model.model_fields.get(name)
    if field is None:
        return False
    if not rest:
        group[name] = read(value, field, group[name])
        return True
    inside = group[name]
    if isinstance(inside, Settings):
        inside = group[name] = _opened(inside)
    if isinstance(inside, _Draft):
        if rest == [discriminator_of(field)]:
            group[name] = _switched(inside, rest[0], read(value, FieldInfo(annotation=str), None), field)
            return True
        return _assign(inside, rest, value, read)
    if isinstance(inside, tuple | list) and rest[0].isdecimal() and int(rest[0]) < len(inside):
        return _assign_item(group, name, rest, value, read)
    return False


def _assign_item(group: _Draft, name: str, keys: list[str], value: Any, read: Reader) -> bool:
    """Put `value` into one of a tuple of settings, e.g. at layers, 0, units."""
    items, index = list(group[name]), int(keys[0])
    if isinstance(items[index], Settings):
        items[index] = _opened(items[index])
    group[name] = items
    return len(keys) > 1 and isinstance(items[index], _Draft) and _assign(items[index], keys[1:], value, read)


def _switched(group: _Draft, discriminator: str, tag: Any, field: FieldInfo) -> _Draft:
    """`group` as another member of its union, with the settings that both have, and can have."""
    model = tags_of(field).get(tag) if isinstance(tag, str) else None
    if model is None:
        return _Draft(group.model, {**group, discriminator: tag})
    if model is group.model:
        return group
    kept = {name: value for name, value in group.items() if name in model.model_fields and _can_be(model, name, value)}
    return _Draft(model, {**_opened(model()), **kept, discriminator: tag})


def _can_be(model: type[Settings], name: str, value: Any) -> bool:
    """Whether a setting of that name, which another kind has too, means the same here."""
    try:
        model.model_validate({name: value})
    except ValidationError:
        return False
    return True


def _paths_of(draft: _Draft, experiment: Experiment) -> tuple[str, ...]:
    """The paths of the document that is being made, or of the one before if that cannot be made."""
    try:
        return known_paths(Experiment.model_validate(draft))
    except ValidationError:
        return known_paths(experiment)


def _as_given(value: Any, field: FieldInfo, before: Any) -> Any:  # noqa: ARG001
    return value


def _read(value: Any, field: FieldInfo, before: Any) -> Any:
    """`value` as the field takes it; text is read as a person types it."""
    kinds = _kinds(field.annotation)
    if isinstance(value, str):
        if tuple in kinds:
            value = _read_list(value, field)
        elif str not in kinds or value.startswith('"'):
            value = _read_json(value)
    items = settings_in(field.annotation)
    if tuple in kinds and items:
        value = [value] if isinstance(value, int) else value
        return _sized_items(value, items[0], before) if isinstance(value, list | tuple) else value
    return value


def _kinds(annotation: Any) -> set[Any]:
    """The plain types in an annotation: str for literals, tuple for lists."""
    origin = get_origin(annotation)
    if origin is Literal:
        return {str}
    if origin is tuple:
        return {tuple}
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set().union(*(_kinds(argument) for argument in get_args(annotation)))
    return {annotation}


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _read_list(text: str, field: FieldInfo) -> Any:
    """A list as JSON, or its items with commas between them."""
    value = _read_json(text)
    if isinstance(value, list) or value is None:
        return value
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    tuples = [each for each in (field.annotation, *get_args(field.annotation)) if get_origin(each) is tuple]
    of_text = any(str in _kinds(argument) for each in tuples for argument in get_args(each))
    return items if of_text else [_read_json(item) for item in items]


def _sized_items(items: list[Any] | tuple[Any, ...], model: type[Settings], before: Any) -> list[Any]:
    """Settings where only their size was given: the rest is as in the item before at that place, or the last one."""
    size = next(iter(model.model_fields))
    old = [item for item in before or () if isinstance(item, Settings)]
    result: list[Any] = []
    for index, item in enumerate(items):
        if isinstance(item, int) and not isinstance(item, bool):
            like = old[min(index, len(old) - 1)] if old else model()
            result.append(_Draft(type(like), {**_opened(like), size: item}))
        else:
            result.append(item)
    return result
