"""What a form needs to know of one field, read from its declaration in a `Settings`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.settings import Settings

Number = int | float
FieldKind = Literal["int", "float", "choice", "flag"]

_MOST_STOPS = 2_000
"""A slider with more stops than this cannot be aimed with; such a field has a number box alone."""
_DECADES_ABOVE_ZERO = 8
"""Where a logarithmic range begins at 0, the first stop above it is this many decades below the maximum."""
_MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Ten nearly equal ratios a decade that read well."""
_WITHOUT_END = 1e12


@dataclass(frozen=True)
class FieldSpec:
    """One field as a control shows it; `choice` in engine.settings explains the names."""

    name: str
    path: str
    title: str
    help: str
    kind: FieldKind
    default: Any
    minimum: float = -math.inf
    maximum: float = math.inf
    open_minimum: bool = False
    open_maximum: bool = False
    log: bool = False
    step: float | None = None
    unit: str = ""
    options: tuple[tuple[str, str], ...] = ()
    only_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only_in: str = ""
    advanced: bool = False

    def allows(self, value: Number) -> bool:
        """Whether a number lies in the field's range."""
        above = value > self.minimum if self.open_minimum else value >= self.minimum
        below = value < self.maximum if self.open_maximum else value <= self.maximum
        return above and below

    def range_text(self) -> str:
        """The allowed values in words, e.g. "0 to 2"."""
        if self.kind == "choice":
            return ", ".join(label for _, label in self.options)
        if self.kind == "flag":
            return "on or off"
        low = "above " * self.open_minimum + number_text(self.minimum)
        high = "below " * self.open_maximum + number_text(self.maximum)
        if self.maximum >= _WITHOUT_END:
            return f"{low} or more"
        return f"{low} to {high}"

    def value_text(self, value: Any) -> str:
        """The value as it stands in a tooltip or a menu."""
        if self.kind == "choice":
            return dict(self.options).get(value, str(value))
        if self.kind == "flag":
            return "on" if value else "off"
        return self.with_unit(number_text(value, self.step))

    def with_unit(self, text: str) -> str:
        return f"{text} {self.unit}" if self.unit else text

    def means_something(self, settings: Settings, task: str = "") -> bool:
        """Whether the field matters, given its siblings' values and the task, where that is known."""
        if task and self.only_in not in ("", task):
            return False
        return all(getattr(settings, name) in values for name, values in self.only_for.items())

    def tooltip(self) -> str:
        """The idea in one sentence, the range and the default, as lines of plain text."""
        return f"{self.help}\nRange: {self.range_text()}. Default: {self.value_text(self.default)}."

    def read(self, text: str) -> Number:
        """The number that a person typed.

        Raises
        ------
        ValueError : with a sentence that names the field, the text and the range.
        """
        plain = text.strip().removesuffix(self.unit).strip() if self.unit else text.strip()
        plain = plain.replace("\u2212", "-").replace(" ", "")
        if plain.count(",") == 1 and "." not in plain:
            plain = plain.replace(",", ".")
        wrong = f"{self.title} must be {self._kind_text()} {self._from_text()}, not \u201c{text.strip()}\u201d."
        try:
            value: Number = float(plain)
        except ValueError:
            raise ValueError(wrong) from None
        if not math.isfinite(value):
            raise ValueError(wrong)
        if self.kind == "int":
            if value != int(value):
                raise ValueError(wrong)
            value = int(plain) if plain.lstrip("+-").isdigit() else int(value)
        if not self.allows(value):
            raise ValueError(wrong)
        return value

    def _kind_text(self) -> str:
        return "a whole number" if self.kind == "int" else "a number"

    def _from_text(self) -> str:
        return f"of {self.range_text()}" if self.maximum >= _WITHOUT_END else f"from {self.range_text()}"


def field_specs(settings: type[Settings], prefix: str, names: Iterable[str] | None = None) -> tuple[FieldSpec, ...]:
    """The fields of `settings` that a control can show, in the order of `names` or of their declaration.

    Parameters
    ----------
    prefix : the path of the settings in the document, e.g. ``"training.optimizer"``.
    """
    chosen = settings.model_fields.keys() if names is None else names
    specs = (_field_spec(name, f"{prefix}.{name}" if prefix else name, settings.model_fields[name]) for name in chosen)
    return tuple(spec for spec in specs if spec is not None)


