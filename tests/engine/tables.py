"""Tables to test with."""

from __future__ import annotations

import random

import numpy as np

from engine.table_columns import Columns, Kind
from engine.table_data import TableData


def quirky() -> bytes:
    """Semicolons, decimal commas, a mark of UTF-8 over Latin-1, quoted newlines, gaps, slips, a constant, dates."""
    rng = random.Random(1)
    rows = ['Größe;Gewicht;"Be\nmerkung";Stadt;Datum;fest;Note;Stufe;Ziel']
    for i in range(200):
        height = f"{rng.gauss(170, 8):.1f}".replace(".", ",")
        weight = f"{rng.gauss(70, 8):.2f}".replace(".", ",")
        weight = "k.A." if i % 20 == 3 else "ungefähr 70" if i % 20 == 7 else weight
        city, grade = rng.choice(["Köln", "Münster", "Zürich", "", "NA"]), rng.choice(["1", "2", "3", "?"])
        level, target = rng.choice(["low", "medium", "high"]), rng.choice(["ja", "nein"])
        note = f'"schön,\nhier ""{i}"""'
        rows.append(f"{height};{weight};{note};{city};{i % 28 + 1:02d}.03.2024;1;{grade};{level};{target}")
    text = "\r\n".join(rows).replace(rows[1].split(";")[0], "180,3", 1)
    return b"\xef\xbb\xbf" + text.encode("latin-1")


def with_gaps(rows: int = 120, seed: int = 3) -> TableData:
    """Two amounts and a category with gaps, an amount without, levels in an order, and two classes."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(6, rows))
    values[1] = 100 + 30 * values[1]
    values[3] = rng.integers(0, 4, rows)
    values[4] = rng.integers(0, 3, rows)
    values[5] = rng.integers(0, 2, rows)
    for column in (0, 1, 3):
        values[column, rng.random(rows) < 0.15] = np.nan
    kinds: tuple[Kind, ...] = ("numerical", "numerical", "numerical", "nominal", "ordinal", "nominal")
    categories: tuple[tuple[str, ...], ...] = (
        (), (), (), ("blue", "green", "red", "white"), ("low", "medium", "high"), ("no", "yes"),
    )  # fmt: skip
    columns = Columns(("a", "b", "c", "colour", "level", "bought"), kinds, values, categories)
    return TableData(title="gaps", columns=columns, target="bought")
