"""What views show of a clustering: silhouettes, what speaks for each k, and clusters beside known classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.cluster_metrics import matched, silhouettes
from engine.clustering import UNASSIGNED
from engine.dataset import FloatArray, IntArray, mixed
from engine.snapshot import Judged

MOST_POINTS = 2_000
"""Of more points a sample is looked at: what speaks for a k, and how points sit, is seen as well in that many."""
_SEED = 20_002


@dataclass(frozen=True, eq=False)
class SilhouetteReport:
    """Silhouettes in the order in which they are drawn: cluster by cluster, in each the largest first.

    Parameters
    ----------
    values : (m,) in [-1, 1].
    clusters : (m,) whose they are.
    rows : (m,) which points these are in the data set.
    of : how many points there are in all.
    """

    values: FloatArray
    clusters: IntArray
    rows: IntArray
    of: int


def silhouette_report(judged: Judged | None) -> SilhouetteReport | None:
    """The silhouettes of the points that belong to a cluster, of very many those of a sample; None without two."""
    if judged is None or judged.model is None or judged.prediction.labels is None:
        return None
    labels, Z = judged.prediction.labels, judged.model.data.Z
    inside = np.flatnonzero(labels != UNASSIGNED)
    if len(inside) > MOST_POINTS:
        keys = mixed(judged.dataset.points.ids[judged.rows[inside]].astype(np.uint64), _SEED)
        inside = np.sort(inside[np.argsort(keys, kind="stable")[:MOST_POINTS]])
    values = silhouettes(Z[inside], labels[inside])
    if not np.isfinite(values).any():
        return None
    order = np.lexsort([-values, labels[inside]])
    return SilhouetteReport(values[order], labels[inside][order], judged.rows[inside][order], len(labels))


@dataclass(frozen=True, eq=False)
class ClassesByCluster:
    """Known classes beside the clusters that points of them are in: a confusion matrix, matched.

    Parameters
    ----------
    counts : (K, m) how many points of each class are in each cluster.
    clusters : (m,) which cluster each column is, `UNASSIGNED` for the points that are in none. Those that stand for a
        class come first, in the order of the classes.
    classes : (m,) the class that each stands for, so that the most points agree; -1 where there is none left.
    """

    counts: IntArray
    clusters: IntArray
    classes: IntArray

    def rows(self, judged: Judged, known: int, column: int) -> IntArray:
        """The rows of the data set that are of the class `known` and in the cluster of a column."""
        inside = (judged.y.astype(np.int64) == known) & (judged.prediction.labels == self.clusters[column])
        return np.asarray(judged.rows[inside])


def classes_by_cluster(judged: Judged | None) -> ClassesByCluster | None:
    """What clusters have to do with known classes; None where no classes are known, and before there is a cluster."""
    if judged is None or judged.prediction.labels is None or judged.dataset.n_classes < 2:
        return None
    labels, known = judged.prediction.labels, judged.y.astype(np.int64)
    inside = labels != UNASSIGNED
    if not inside.any() or len(np.unique(known)) < 2:
        return None
    names = matched(known[inside], labels[inside])
    clusters = sorted(np.unique(labels[inside]).tolist(), key=lambda each: (names.get(each, len(known)), each))
    clusters += [] if inside.all() else [UNASSIGNED]
    of_class = known == np.arange(judged.dataset.n_classes)[:, None]
    counts = np.stack([(of_class & (labels == cluster)).sum(axis=1) for cluster in clusters], axis=1)
    classes = [names.get(cluster, -1) for cluster in clusters]
    return ClassesByCluster(counts, np.array(clusters, np.int64), np.array(classes, np.int64))


@dataclass(frozen=True, eq=False)
class ChoiceOfK:
    """What is known of each k, one after the other from 1 on; shorter than `ks` while it is being computed.

    Parameters
    ----------
    ks : the numbers of clusters.
    objective : (m,) what the learner makes small, as a mean over the points; NaN where it says nothing of another k.
    silhouette : (m,) the mean silhouette; NaN for one cluster.
    criteria : further numbers of the learner by their names in `engine.metric_names.METRICS`, each (m,).
    gap, gap_error : (m,) the gap statistic and its standard error; NaN while it is unknown, and where a learner has no
        inertia.
    present : the k that the model on the stage is to have.
    sampled : whether only `MOST_POINTS` of the points were grouped.
    complete : whether nothing is left to be computed.
    """

    ks: IntArray
    objective: FloatArray
    silhouette: FloatArray
    criteria: dict[str, FloatArray]
    gap: FloatArray
    gap_error: FloatArray
    present: int
    sampled: bool
    complete: bool

    @property
    def by_silhouette(self) -> int | None:
        """The k with the largest mean silhouette."""
        return int(self.ks[int(np.nanargmax(self.silhouette))]) if np.isfinite(self.silhouette).any() else None

    @property
    def by_gap(self) -> int | None:
        """The smallest k whose gap is at least the next one less its standard error (Tibshirani et al. 2001)."""
        gap, error = self.gap, self.gap_error
        for index in range(len(gap) - 1):
            if np.isfinite(gap[index + 1]) and gap[index] >= gap[index + 1] - error[index + 1]:
                return int(self.ks[index])
        return None

    def least(self, name: str) -> int | None:
        """The k with the least of a criterion, such as "bic"."""
        values = self.criteria.get(name, np.empty(0))
        return int(self.ks[int(np.nanargmin(values))]) if np.isfinite(values).any() else None
