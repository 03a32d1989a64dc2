"""Which learners there are and what each is for; those without targets have tables of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.dataset import UNSUPERVISED, Task
from engine.learner_entry import LearnerEntry
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
from engine.unlabelled_entries import CLUSTERINGS, PROJECTIONS

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
        *CLUSTERINGS,
        *PROJECTIONS,
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
