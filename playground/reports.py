"""What the command line says of a run that has been trained: one object, or a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.ranking import Ranking
    from engine.snapshot import Estimate, Judged, SplitMetrics
    from engine.training import Run

_MOST_VERTICES = 100
"""Of a printed curve."""


def result_of(trained: Run, seconds: float) -> dict[str, Any]:
    """Everything that is known of the run after `seconds` of training, ready for JSON."""
    snapshot = trained.snapshot()
    metrics = plain_metrics(snapshot.metrics)
    coefficients = trained.coefficients()
    result: dict[str, Any] = {
        "outcome": snapshot.outcome.status,
        "sentence": snapshot.outcome.sentence,
        "epoch": snapshot.epoch,
        "step": snapshot.step,
        "metrics": metrics,
        "losses": {part: values["loss"]["value"] for part, values in metrics.items() if "loss" in values},
        "seconds": seconds,
        "epochs_per_second": snapshot.epoch / seconds if seconds > 0 else 0.0,
        "device": snapshot.device,
        "path": snapshot.path,
        "device_note": snapshot.device_note,
    }
    judged = trained.judged()
    if judged is not None and judged.dataset.task == "clustering":
        result["clusters"] = clusters_of(judged)
    elif judged is not None and judged.dataset.task == "projection":
        result["components"] = components_of(judged)
    elif judged is not None:
        result["evaluation"] = evaluation_of(judged)
    if coefficients is not None:
        weights, intercepts = coefficients
        result["coefficients"] = {
            "features": list(trained.features.names),
            "weights": weights.T.tolist(),
            "intercepts": intercepts.tolist(),
        }
    return result


def evaluation_of(judged: Judged) -> dict[str, dict[str, Any]]:
    """All that the views under the stage show, by part, ready for JSON.

    Of a part with very many points it is about a fixed sample: `looked_at` of its `points`. ROC curves are thinned to a
    hundred vertices or so, in order of falling thresholds; those of two classes are about the second.
    """
    from engine.confusion import confusion_by_part
    from engine.ranking import rankings
    from engine.report import reports

    matrices, ranked, names = confusion_by_part(judged), rankings(judged), judged.dataset.class_names
    result: dict[str, dict[str, Any]] = {}
    for part, report in reports(judged).items():
        found: dict[str, Any] = {"points": report.total, "looked_at": report.looked_at, "metrics": {}}
        for row in report.rows:
            if row.class_index is None:
                found["metrics"][row.name] = _plain(row.estimate)
            else:
                of_class = found.setdefault("classes", {}).setdefault(names[row.class_index], {})
                of_class[row.name] = _plain(row.estimate)
        if part in matrices:
            found["confusion"] = {"classes": list(names), "counts": matrices[part].tolist()}
        if part in ranked:
            found["threshold"] = judged.threshold
            of_curves = names if len(names) > 2 else names[1:]
            found["roc"] = {name: _curve(each) for name, each in zip(of_curves, ranked[part], strict=True)}
            found["calibration"] = {name: _bins(each) for name, each in zip(of_curves, ranked[part], strict=True)}
        result[part] = found
    return result


def clusters_of(judged: Judged) -> dict[str, Any]:
    """The groups that were found, ready for JSON: the label of each point, from 0, -1 for none, and what they are like.

    Centres are in the units of the features; silhouettes are means over the points of a cluster, or of a fixed sample.
    """
    import numpy as np

    from engine.cluster_report import classes_by_cluster, silhouette_report

    labels, model = judged.prediction.labels, judged.model
    assert labels is not None
    assert model is not None
    groups = np.unique(labels[labels >= 0])
    found: dict[str, Any] = {
        "labels": labels.tolist(),
        "sizes": {int(group): int((labels == group).sum()) for group in groups},
        "objective": _finite(float(model.state.objective)),
    }
    if hasattr(model.state, "centres"):
        offset, scale = model.features.offset, model.features.scale
        centres = model.state.centres if offset is None or scale is None else model.state.centres / scale + offset
        found["centres"] = {"features": list(model.features.names), "places": centres.tolist()}
    silhouettes = silhouette_report(judged)
    if silhouettes is not None:
        found["silhouettes"] = {
            int(group): float(silhouettes.values[silhouettes.clusters == group].mean())
            for group in np.unique(silhouettes.clusters)
        }
    known = classes_by_cluster(judged)
    if known is not None:
        names = judged.dataset.class_names
        found["confusion"] = {
            "classes": list(names),
            "clusters": known.clusters.tolist(),
            "stands_for": [names[each] if each >= 0 else None for each in known.classes.tolist()],
            "counts": known.counts.tolist(),
        }
    return found


def components_of(judged: Judged) -> dict[str, Any]:
    """The scores of a projection, ready for JSON; where they are weighted sums also the weights of the features, and of
    principal components what each explains.
    """
    from engine.components_report import components_report
    from engine.projecting import ProjectionLearner

    found: dict[str, Any] = {"scores": [[_finite(score) for score in row] for row in judged.prediction.scores.tolist()]}
    model, report = judged.model, components_report(judged)
    if model is not None and isinstance(model.learner, ProjectionLearner):
        weights = model.learner.loadings(model.state)
        if weights is not None:
            found |= {"features": list(model.features.names), "directions": weights.tolist()}
    if report is not None:
        found["explained_variance_ratio"] = report.shares.tolist()
    return found


def _curve(ranking: Ranking) -> dict[str, Any] | None:
    if ranking.curve is None:
        return None
    curve = ranking.curve.thinned(_MOST_VERTICES)
    return {
        "average_precision": curve.average_precision,
        "thresholds": [_finite(float(value)) for value in curve.thresholds],
        "false_positive_rate": curve.fpr.tolist(),
        "true_positive_rate": curve.tpr.tolist(),
        "precision": curve.precision.tolist(),
    }


def _bins(ranking: Ranking) -> dict[str, Any] | None:
    found = ranking.calibration
    if found is None:
        return None
    return {"predicted": found.said.tolist(), "observed": found.happened.tolist(), "counts": found.counts.tolist()}


def plain_metrics(metrics: Mapping[str, SplitMetrics]) -> dict[str, dict[str, Any]]:
    """The metrics of each part of the data, ready for JSON."""
    return {part: {name: _plain(estimate) for name, estimate in values.items()} for part, values in metrics.items()}


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {"value": _finite(estimate.value), "half_width_95": _finite(estimate.half_width)}


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity: null instead."""
    return value if value is not None and abs(value) < float("inf") else None


def summary(trained: Run) -> str:
    """How the run ended, and the metrics of each part."""
    lines = [trained.outcome.sentence or f"Epoch {trained.epoch:,}."]
    lines += [f"{part:>10}: {metrics_text(values)}" for part, values in trained.metrics().items()]
    if trained.learner is not None and trained.learner.device_note:
        lines.append(trained.learner.device_note)
    return "\n".join(lines)


def metrics_text(metrics: SplitMetrics) -> str:
    """The metrics of one part, with commas between them."""
    from engine.metric_names import METRICS, estimate_text

    return ", ".join(f"{METRICS[name].title} {estimate_text(name, estimate)}" for name, estimate in metrics.items())
