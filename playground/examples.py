"""The experiments that come along, in the order of the lectures that they are for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """One experiment in assets/experiments.

    Parameters
    ----------
    name : of its file, without the suffix.
    title : as a menu shows it.
    sentence : what there is to see.
    """

    name: str
    title: str
    sentence: str

    @property
    def path(self) -> Path:
        """Where its file is."""
        return Path(str(resources.files("assets") / "experiments" / f"{self.name}.playground"))


EXAMPLES = (
    Example("k-means", "k-means", "Step through it: points choose, centres move."),
    Example("k-means-local-minimum", "k-means in a local minimum", "Play, then drag one of two that share a blob."),
    Example("k-means-no-clusters", "k-means without clusters", "See Choosing k: the gap statistic finds none."),
    Example("k-means-unequal", "k-means on unequal blobs", "Step: part of the wide cloud is given away."),
    Example(
        "k-means-digits", "k-means on digits", "Ten clusters of pictures; Confusion compares them with the digits."
    ),
    Example("gaussian-mixture", "Gaussian mixture", "Long clouds that k-means would cut across."),
    Example("dbscan", "DBSCAN on rings", "Grown from point to point; hover to see the circle."),
    Example("hierarchical", "Hierarchical clustering", "Play, then drag the cut in the Dendrogram."),
    Example("pca-turn", "A direction turned by hand", "Drag the arrow's ring, read the variance, then play."),
    Example("pca-deflation-wine", "PCA by deflation", "Wine: one component after the other; see Components."),
    Example("pca-svd-digits", "PCA by SVD", "Digits: all components at once; how many are worth keeping?"),
)
"""Every example, in menu order."""
