"""What the command line says of a run that has been trained: one object, or a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.snapshot import SplitMetrics
    from engine.training import Run


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
        "losses": {part: values["loss"]["value"] for part, values in metrics.items()},
        "seconds": seconds,
        "epochs_per_second": snapshot.epoch / seconds if seconds > 0 else 0.0,
        "device": snapshot.device,
        "path": snapshot.path,
        "device_note": snapshot.device_note,
    }
    if coefficients is not None:
        weights, intercepts = coefficients
        result["coefficients"] = {
            "features": list(trained.features.names),
            "weights": weights.T.tolist(),
            "intercepts": intercepts.tolist(),
        }
    return result


def plain_metrics(metrics: Mapping[str, SplitMetrics]) -> dict[str, dict[str, Any]]:
    """The metrics of each part of the data, ready for JSON."""
    return {
        part: {
            name: {"value": _finite(estimate.value), "half_width_95": _finite(estimate.half_width)}
            for name, estimate in values.items()
        }
        for part, values in metrics.items()
    }


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
    from engine.metrics import METRICS, estimate_text

    return ", ".join(f"{METRICS[name].title} {estimate_text(name, estimate)}" for name, estimate in metrics.items())
