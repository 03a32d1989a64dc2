"""Which learners there are and what each is for: the one table a new learner is added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from engine.dataset import UNSUPERVISED, Task
from engine.learners.autoencoder import Autoencoder
from engine.learners.dbscan import DBSCAN
from engine.learners.decision_tree import DecisionTree
from engine.learners.discriminant import DiscriminantAnalysis
from engine.learners.gaussian_mixture import GaussianMixture
from engine.learners.gaussian_process import GaussianProcess
from engine.learners.gradient_boosting import GradientBoosting
from engine.learners.hierarchical import Hierarchical
from engine.learners.ica import IndependentComponents
from engine.learners.isomap import Isomap
from engine.learners.k_means import KMeans
from engine.learners.k_medoids import KMedoids
from engine.learners.kernel_pca import KernelPrincipalComponents
from engine.learners.knn import KNearestNeighbours
from engine.learners.lda_projection import LinearDiscriminants
from engine.learners.linear_regression import LinearRegression
from engine.learners.lle import LocallyLinearEmbedding
from engine.learners.logistic_regression import LogisticRegression
from engine.learners.mds import MultidimensionalScaling
from engine.learners.mean_shift import MeanShift
from engine.learners.mlp import MultilayerPerceptron
from engine.learners.naive_bayes import NaiveBayes
from engine.learners.pca import PrincipalComponents
from engine.learners.perceptron import Perceptron
from engine.learners.random_features import RandomFeatures
from engine.learners.random_forest import RandomForest
from engine.learners.spectral import Spectral
from engine.learners.svm import SupportVectorMachine
from engine.learners.tsne import TSNE
from engine.settings import Settings

LearnerSettings = Annotated[
    LinearRegression
    | LogisticRegression
    | MultilayerPerceptron
    | KNearestNeighbours
    | DecisionTree
    | Perceptron
    | RandomForest
    | GradientBoosting
    | SupportVectorMachine
    | NaiveBayes
    | DiscriminantAnalysis
    | GaussianProcess
    | RandomFeatures
    | KMeans
    | KMedoids
    | GaussianMixture
    | DBSCAN
    | MeanShift
    | Spectral
    | Hierarchical
    | KernelPrincipalComponents
    | MultidimensionalScaling
    | Isomap
    | LocallyLinearEmbedding
    | LinearDiscriminants
    | IndependentComponents
    | PrincipalComponents
    | TSNE
    | Autoencoder,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class LearnerEntry:
    """One learner as a menu shows it.

    Parameters
    ----------
    kind, title, sentence : the key, the label on screen, and the idea.
    family : those of one family stand together in a menu.
    tasks : what it can do.
    settings : its settings; the file of that name makes the learner.
    formula : LaTeX.
    own_losses : by task, the name of the loss that it judges itself by; None where it is trained by gradients, with the
        loss, the optimizer and the penalties of the training settings.
    endless : whether its steps may go on for ever though they are its own; those trained by gradients always may.
    refits : whether one step does it all, so that a changed setting or point is fitted again at once.
    has_band : whether how sure it is, is half of what there is to see.
    most_points : the most training points that it learns from, 0 for any number; and `why_not_more`, a clause.
    live : the settings that may change while it learns, without beginning anew.
    epoch : what is counted while it learns.
    many_steps : whether its steps are hundreds that each move little, and not a few that are each worth a look.
    score : what the second curve of a projection shows of its quality.
    axis : what the scores of a projection are called, each with its number.
    has_map : whether a projection knows the scores of any point, and not only of those that it has learned from.
    has_way_back : whether a projection knows what points its scores stand for.
    colours_plane : whether how a score runs over the plane is half of what there is to see.
    has_centres : whether its clusters have centres, which can be taken in hand.
    lines : by the field of the view that hides them, what the lines between its points are called, and what they are.
    """

    kind: str
    title: str
    family: str
    tasks: tuple[Task, ...]
    settings: type[Settings]
    formula: str
    sentence: str
    own_losses: Mapping[Task, str] | None = None
    endless: bool = False
    refits: bool = False
    has_band: bool = False
    most_points: int = 0
    why_not_more: str = ""
    live: tuple[str, ...] = ()
    epoch: str = "epoch"
    many_steps: bool = False
    score: Literal["explained variance", "separation", "trustworthiness"] = "trustworthiness"
    axis: str = "score"
    has_map: bool = True
    has_way_back: bool = False
    colours_plane: bool = False
    has_centres: bool = False
    lines: Mapping[str, tuple[str, str]] = field(default_factory=dict)


_FEET = ("Feet", "Draws a line from each point to the foot of its perpendicular.")

LEARNERS: dict[str, LearnerEntry] = {
    entry.kind: entry
    for entry in (
        LearnerEntry(
            "linear_regression",
            "Linear regression",
            "linear",
            ("regression",),
            LinearRegression,
            r"h(x) = w^\top \phi(x) + b",
            "A weighted sum of the features.",
        ),
        LearnerEntry(
            "logistic_regression",
            "Logistic / softmax regression",
            "linear",
            ("classification",),
            LogisticRegression,
            r"p(y \mid x) = \mathrm{softmax}(W \phi(x) + b)_y",
            "A linear score for each class, turned into probabilities.",
        ),
        LearnerEntry(
            "perceptron",
            "Perceptron",
            "linear",
            ("classification",),
            Perceptron,
            r"w \leftarrow w + \eta \, y \, x \quad \text{if } y \, w^\top x \le 0",
            "One point at a time: where the line is wrong it moves, where it is right it stays.",
            own_losses={"classification": "perceptron"},
            endless=True,
        ),
        LearnerEntry(
            "naive_bayes",
            "Gaussian naive Bayes",
            "Gaussians",
            ("classification",),
            NaiveBayes,
            r"p(y \mid x) \propto \pi_y \prod_j \mathcal{N}(x_j;\, \mu_{yj}, \sigma_{yj}^2)",
            "A bell curve for each feature in each class, as if features were independent.",
            own_losses={"classification": "log loss"},
            refits=True,
        ),
        LearnerEntry(
            "discriminant",
            "Discriminants (LDA, QDA)",
            "Gaussians",
            ("classification",),
            DiscriminantAnalysis,
            r"p(y \mid x) \propto \pi_y \, \mathcal{N}(x;\, \mu_y, \Sigma_y)",
            "A Gaussian for each class, all of one shape (linear) or each of its own (quadratic).",
            own_losses={"classification": "log loss"},
            refits=True,
        ),
        LearnerEntry(
            "knn",
            "k-nearest neighbours",
            "neighbours and kernels",
            ("classification", "regression"),
            KNearestNeighbours,
            r"h(x) = \frac{\sum_i w_i \, y_i}{\sum_i w_i} \quad i \in N_k(x)",
            "A place is what the training points around it are.",
            own_losses={"classification": "zero-one", "regression": "squared"},
            refits=True,
        ),
        LearnerEntry(
            "svm",
            "Support vector machine",
            "neighbours and kernels",
            ("classification", "regression"),
            SupportVectorMachine,
            r"h(x) = \sum_i \alpha_i \, k(x_i, x) + b",
            "The widest street between the classes; only the points at its edges count.",
            own_losses={"classification": "hinge", "regression": "ε-insensitive"},
            refits=True,
            most_points=20_000,
            why_not_more="its solver compares every point with every other",
        ),
        LearnerEntry(
            "gaussian_process",
            "Gaussian process, kernel ridge",
            "neighbours and kernels",
            ("regression",),
            GaussianProcess,
            r"h(x) = \bar{y} + k(x)^\top (K + \sigma_n^2 I)^{-1} (y - \bar{y})",
            "All curves of a smoothness that go with the points: their mean, and how far they stray from it.",
            own_losses={"regression": "squared"},
            refits=True,
            has_band=True,
            most_points=4_000,
            why_not_more="it compares every point with every other, and solves for all at once",
        ),
        LearnerEntry(
            "decision_tree",
            "Decision tree",
            "trees",
            ("classification", "regression"),
            DecisionTree,
            r"h(x) = \sum_{\ell} c_\ell \, [x \in R_\ell]",
            "Questions about one feature at a time part the points, until those that are left are much alike.",
            own_losses={"classification": "zero-one", "regression": "squared"},
        ),
        LearnerEntry(
            "random_forest",
            "Random forest",
            "trees",
            ("classification", "regression"),
            RandomForest,
            r"h(x) = \frac{1}{T} \sum_{t=1}^{T} h_t(x)",
            "Many trees, each grown from other points and other features, and the mean of what they say.",
            own_losses={"classification": "zero-one", "regression": "squared"},
        ),
        LearnerEntry(
            "gradient_boosting",
            "Gradient boosting",
            "trees",
            ("classification", "regression"),
            GradientBoosting,
            r"h_t(x) = h_{t-1}(x) + \eta \, f_t(x)",
            "Small trees, one after the other, each grown from what those before it have left over.",
            own_losses={"classification": "log loss", "regression": "squared"},
        ),
        LearnerEntry(
            "mlp",
            "Neural network",
            "networks",
            ("classification", "regression"),
            MultilayerPerceptron,
            r"h(x) = W_L\,\varphi(\cdots \varphi(W_1 x + b_1) \cdots) + b_L",
            "Layers of neurons that bend the plane until it can be cut by a line.",
            live=("dropout",),
        ),
        LearnerEntry(
            "random_features",
            "Random features",
            "networks",
            ("classification", "regression"),
            RandomFeatures,
            r"h(x) = \sum_j w_j \, \varphi(v_j^\top x + b_j)",
            "A wide layer of neurons that is never trained, and the shortest weights of least squares upon it.",
            own_losses={"classification": "zero-one", "regression": "squared"},
            refits=True,
            most_points=5_000,
            why_not_more="it is solved in one piece",
        ),
        LearnerEntry(
            "k_means",
            "k-means",
            "centres",
            ("clustering",),
            KMeans,
            r"\min_{\mu,\,c} \; \frac{1}{n} \sum_i \lVert x_i - \mu_{c_i} \rVert^2",
            "Points go to the nearest centre, centres to the middle of their points, in turn.",
            own_losses={"clustering": "inertia per point"},
            live=("k", "centres", "restarts", "empty"),
            epoch="half-step",
            has_centres=True,
        ),
        LearnerEntry(
            "k_medoids",
            "k-medoids",
            "centres",
            ("clustering",),
            KMedoids,
            r"\min_{m,\,c} \; \frac{1}{n} \sum_i d(x_i,\, x_{m_{c_i}})",
            "As k-means, but each centre is one of the points, and distances are not squared.",
            own_losses={"clustering": "distance per point"},
            most_points=5_000,
            why_not_more="it compares every point with every other",
            live=("k", "centres", "restarts", "method"),
            epoch="half-step",
            has_centres=True,
        ),
        LearnerEntry(
            "gaussian_mixture",
            "Gaussian mixture",
            "centres",
            ("clustering",),
            GaussianMixture,
            r"p(x) = \sum_k \pi_k \, \mathcal{N}(x;\, \mu_k, \Sigma_k)",
            "Each point belongs to each of a few Gaussians to some degree, and these follow their points.",
            own_losses={"clustering": "minus log-likelihood per point"},
            live=("k", "centres", "tolerance", "variance_floor"),
            epoch="half-step",
            has_centres=True,
        ),
        LearnerEntry(
            "dbscan",
            "DBSCAN",
            "neighbours and kernels",
            ("clustering",),
            DBSCAN,
            r"\lvert \{\, j : \lVert x_i - x_j \rVert \le \varepsilon \,\} \rvert \ge m",
            "Points with enough neighbours make clusters that grow from one to the next; the rest is noise.",
            own_losses={"clustering": "share without a cluster"},
            most_points=100_000,
            why_not_more="it visits them one by one",
            live=("eps", "min_samples"),
            epoch="point",
        ),
        LearnerEntry(
            "mean_shift",
            "Mean shift",
            "neighbours and kernels",
            ("clustering",),
            MeanShift,
            r"x \leftarrow \frac{\sum_i K(x_i - x) \, x_i}{\sum_i K(x_i - x)}",
            "Every point walks uphill to where more points are; those that meet on one summit are a cluster.",
            own_losses={"clustering": "minus log density of the walkers"},
            most_points=10_000,
            why_not_more="its walkers look at all of them at every move",
            live=("bandwidth", "kernel", "members"),
            epoch="move",
            lines={"members": ("Ways", "Draws a line from where each point began to where it has walked.")},
        ),
        LearnerEntry(
            "spectral",
            "Spectral clustering",
            "neighbours and kernels",
            ("clustering",),
            Spectral,
            r"\left( I - D^{-1/2} W D^{-1/2} \right) u = \lambda \, u",
            "A graph of who is near whom, its first eigenvectors, and k-means on what they say of each point.",
            own_losses={"clustering": "inertia in the eigenspace"},
            most_points=4_000,
            why_not_more="it looks for eigenvectors of a matrix of all pairs of points",
            live=("k", "affinity", "neighbours", "gamma", "rows"),
            epoch="step",
            lines={"members": ("Graph", "Draws the edges of the graph; of all pairs the strong ones.")},
        ),
        LearnerEntry(
            "hierarchical",
            "Hierarchical clustering",
            "hierarchies",
            ("clustering",),
            Hierarchical,
            r"\min_{A \neq B} \; d(A, B) \;\Rightarrow\; A \cup B",
            "Every point alone at first, then the two nearest clusters joined, until all are one tree to be cut.",
            own_losses={"clustering": "merge height"},
            most_points=5_000,
            why_not_more="all pairs of points are compared",
            live=("cut_by", "k", "height"),
            epoch="merge",
        ),
        LearnerEntry(
            "pca",
            "Principal components",
            "linear projections",
            ("projection",),
            PrincipalComponents,
            r"\max_{\lVert v \rVert = 1} \; \frac{1}{n} \sum_i \left( v^\top (x_i - \bar{x}) \right)^2",
            "The directions along which the points vary most; what lies across them is given up.",
            own_losses={"projection": "reconstruction error"},
            live=("components", "angle", "direction", "whiten"),
            epoch="step",
            score="explained variance",
            axis="PC",
            lines={"residuals": _FEET},
            has_way_back=True,
        ),
        LearnerEntry(
            "lda_projection",
            "Linear discriminants (LDA)",
            "linear projections",
            ("projection",),
            LinearDiscriminants,
            r"\max_{w} \; \frac{w^\top S_B \, w}{w^\top S_W \, w}",
            "The directions along which known classes lie farthest apart for how wide they are.",
            own_losses={"projection": "ratio left over"},
            live=("components", "angle", "direction", "shrinkage"),
            epoch="step",
            score="separation",
            axis="LD",
            lines={"residuals": _FEET},
            has_way_back=True,
        ),
        LearnerEntry(
            "ica",
            "Independent components (ICA)",
            "linear projections",
            ("projection",),
            IndependentComponents,
            r"\max_{\lVert w \rVert = 1} \; \left( E[G(w^\top x)] - E[G(\nu)] \right)^2",
            "Features are taken for mixtures of independent sources: scores as far from Gaussian as can be find them.",
            own_losses={"projection": "minus negentropy"},
            epoch="step",
            axis="IC",
            has_way_back=True,
        ),
        LearnerEntry(
            "kernel_pca",
            "Kernel PCA",
            "neighbours and kernels",
            ("projection",),
            KernelPrincipalComponents,
            r"t(x) = \frac{1}{\sqrt{\lambda}} \sum_i v_i \, k(x_i, x) \quad K v = \lambda v",
            "Principal components of features that only a kernel knows of: their lines of equal score are curves.",
            own_losses={"projection": "left over among the kernel's features"},
            most_points=3_000,
            why_not_more="it compares every point with every other",
            live=("components", "ridge"),
            epoch="step",
            score="explained variance",
            many_steps=True,
            axis="PC",
            colours_plane=True,
            has_way_back=True,
        ),
        LearnerEntry(
            "mds",
            "Multidimensional scaling",
            "distances",
            ("projection",),
            MultidimensionalScaling,
            r"\min_{y} \; \sum_{i < j} \left( \lVert y_i - y_j \rVert - d(x_i, x_j) \right)^2",
            "Places that are as far apart as the points are, as well as that can be in few dimensions.",
            own_losses={"projection": "stress"},
            most_points=3_000,
            why_not_more="it compares every point with every other",
            live=("tolerance",),
            epoch="step",
            many_steps=True,
            axis="MDS",
            has_map=False,
        ),
        LearnerEntry(
            "isomap",
            "Isomap",
            "neighbour embeddings",
            ("projection",),
            Isomap,
            r"\min_{y} \; \lVert \tau(D_G) - y \, y^\top \rVert, \quad \tau(D) = -\tfrac{1}{2} J D^2 J",
            "Distances are measured along the points, from neighbour to neighbour, and then laid out flat.",
            own_losses={"projection": "residual variance"},
            most_points=3_000,
            why_not_more="it looks for the shortest ways between all of them",
            live=("neighbours", "components"),
            epoch="step",
            axis="Isomap",
            lines={"members": ("Graph", "Draws the edges between neighbours.")},
            has_map=False,
        ),
        LearnerEntry(
            "lle",
            "Locally linear embedding",
            "neighbour embeddings",
            ("projection",),
            LocallyLinearEmbedding,
            r"\min_{y} \; \frac{1}{n} \sum_i \lVert y_i - \sum_j w_{ij} \, y_j \rVert^2",
            "Each point is a weighted mean of its neighbours: places are sought that are the same means of theirs.",
            own_losses={"projection": "embedding error"},
            most_points=5_000,
            why_not_more="it looks for eigenvectors of a matrix with a row for each of them",
            live=("neighbours", "components", "regularization"),
            epoch="step",
            axis="LLE",
            lines={
                "members": ("Graph", "Draws the edges between neighbours."),
                "residuals": ("Weights", "Draws a line from each point to what its neighbours say of it."),
            },
            has_map=False,
        ),
        LearnerEntry(
            "tsne",
            "t-SNE",
            "neighbour embeddings",
            ("projection",),
            TSNE,
            r"\min_{y} \; \sum_{i \neq j} p_{ij} \ln \frac{p_{ij}}{q_{ij}}, \quad"
            r" q_{ij} \propto \frac{1}{1 + \lVert y_i - y_j \rVert^2}",
            "Points that are neighbours pull each other together, all others push; what is far apart is not to scale.",
            own_losses={"projection": "KL divergence"},
            most_points=5_000,
            why_not_more="every pair of points counts in every step",
            live=("perplexity", "rate", "learning_rate", "exaggeration", "steps"),
            epoch="step",
            many_steps=True,
            axis="t-SNE",
            has_map=False,
        ),
        LearnerEntry(
            "autoencoder",
            "Autoencoder",
            "networks",
            ("projection",),
            Autoencoder,
            r"\min_{f,\,g} \; \frac{1}{n} \sum_i \lVert x_i - g(f(x_i)) \rVert^2",
            "A network learns to give back its input through a bottleneck: what passes it are the scores.",
            own_losses={"projection": "reconstruction error"},
            endless=True,
            live=("optimizer", "learning_rate", "batch_size", "patience"),
            score="explained variance",
            many_steps=True,
            axis="code",
            colours_plane=True,
            lines={"residuals": ("Residuals", "Draws a line from each point to what the network gives back.")},
            has_way_back=True,
        ),
    )
}


def own_loss(settings: Settings, task: Task) -> str | None:
    """The loss that a learner judges itself by on `task`; None where it is chosen in the training settings."""
    losses = LEARNERS[_kind_of(settings)].own_losses
    return None if losses is None else losses.get(task, "")


def ends_by_itself(settings: Settings) -> bool:
    """Whether its steps come to an end whatever the points are."""
    entry = LEARNERS[_kind_of(settings)]
    return entry.own_losses is not None and not entry.endless


def refits(settings: Settings) -> bool:
    """Whether one step does it all with these settings."""
    at_once = getattr(settings, "fit", "") == "least_squares" or getattr(settings, "found", "") == "eigen"
    return at_once or LEARNERS[_kind_of(settings)].refits


def unsupervised_task(settings: Settings) -> Task | None:
    """What a learner that is told no targets does; None for one that is."""
    task = LEARNERS[_kind_of(settings)].tasks[0]
    return task if task in UNSUPERVISED else None


def _kind_of(settings: Settings) -> str:
    kind: str = getattr(settings, "kind")  # noqa: B009 - every learner's settings declare it
    return kind


def learners_for(task: Task) -> tuple[LearnerEntry, ...]:
    """The learners that can do `task`, in menu order."""
    return tuple(entry for entry in LEARNERS.values() if task in entry.tasks)
