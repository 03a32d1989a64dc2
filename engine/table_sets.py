"""The tables that come along: the small sets that scikit-learn ships, none of which needs a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.table_columns import Columns, Kind
from engine.table_data import TableData


@dataclass(frozen=True)
class TableSet:
    """One bundled table as a gallery shows it.

    Parameters
    ----------
    name, title, sentence : the key, the label on screen, and what there is to learn.
    loader : the function of `sklearn.datasets`.
    target : what the predicted column is called.
    classes : whether the targets are classes.
    """

    name: str
    title: str
    sentence: str
    loader: str
    target: str
    classes: bool = True


TABLE_SETS: dict[str, TableSet] = {
    entry.name: entry
    for entry in (
        TableSet("iris", "Iris", "Three species of iris by four measures of their flowers; 150 rows.",
                 "load_iris", "species"),
        TableSet("wine", "Wine", "Three growers of one region by 13 chemical measures of their wines; 178 rows.",
                 "load_wine", "grower"),
        TableSet("breast_cancer", "Breast cancer", "Malignant or benign by 30 measures of cell nuclei; 569 rows.",
                 "load_breast_cancer", "diagnosis"),
        TableSet("digits", "Digits", "Ten handwritten digits as pictures of 8 by 8 pixels; 1,797 rows.",
                 "load_digits", "digit"),
        TableSet("diabetes", "Diabetes", "How diabetes went on within a year, by ten measures; 442 rows.",
                 "load_diabetes", "progression", classes=False),
        TableSet("linnerud", "Linnerud", "Weight, waist and pulse of twenty men, and how they exercise.",
                 "load_linnerud", "Weight", classes=False),
    )
}  # fmt: skip
"""Every bundled table, in menu order."""


@lru_cache(maxsize=len(TABLE_SETS))
def bundled_table(name: str) -> TableData:
    """The bundled table `name`; loading scikit-learn for the first one takes a second.

    Raises
    ------
    KeyError
        If there is none of that name.

    Examples
    --------
    >>> bundled_table("iris").columns.values.shape
    (5, 150)
    """
    entry = TABLE_SETS[name]
    from sklearn import datasets

    options: dict[str, Any] = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, entry.loader)(**options)
    inputs = np.asarray(bunch.data, np.float64).T
    targets = np.asarray(bunch.target, np.float64).reshape(inputs.shape[1], -1).T
    names = [str(each) for each in bunch.feature_names]
    labels = [str(each) for each in bunch.target_names] if entry.classes else []
    target_names = [entry.target] if len(targets) == 1 else [str(each) for each in bunch.target_names]
    kinds: list[Kind] = ["numerical"] * len(names)
    kinds += ["nominal" if entry.classes else "numerical"] * len(targets)
    columns = Columns(
        (*names, *target_names),
        tuple(kinds),
        np.concatenate([inputs, targets]),
        (*(() for _ in names), *(tuple(labels) for _ in targets)),
    )
    features = tuple(names) if len(targets) > 1 else ()
    return TableData(title=entry.title, columns=columns, target=target_names[0], features=features)
