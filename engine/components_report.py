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
    """

    variances: FloatArray
    loadings: FloatArray
    features: tuple[str, ...]
    wanted: int
    found: int

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
    return ComponentsReport(variances, loadings, model.features.names, model.learner.wanted, model.state.found)