def _field_spec(name: str, path: str, info: FieldInfo) -> FieldSpec | None:
    """The description of one field; None where it is not a choice, e.g. a discriminator or an array."""
    extra = info.json_schema_extra
    if not isinstance(extra, dict):
        return None
    kind: FieldKind
    options: tuple[tuple[str, str], ...] = ()
    if get_origin(info.annotation) is Literal:
        kind = "choice"
        labels: Any = extra.get("labels") or {}
        options = tuple((key, labels.get(key, key)) for key in get_args(info.annotation))
    elif info.annotation is bool:
        kind = "flag"
    elif info.annotation is int:
        kind = "int"
    elif info.annotation is float:
        kind = "float"
    else:
        return None
    bounds = {key: float(getattr(entry, key)) for entry in info.metadata for key in ("ge", "gt", "le", "lt")
              if hasattr(entry, key)}  # fmt: skip
    only_for: Any = extra.get("only_for") or {}
    step: Any = extra.get("step")
    return FieldSpec(
        name=name,
        path=path,
        title=info.title or name,
        help=info.description or "",
        kind=kind,
        default=info.get_default(call_default_factory=True),
        minimum=bounds.get("ge", bounds.get("gt", -math.inf)),
        maximum=bounds.get("le", bounds.get("lt", math.inf)),
        open_minimum="gt" in bounds,
        open_maximum="lt" in bounds,
        log=bool(extra.get("log")),
        step=step,
        unit=str(extra.get("unit", "")),
        options=options,
        only_for={sibling: tuple(values) for sibling, values in only_for.items()},
        only_in=str(extra.get("only_in", "")),
        advanced=bool(extra.get("advanced")),
    )


def number_text(value: Number, step: float | None = None) -> str:
    """A number with the digits it deserves: as many decimals as `step` has, else four significant ones.

    >>> number_text(0.1, 0.01), number_text(1e-05), number_text(0.03), number_text(400)
    ('0.10', '1e-5', '0.03', '400')
    """
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15 and step is None:
        return str(int(value))
    if step is not None:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        if abs(round(value, decimals) - value) < 1e-9:
            return f"{value:.{decimals}f}"
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def slider_stops(spec: FieldSpec) -> tuple[Number, ...]:
    """The values that a slider for `spec` halts at, increasing; none where a slider would be of no use."""
    if not (math.isfinite(spec.minimum) and math.isfinite(spec.maximum)) or spec.maximum >= _WITHOUT_END:
        return ()
    stops: list[Number] = _ratio_stops(spec) if spec.log else _even_stops(spec)
    return tuple(stop for stop in stops if spec.allows(stop))


def _even_stops(spec: FieldSpec) -> list[Number]:
    span = spec.maximum - spec.minimum
    step = spec.step or (1.0 if spec.kind == "int" else span / 100)
    count = math.floor(span / step + 1e-9)
    if count > _MOST_STOPS:
        return []
    if spec.kind == "int":
        return [int(spec.minimum + index * step) for index in range(count + 1)]
    decimals = 6 - math.floor(math.log10(step))
    stops: list[Number] = [round(spec.minimum + index * step, decimals) for index in range(count + 1)]
    if stops[-1] < spec.maximum:
        stops.append(spec.maximum)
    return stops


def _ratio_stops(spec: FieldSpec) -> list[Number]:
    low = spec.minimum if spec.minimum > 0 else spec.maximum / 10**_DECADES_ABOVE_ZERO
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(spec.maximum)) + 1)
    values = [float(f"{mantissa}e{decade}") for decade in decades for mantissa in _MANTISSAS]
    values = [value for value in values if low * (1 - 1e-12) <= value <= spec.maximum]
    values = sorted({spec.minimum, *values, spec.maximum})
    if spec.kind == "int":
        return [int(value) for value in values if value == int(value)]
    return list(values)
