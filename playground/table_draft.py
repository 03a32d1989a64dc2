"""A table while it is looked at before it is opened: what is chosen about it, and what the dialog says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from engine.experiment import Preparation
from engine.table_columns import KINDS, Columns, Kind
from engine.table_data import TableData
from engine.table_dialect import DECIMALS, ENCODINGS, SEPARATORS, Corrections, Dialect
from engine.table_preparation import problem
from engine.table_read_column import ReadColumn
from engine.table_reading import SHOWN_ROWS, Reading
from widgets.table_models import PreviewChoice, PreviewColumn, PreviewContent

KIND_TITLES: dict[Kind, str] = {
    "numerical": "Number", "ordinal": "Ordinal", "nominal": "Category", "date": "Date", "text": "Left out",
}  # fmt: skip
_CHECKED_CELLS = 500_000
"""A table up to this size is looked through for what keeps it from being learned from with every choice."""
_TARGET_AS = (("auto", "By its kind"), ("classes", "Classes"), ("numbers", "Numbers"))


@dataclass(frozen=True, eq=False)
class TableDraft:
    """One state of the dialog.

    Parameters
    ----------
    reading : what stands in the file, or in the document.
    opened : the table of the document, where it is one that is open already.
    said : what a person says about the file.
    guess : how the file was guessed to be written.
    kinds, target, target_as, features : what is chosen.
    """

    reading: Reading
    opened: TableData | None
    said: Corrections
    guess: Dialect
    kinds: dict[str, Kind] = field(default_factory=dict)
    target: str = ""
    target_as: str = "auto"
    features: frozenset[str] = frozenset()

    @classmethod
    def of_reading(cls, reading: Reading) -> TableDraft:
        """What is guessed of a file."""
        return cls(reading, None, Corrections(), reading.dialect)._guessed()

    @classmethod
    def of_data(cls, data: TableData) -> TableDraft:
        """The table that is open."""
        columns = data.columns
        read = tuple(_as_read(columns, name) for name in columns.names)
        cells = zip(*(columns.texts(name, SHOWN_ROWS) for name in columns.names), strict=True)
        title = data.title or "Table"
        reading = Reading(title, Dialect(), read, range(1, len(columns) + 1), tuple(cells), ())
        kinds = {name: data.kind_of(name) for name in columns.names}
        return cls(
            reading,
            data,
            Corrections(),
            reading.dialect,
            kinds,
            data.target,
            data.target_as,
            frozenset(data.feature_names),
        )

    def _guessed(self) -> TableDraft:
        kinds = dict(self.reading.kinds)
        target = self.reading.target(kinds)
        return replace(
            self, kinds=kinds, target=target, target_as="auto",
            features=frozenset(self.reading.features(kinds, target)),
        )  # fmt: skip

    def reread(self, reading: Reading, said: Corrections) -> TableDraft:
        """The same file, read otherwise: what was chosen about columns is guessed anew."""
        return replace(self, reading=reading, said=said)._guessed()

    def corrections(self, choice_id: str, key: str) -> Corrections:
        """What is said about the file once this is chosen, too."""
        if choice_id == "header":
            return replace(self.said, header=key == "yes")
        return replace(self.said, **{choice_id: key})  # type: ignore[arg-type]

    def with_kind(self, name: str, kind: Kind) -> TableDraft:
        """Another kind; what becomes a text is no feature, what no longer is one becomes one."""
        before = self.kinds[name]
        features = self.features
        if kind == "text":
            features -= {name}
        elif before == "text" and name != self.target:
            features |= {name}
        draft = replace(self, kinds={**self.kinds, name: kind}, features=features)
        return draft.with_target(self.reading.target(draft.kinds)) if kind == "text" and name == self.target else draft

    def with_target(self, name: str) -> TableDraft:
        """Another target; what was the target becomes a feature."""
        features = self.features - {name}
        if self.target and self.target != name and self.kinds[self.target] != "text":
            features |= {self.target}
        return replace(self, target=name, features=features)

    def with_feature(self, name: str, chosen: bool) -> TableDraft:
        return replace(self, features=self.features | {name} if chosen else self.features - {name})

    def with_all_features(self, chosen: bool) -> TableDraft:
        """Every column that can be learned from, or none."""
        able = frozenset(name for name, kind in self.kinds.items() if kind != "text" and name != self.target)
        return replace(self, features=able if chosen else frozenset())

    def data(self) -> TableData:
        """The table as it is to be opened.

        Raises
        ------
        ValueError
            If it cannot be: the sentence says why.
        """
        features = tuple(name for name in self.kinds if name in self.features)
        if self.opened is None:
            return self.reading.data(self.kinds, self.target, features, self.target_as)
        kinds = tuple((name, kind) for name, kind in self.kinds.items() if self.opened.columns.kind_of(name) != kind)
        changes = {"kinds": kinds, "target": self.target, "target_as": self.target_as, "features": ()}
        everything = self.opened.model_copy(update=changes).feature_names
        return self.opened.model_copy(update={**changes, "features": () if features == everything else features})

    def result(self) -> tuple[TableData | None, str]:
        """The table as it is to be opened, or why nothing could be learned from it."""
        if not self.features:
            return None, "No feature is chosen: check a column that the model is to see."
        try:
            data = self.data()
        except ValueError as error:
            return None, str(error)
        found = problem(data, Preparation())
        return (data, "") if found is None else (None, found.sentence.replace(" in Columns…", ""))

    def content(self) -> PreviewContent:
        """What the dialog shows."""
        reading = self.reading
        small = reading.n_rows * len(reading.columns) <= _CHECKED_CELLS
        chosen = tuple(name for name in self.kinds if name in self.features)
        return PreviewContent(
            title=f"{reading.name}: {reading.n_rows:,} rows, {len(reading.columns):,} columns",
            rows=reading.sample,
            columns=tuple(self._column(column) for column in reading.columns),
            kinds=tuple((kind, KIND_TITLES[kind]) for kind in KINDS),
            choices=() if self.opened is not None else self._choices(),
            targets=tuple(name for name, kind in self.kinds.items() if kind != "text"),
            target=self.target,
            target_as=PreviewChoice(
                "target_as", "as", "Whether the target's values are classes or numbers.", _TARGET_AS, self.target_as
            ),
            remarks=reading.remarks_on(self.kinds, chosen, self.target),
            problem=self.result()[1] if small else "",
        )

    def _column(self, column: ReadColumn) -> PreviewColumn:
        kind = self.kinds[column.name]
        is_feature = None if kind == "text" or column.name == self.target else column.name in self.features
        remark = column.remark(kind, self.reading.lines)
        if not remark and kind in ("nominal", "ordinal"):
            names = column.categories
            gap = " < " if kind == "ordinal" else ", "
            remark = gap.join(names[:6]) + (", …" if len(names) > 6 else "")
        return PreviewColumn(column.name, kind, is_feature, column.missing_as(kind), remark)

    def _choices(self) -> tuple[PreviewChoice, ...]:
        now, guess = self.reading.dialect, self.guess
        header = {"yes": "Yes", "no": "No"}
        rows = (
            ("separator", "Separator", "What stands between two cells.", SEPARATORS, now.separator, guess.separator),
            ("decimal", "Decimals", "How fractions are written.", DECIMALS, now.decimal, guess.decimal),
            ("encoding", "Encoding", "How letters are stored.", ENCODINGS, now.encoding, guess.encoding),
            ("header", "Header", "Whether the first row names the columns.", header,
             "yes" if now.header else "no", "yes" if guess.header else "no"),
        )  # fmt: skip
        return tuple(
            PreviewChoice(
                key, title, f"{tooltip} ✓ is what was guessed.",
                tuple((each, f"{label} ✓" if each == guessed else label) for each, label in options.items()),
                value,
            )
            for key, title, tooltip, options, value, guessed in rows
        )  # fmt: skip


def _as_read(columns: Columns, name: str) -> ReadColumn:
    """A column of the document as if it had been read."""
    values, categories = columns.numbers(name), columns.categories_of(name)
    if not categories:
        return ReadColumn(name, values, np.empty(0, np.int64), np.empty(0, np.int64), ())
    rows = np.flatnonzero(~np.isnan(values))
    return ReadColumn(name, np.full(len(values), np.nan), rows, values[rows].astype(np.int64), categories)
