"""What the model panel wishes becomes edits of the document."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.clustering import MOST_CLUSTERS
from engine.dataset import FloatArray, Task
from engine.edits import replaced
from engine.experiment import Experiment
from engine.learners.hierarchical import Hierarchical
from engine.learners.lda_projection import LinearDiscriminants
from engine.learners.pca import PrincipalComponents
from engine.registry import LEARNERS, unsupervised_task
from engine.snapshot import Snapshot
from playground import choices
from playground.data_controller import edit_by_path
from playground.document import Document
from playground.handing_on import learning_from_found
from playground.training_controller import TrainingController
from widgets.model_panel import ModelPanel


class ModelController(QObject):
    """Hears the model panel; edits the document."""

    said = Signal(str)
    """A sentence for the status bar."""

    def __init__(self, document: Document, panel: ModelPanel, training: TrainingController, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._training = document, training
        panel.edited.connect(self.on_edited)
        panel.task_chosen.connect(self.on_task_chosen)
        panel.learner_chosen.connect(self.on_learner_chosen)
        panel.learn_from_found.clicked.connect(self.learn_from_found)

    def on_centre_touched(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        """A hand is at the centres: before the first step it says where they begin, later it acts on the run."""
        snapshot, experiment = self._training.snapshot, self._document.experiment
        if snapshot is None or snapshot.model is None:
            return
        if isinstance(experiment.learner, PrincipalComponents | LinearDiscriminants):
            if kind == "move":
                self._turn(experiment, snapshot, place)
            return
        titles = {"move": "Move a centre", "add": "Add a centre", "remove": "Remove a centre"}
        if snapshot.step == 0:
            changed = choices.with_centre(experiment, snapshot.model, kind, index, place)
            self._document.edit(changed, titles[kind], merge_key="centres" if kind == "move" else "")
            return
        k = len(snapshot.model.state.centres)
        if kind != "move" and not 1 <= k + (1 if kind == "add" else -1) <= MOST_CLUSTERS:
            return
        self._training.touch(kind, index, place)
        if kind != "move":
            k = getattr(experiment.learner, "k", k) + (1 if kind == "add" else -1)
            if 1 <= k <= MOST_CLUSTERS:
                self._document.edit(replaced(experiment, "learner.k", k), titles[kind])

    def _turn(self, experiment: Experiment, snapshot: Snapshot, place: FloatArray) -> None:
        """The tip of the first direction is at `place`; a run that has gone on begins again from there."""
        assert snapshot.model is not None
        z = snapshot.model.features_on_stage(np.asarray(place, np.float64)[None])[0] - snapshot.model.state.mean
        length = float(np.linalg.norm(z))
        if not length > 0:
            return
        if snapshot.step > 0:
            self._training.reset()
        if len(z) == 2:
            values: dict[str, object] = {"angle": round(float(np.degrees(np.arctan2(z[1], z[0]))), 1)}
        else:
            values = {"direction": tuple(round(float(each), 5) for each in z / length)}
        changed = {"found": "power_iteration", **values}
        turned = experiment.model_copy(update={"learner": experiment.learner.model_copy(update=changed)})
        self._document.edit(turned, "Turn the direction", merge_key="learner.angle")

    def on_edited(self, path: str, value: object, final: bool) -> None:
        if path.startswith("view.plane."):
            self._document.edit(choices.with_plane(self._document.experiment, path, value), "Plane", merge_key=path)
            return
        if path in ("learner.height", "learner.k") and isinstance(self._document.experiment.learner, Hierarchical):
            changed = choices.with_cut(self._document.experiment, path, value)
            self._document.edit(changed, "Cut the tree", merge_key=path)
            if final:
                self._document.end_merge()
            return
        edit_by_path(self._document, path, value, final)

    def on_pair_chosen(self, horizontal: str, vertical: str) -> None:
        """Look at the points by two of their features."""
        self._document.edit(choices.with_pair(self._document.experiment, horizontal, vertical), "Plane")

    @property
    def has_found(self) -> bool:
        """Whether the model has found groups or scores that another could learn from."""
        snapshot, experiment = self._training.snapshot, self._document.experiment
        judged = None if snapshot is None else snapshot.judged
        if judged is None or judged.model is None or unsupervised_task(experiment.learner) is None:
            return False
        if judged.model.experiment.learner.kind != experiment.learner.kind:
            return False
        return judged.prediction.labels is None or judged.model.state.step > 0

    def learn_from_found(self) -> None:
        """Make data for the next model of what this one has found, or say why there is nothing."""
        snapshot, experiment = self._training.snapshot, self._document.experiment
        if snapshot is None or snapshot.judged is None:
            return
        try:
            changed = learning_from_found(experiment, snapshot.judged)
        except ValueError as refused:  # nothing found yet, or more than a table can hold
            self.said.emit(str(refused))
            return
        is_clustering = choices.learned_task(experiment) == "clustering"
        self._document.edit(changed, "Clusters as classes" if is_clustering else "Scores as inputs")
        title = LEARNERS[changed.learner.kind].title
        what = "The clusters are classes now" if is_clustering else "The scores are the inputs now"
        self.said.emit(f"{what}, for the next model: {title[:1].lower()}{title[1:]}. Undo brings the last one back.")

    def on_task_chosen(self, task: str) -> None:
        chosen = cast(Task, task)
        titles: dict[Task, str] = {
            "classification": "Classify", "regression": "Regress", "clustering": "Cluster", "projection": "Project"
        }  # fmt: skip
        title = titles[chosen]
        self._document.edit(choices.with_task(self._document.experiment, chosen), title)

    def on_learner_chosen(self, kind: str) -> None:
        self._document.edit(choices.with_learner(self._document.experiment, kind), f"Model: {LEARNERS[kind].title}")
