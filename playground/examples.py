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


CLUSTERS = (
    Example("k-means", "k-means", "Step through it: points choose, centres move."),
    Example("k-means-local-minimum", "k-means in a local minimum", "Play, then drag one of two that share a blob."),
    Example("k-means-no-clusters", "k-means without clusters", "See Choosing k: the gap statistic finds none."),
    Example("k-means-unequal", "k-means on unequal blobs", "Step: part of the wide cloud is given away."),
    Example(
        "k-means-digits", "k-means on digits", "Ten clusters of pictures; Confusion compares them with the digits."
    ),
    Example("k-means-knee", "k-means: how many clusters?", "Open Choosing k: where is the knee? Click it."),
    Example("k-means-principal-plane", "k-means on iris", "Four features on two principal components, and every pair."),
    Example("k-medoids", "k-medoids", "A medoid is one of the points: drag one, and it goes from point to point."),
    Example("gaussian-mixture", "Gaussian mixture", "Long clouds that k-means would cut across."),
    Example("dbscan", "DBSCAN on rings", "Grown from point to point; hover to see the circle."),
    Example("hierarchical", "Hierarchical clustering", "Play, then drag the cut in the Dendrogram."),
    Example("mean-shift", "Mean shift", "Step: every point walks uphill; where they meet is a cluster."),
    Example(
        "spectral",
        "Spectral clustering on moons",
        "Step: a graph, its eigenvectors (see Choosing k), k-means.",
    ),
)
"""Those that find groups."""

PROJECTIONS = (
    Example("pca-turn", "A direction turned by hand", "Drag the arrow's ring, read the variance, then play."),
    Example("pca-deflation-wine", "PCA by deflation", "Wine: one component after the other; see Components."),
    Example("pca-side-by-side", "Data, projection, reconstruction", "Turn the arrow: what do the feet stand for?"),
    Example("pca-svd-digits", "PCA by SVD", "Digits: all components at once; how many are worth keeping?"),
    Example("pca-covariance-rank", "Covariance and rank", "Components, Covariance: of 64 pixels three never vary."),
    Example("pca-reconstruction-digits", "Digits from a few scores", "Open Reconstruction and move the slider."),
    Example("pca-whitening", "Whitening", "Take Whiten away and back: the cloud of scores is round with it."),
    Example("kernel-pca", "Kernel PCA on circles", "The first score tells the inner circle from the outer."),
    Example("lda-wine", "LDA on wine", "Directions that keep three growers apart; PCA does not know them."),
    Example("ica", "ICA: two mixed sources", "Play: the arrows find the sides of the parallelogram."),
    Example("mds-swiss-roll", "MDS on the Swiss roll", "Distances kept, so the roll stays rolled up."),
    Example("isomap-swiss-roll", "Isomap on the Swiss roll", "Ways along the sheet kept, so it is unrolled."),
    Example("lle-s-curve", "LLE on the S curve", "Every point by its neighbours: the sheet is laid flat."),
    Example("tsne-digits", "t-SNE on digits", "Play, and watch ten digits part that were never told apart."),
    Example("autoencoder-linear", "A linear autoencoder", "It finds the direction that PCA finds."),
    Example("autoencoder-bent", "An autoencoder that bends", "One number a point, and a curve through both moons."),
)
"""Those that find directions and maps."""

EXAMPLES = (*CLUSTERS, *PROJECTIONS)
"""Every example, in menu order."""
