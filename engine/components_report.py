"""What views show of principal components: how much each explains, and of which features it is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.dataset import FloatArray
from engine.snapshot import Judged


@dataclass(frozen=True, eq=False)
class ComponentsReport:
    """All components that there are, whether they have been found yet or not.

    Parameters
    ----------
    variances : (p,) along each, the largest first.
    loadings : (p, p), a row a component: its weight for each feature.
    features : what the features are called.
    wanted : how many the model looks for.
    found : how many of them it has found.
    covariance : (p, p) of the features, that of the population.
    """

    variances: FloatArray
    loadings: FloatArray
    features: tuple[str, ...]
    wanted: int
    found: int
    covariance: FloatArray

    @property
    def rank(self) -> int:
        """In how many directions the points vary at all: of how many components they are made.

        A variance counts if it is more than the largest times p times the spacing of numbers in double precision.
        """
        largest = float(self.variances.max(initial=0.0))
        least = largest * len(self.variances) * float(np.finfo(np.float64).eps)
        return int(np.count_nonzero(self.variances > least))

    def left_by(self, components: int) -> FloatArray:
        """The covariance (p, p) without what lies along the first `components`: deflated so many times."""
        kept = self.loadings[:components]
        return np.asarray(self.covariance - kept.T @ (self.variances[:components, None] * kept))

    @property
    def shares(self) -> FloatArray:
        """The share of the variance that each explains (p,)."""
        total = float(self.variances.sum())
        return self.variances / total if total > 0 else np.zeros(len(self.variances))


def components_report(judged: Judged | None) -> ComponentsReport | None:
    """The components of the points of a principal component analysis; None of another model, and without points."""
    from engine.learners.pca import PcaLearner

    model = None if judged is None else judged.model
    if model is None or not isinstance(model.learner, PcaLearner) or len(model.data.Z) == 0:
        return None
    variances, loadings = model.learner.spectrum(model.data)
    covariance = model.learner.covariance(model.data)
    return ComponentsReport(
        variances, loadings, model.features.names, model.learner.wanted, model.state.found, covariance
    )
