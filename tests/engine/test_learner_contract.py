"""What every learner promises, asked of each of them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from engine.clustering import UNASSIGNED
from engine.learner import Learner, TrainingData
from engine.learners import make_learner
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
from engine.learners.mlp import Layer, MultilayerPerceptron
from engine.learners.naive_bayes import NaiveBayes
from engine.learners.pca import PrincipalComponents
from engine.learners.perceptron import Perceptron
from engine.learners.random_features import RandomFeatures
from engine.learners.random_forest import RandomForest
from engine.learners.spectral import Spectral
from engine.learners.svm import SupportVectorMachine
from engine.learners.tsne import TSNE
from engine.optimizers import OPTIMIZERS
from engine.projecting import ProjectionLearner
from engine.registry import LEARNERS, own_loss
from tests.engine.dense_problems import classes, directions, groups, parted, training, values

MLP = MultilayerPerceptron(layers=(Layer(units=6), Layer(units=6, activation="relu")), dropout=0.2, skip=True)
SMALL = {"batch_size": 7, "learning_rate": 0.02}


def case(settings: Any, loss: str, data: TrainingData, name: str, optimizer: str = "adam", **how: Any) -> Any:
    return pytest.param(settings, training(loss, optimizer, **{**SMALL, **how}), data, id=name)


CASES = [
    case(LinearRegression(fit="least_squares"), "squared", values(), "least squares"),
    case(LinearRegression(fit="coordinate_descent"), "squared", values(), "coordinate descent"),
    case(LinearRegression(fit="coordinate_descent"), "squared", values(n_features=4), "lasso", l1=0.1, l2=0.05),
    case(LinearRegression(), "huber", values(), "linear, torch", path="torch"),
    case(LinearRegression(), "squared", values(n_features=1), "linear, one input", "momentum", precision="float32"),
    case(LogisticRegression(), "cross_entropy", classes(), "logistic", "sgd"),
    case(LogisticRegression(), "hinge", classes(n_classes=4), "one against the rest", "nesterov"),
    case(LogisticRegression(), "zero_one", classes(), "zero-one", "random_search"),
    case(LogisticRegression(), "zero_one", classes(), "zero-one, torch", "random_search", path="torch"),
    case(MLP, "squared", values(), "network, values", precision="float32"),
    case(KNearestNeighbours(), "cross_entropy", classes(n_classes=3), "neighbours"),
    case(KNearestNeighbours(weights="gaussian"), "squared", values(), "neighbours by weight, values"),
    case(DecisionTree(), "cross_entropy", classes(n_classes=3), "decision tree"),
    case(DecisionTree(error="absolute_error", max_depth=30), "squared", values(), "decision tree, values"),
    case(Perceptron(), "cross_entropy", classes(), "perceptron"),
    case(Perceptron(learning_rate=0.1), "cross_entropy", classes(n_classes=4), "perceptron, four classes"),
    case(RandomForest(trees=20), "cross_entropy", classes(n_classes=3), "random forest"),
    case(RandomForest(bootstrap=False), "squared", values(), "random forest, values"),
    case(GradientBoosting(trees=20), "cross_entropy", classes(), "gradient boosting"),
    case(GradientBoosting(), "cross_entropy", classes(n_classes=3), "gradient boosting, three classes"),
    case(GradientBoosting(), "squared", values(), "gradient boosting, values"),
    case(SupportVectorMachine(), "hinge", classes(), "support vectors"),
    case(SupportVectorMachine(kernel="polynomial"), "hinge", classes(n_classes=4), "support vectors, four classes"),
    case(SupportVectorMachine(kernel="linear"), "squared", values(), "support vectors, values"),
    case(NaiveBayes(), "cross_entropy", classes(n_classes=3), "naive Bayes"),
    case(DiscriminantAnalysis(), "cross_entropy", classes(n_classes=3), "linear discriminants"),
    case(DiscriminantAnalysis(covariance="per_class"), "cross_entropy", classes(), "quadratic discriminants"),
    case(GaussianProcess(), "squared", values(), "Gaussian process"),
    case(GaussianProcess(found="by_hand", kernel="matern32"), "squared", values(n_features=1), "Matérn, by hand"),
    case(RandomFeatures(), "squared", values(), "random features, values"),
    case(RandomFeatures(units=300, activation="cosine"), "cross_entropy", classes(n_classes=3), "random features"),
    case(KMeans(), "squared", groups(), "k-means"),
    case(KMeans(k=5, restarts=4, empty="drop", initialization="random_partition"), "squared", groups(), "restarts"),
    case(KMedoids(), "squared", groups(), "k-medoids"),
    case(KMedoids(k=5, method="pam", metric="manhattan", restarts=3), "squared", groups(), "best swaps"),
    case(GaussianMixture(), "squared", groups(), "Gaussian mixture"),
    case(GaussianMixture(k=4, covariance="tied", initialization="random_points"), "squared", groups(), "tied mixture"),
    case(GaussianMixture(covariance="spherical"), "squared", groups(), "spherical mixture"),
    case(DBSCAN(eps=0.3), "squared", groups(), "DBSCAN"),
    case(DBSCAN(eps=0.15, min_samples=2), "squared", groups(), "DBSCAN, many clusters"),
    case(MeanShift(bandwidth=1.5), "squared", groups(), "mean shift"),
    case(MeanShift(bandwidth=1.0, kernel="gaussian"), "squared", groups(), "mean shift, Gaussian"),
    case(Spectral(), "squared", groups(), "spectral"),
    case(Spectral(affinity="rbf", gamma=1.0, rows="random_walk"), "squared", groups(), "spectral, random walk"),
    case(Hierarchical(), "squared", groups(), "hierarchical"),
    case(Hierarchical(linkage="single", cut_by="height"), "squared", groups(n=30), "hierarchical, cut at a height"),
    case(PrincipalComponents(components=2), "squared", directions(), "principal components"),
    case(PrincipalComponents(found="svd", components=3), "squared", directions(), "principal components at once"),
    case(LinearDiscriminants(), "squared", parted(), "linear discriminants as a projection"),
    case(LinearDiscriminants(found="eigen", shrinkage=0.3), "squared", parted(n_features=2), "discriminants at once"),
    case(IndependentComponents(), "squared", directions(), "independent components"),
    case(IndependentComponents(found="symmetric", components=3), "squared", directions(), "ICA, together"),
    case(KernelPrincipalComponents(), "squared", directions(), "kernel PCA"),
    case(KernelPrincipalComponents(found="eigen", kernel="polynomial"), "squared", directions(), "kernel PCA at once"),
    case(Isomap(neighbours=6), "squared", directions(), "Isomap"),
    case(Isomap(neighbours=2, components=1), "squared", directions(), "Isomap, in pieces"),
    case(LocallyLinearEmbedding(), "squared", directions(), "LLE"),
    case(LocallyLinearEmbedding(neighbours=20, components=3), "squared", directions(), "LLE, three scores"),
    case(MultidimensionalScaling(), "squared", directions(), "scaling"),
    case(MultidimensionalScaling(start="classical", distance="manhattan"), "squared", directions(), "Manhattan"),
    case(MultidimensionalScaling(method="classical"), "squared", directions(), "scaling at once"),
    case(TSNE(perplexity=5, exaggeration=1), "squared", directions(), "t-SNE"),
    case(TSNE(exaggeration=2, components=3, start="random"), "squared", directions(), "t-SNE, random start"),
    case(Autoencoder(batch_size=7), "squared", directions(), "autoencoder"),
    case(Autoencoder(shape="linear", optimizer="gradient_descent"), "squared", directions(), "linear autoencoder"),
    *(
        case(MLP, "cross_entropy", classes(n_classes=3), f"network, {kind}, {path}", kind, path=path, schedule="cosine")
        for kind in OPTIMIZERS
        for path in ("compiled", "torch")
    ),
]
every_learner = pytest.mark.parametrize(("settings", "how", "data"), CASES)


def assert_same_bits(learner: Learner[Any], data: TrainingData, one: Any, other: Any) -> None:
    """The same in every value they hold, and in what they say: they may hold things of a library that know no `==`."""
    assert vars(one).keys() == vars(other).keys()
    for name, value in vars(one).items():
        mine, theirs = np.asarray(value), np.asarray(getattr(other, name))
        assert mine.dtype == theirs.dtype, name
        if mine.dtype != object:
            assert np.array_equal(mine, theirs), name
    said, others = (learner.predict(state, data.Z).scores for state in (one, other))
    assert np.array_equal(said, others, equal_nan=True)  # one that knows no map says nothing of new rows


def made(settings: Any, how: Any, data: TrainingData) -> Learner[Any]:
    return make_learner(settings, how, data)


def test_every_registered_learner_is_asked() -> None:
    assert {parameter.values[0].kind for parameter in CASES} == set(LEARNERS)


@every_learner
def test_the_same_seed_gives_the_same_bits(settings: Any, how: Any, data: TrainingData) -> None:
    states = []
    for _ in range(2):
        learner = made(settings, how, data)
        states.append(learner.advance(learner.init(data), data, 25))
    assert_same_bits(learner, data, *states)


@every_learner
def test_steps_taken_together_or_apart_give_the_same_bits(settings: Any, how: Any, data: TrainingData) -> None:
    learner = made(settings, how, data)
    together = learner.advance(learner.init(data), data, 31)
    apart = learner.init(data)
    for steps in (1, 9, 2, 13, 6):
        apart = made(settings, how, data).advance(apart, data, steps)
    assert_same_bits(learner, data, together, apart)
    assert learner.steps_done(together) == learner.steps_done(apart)


@every_learner
def test_inputs_and_earlier_states_stay_as_they_were(settings: Any, how: Any, data: TrainingData) -> None:
    Z, y = data.Z.copy(), data.y.copy()
    learner = made(settings, how, data)
    first = learner.init(data)
    kept = copy.deepcopy(first)
    second = learner.advance(first, data, 10)
    learner.predict(second, data.Z)
    learner.loss(second, data.Z, data.y)
    assert_same_bits(learner, data, first, kept)
    assert np.array_equal(Z, data.Z)
    assert np.array_equal(y, data.y)


@every_learner
def test_a_copy_of_a_state_goes_on_as_the_state_does(settings: Any, how: Any, data: TrainingData) -> None:
    learner = made(settings, how, data)
    state = learner.advance(learner.init(data), data, 8)
    copied = copy.deepcopy(state)
    assert_same_bits(learner, data, learner.advance(state, data, 8), learner.advance(copied, data, 8))


@every_learner
def test_read_only_inputs_of_any_type_and_layout_will_do(settings: Any, how: Any, data: TrainingData) -> None:
    Z = np.asfortranarray(data.Z)
    Z.setflags(write=False)
    learner = made(settings, how, data)
    state = learner.advance(learner.init(data), data, 5)
    other = TrainingData(Z, data.y, data.task, data.n_classes)
    assert_same_bits(learner, data, state, learner.advance(learner.init(other), other, 5))
    single = learner.predict(state, Z.astype(np.float32)).scores
    np.testing.assert_allclose(single, learner.predict(state, Z).scores, rtol=1e-4, atol=1e-4)


def badness(settings: Any, learner: Learner[Any], state: Any, data: TrainingData) -> float:
    """The mean loss; of a loss that is nowhere less than at the start, the share of mistakes; of a projection what it
    makes small, as it may know no way back from its scores.
    """
    if data.task == "projection":
        return float(state.objective)
    if own_loss(settings, data.task) != "perceptron":
        return float(learner.loss(state, data.Z, data.y).mean())
    labels = learner.predict(state, data.Z).labels
    assert labels is not None
    return float((labels != data.y).mean())


@every_learner
def test_it_learns_something_and_every_number_is_finite(settings: Any, how: Any, data: TrainingData) -> None:
    learner = made(settings, how, data)
    state = learner.init(data)
    start = badness(settings, learner, state, data)
    first = learner.advance(state, data, 1)
    if np.isinf(start) and not learner.outcome(first).final:  # it says so with the first step, which is not the last
        start = badness(settings, learner, first, data)
    state = learner.advance(state, data, 40 * learner.steps_per_epoch(data))
    assert learner.outcome(state).status in ("running", "converged")
    losses = learner.loss(state, data.Z, data.y)
    assert losses.shape == (len(data.y),)
    assert losses.dtype == np.float64
    is_one_way = isinstance(learner, ProjectionLearner) and learner.reconstructed(state, data.Z, 1) is None
    assert (np.isnan(losses) if is_one_way else np.isfinite(losses)).all()
    # Plain gradient descent with 40 small steps has only begun.
    assert badness(settings, learner, state, data) < start


@every_learner
def test_a_prediction_says_what_its_task_needs(settings: Any, how: Any, data: TrainingData) -> None:
    learner = made(settings, how, data)
    said = learner.predict(learner.advance(learner.init(data), data, 3), data.Z)
    assert said.scores.shape[0] == len(data.y)
    assert said.scores.dtype == np.float64
    if data.task == "regression":
        assert said.labels is None
        assert said.values is not None
        assert said.values.shape == data.y.shape
        return
    if data.task == "projection":
        assert said.labels is None
        assert said.values is None
        return
    assert said.labels is not None
    assert said.values is None
    n_classes = data.n_classes if data.task == "classification" else said.scores.shape[1]
    assert set(np.unique(said.labels)) <= {*range(n_classes), *([UNASSIGNED] if data.task == "clustering" else [])}
    if said.probabilities is not None:
        assert said.probabilities.shape == (len(data.y), n_classes)
        # A place of no cluster may belong to none of them at all.
        np.testing.assert_allclose(said.probabilities.sum(axis=1)[said.labels >= 0], 1.0, atol=1e-12)


@every_learner
def test_a_state_cannot_be_written_to(settings: Any, how: Any, data: TrainingData) -> None:
    learner = made(settings, how, data)
    state = learner.advance(learner.init(data), data, 3)
    for name, value in vars(state).items():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name
