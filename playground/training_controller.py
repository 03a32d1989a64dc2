"""Between the document, the transport and the run: what an edit means for the model that is learning."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from engine import checks
from engine.changes import Consequence, consequence
from engine.dataset import FloatArray
from engine.experiment import Experiment
from engine.generators import dataset_for
from engine.registry import LEARNERS, refits
from engine.snapshot import Snapshot
from engine.worker import Speed, Unit
from playground import choices
from playground.bridge import Bridge
from playground.document import Document

_PATIENCE_MS = 1000
"""How long the loops may take to be ready before it is said what they wait for."""


class TrainingController(QObject):
    """Starts, paces and changes the run."""

    said = Signal(str)
    snapshot_changed = Signal()
    """There is a newer snapshot, or none any more; or play was pressed."""
    cleared = Signal()
    """The curves of the old run are over."""
    series_arrived = Signal(object)
    failed = Signal(object)

    def __init__(self, document: Document, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._bridge = document, bridge
        self._snapshot: Snapshot | None = None
        self._is_fitting = False
        """Whether the run only plays as its model is fitted in one step, after another that had converged."""
        self._has_said_preparing = False
        self._preparing = QTimer(self)
        self._preparing.setSingleShot(True)
        self._preparing.setInterval(_PATIENCE_MS)
        self._preparing.timeout.connect(self._say_preparing)
        document.changed.connect(self.on_document_changed)
        document.replaced.connect(self.on_document_replaced)
        bridge.snapshot_arrived.connect(self._on_snapshot)
        bridge.series_arrived.connect(self.series_arrived)
        bridge.run_failed.connect(self._on_failed)
        bridge.run_started.connect(self._on_run_started)

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot of the current run."""
        return self._snapshot

    @property
    def waiting_to_play(self) -> bool:
        """Whether play is pressed; a run that has ended goes on when points or values let it."""
        return self._bridge.playing

    @property
    def ended(self) -> bool:
        return self._snapshot is not None and self._snapshot.outcome.final

    def begin(self) -> None:
        """Start the first run, paused unless play has been pressed already."""
        self._bridge.start(self._document.experiment, playing=self._bridge.playing)

    # -- the transport ---------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        if self.waiting_to_play and not self.ended:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        if self._is_blocked():
            return
        self._is_fitting = False
        if self.ended and self._snapshot is not None:
            status = self._snapshot.outcome.status
            if status == "converged":
                self._bridge.play()
                self.said.emit(self._snapshot.outcome.sentence)
                return
            self._bridge.start(self._document.experiment, playing=True)
            self.said.emit(f"Started again from {self._beginning}.")
            return
        self._bridge.play()
        self.said.emit("Training…")
        self.snapshot_changed.emit()

    def pause(self) -> None:
        self._bridge.pause()
        self.said.emit("Paused.")
        self.snapshot_changed.emit()

    def step(self, unit: Unit, count: int) -> None:
        if self._is_blocked():
            return
        if self.ended and self._snapshot is not None:
            self.said.emit(f"{self._snapshot.outcome.sentence} Reset to begin again.")
            return
        self._bridge.step(unit, count)
        self.snapshot_changed.emit()

    def reset(self, new_seed: bool = False) -> None:
        self._bridge.pause()
        if new_seed:
            self._document.edit(choices.with_new_seed(self._document.experiment), "New seed")
            return
        self._bridge.start(self._document.experiment, playing=False)
        self.said.emit(f"Back at {self._beginning}.")

    def set_speed(self, speed: Speed) -> None:
        self._bridge.set_speed(speed)

    def touch(self, kind: Literal["move", "add", "remove"], index: int, place: FloatArray) -> None:
        """A hand has moved, added or removed a centre of the model, at a place (2,) of the stage."""
        if self.ended:  # what was said of the end is so no longer
            self.said.emit("Training…" if self.waiting_to_play else "Play or step goes on from here.")
        self._bridge.touch(kind, index, place)

    def _complaint(self) -> checks.Complaint | None:
        experiment = self._document.experiment
        return checks.blocking(experiment, dataset_for(experiment))

    def _is_blocked(self) -> bool:
        complaint = self._complaint()
        if complaint is not None:
            self.said.emit(complaint.sentence)
        return complaint is not None

    # -- edits -----------------------------------------------------------------------------------------------------

    def on_document_replaced(self) -> None:
        """Nothing that was learned is about the experiment that has been opened; it waits for play."""
        self._bridge.pause()
        self._bridge.start(self._document.experiment, playing=False)

    def on_document_changed(self, old: Experiment, new: Experiment) -> None:
        before, after = dataset_for(old), dataset_for(new)
        result = consequence(old, new, before, after)
        if len(after.points) == 0:
            self._bridge.pause()  # points drawn later are another story
        if result.kind == "restart" or (result.kind == "live" and self._has_failed()):
            goes_on = checks.blocking(old, before) is not None or self._goes_on(new, result)
            self._bridge.start(new, playing=self._bridge.playing and goes_on)
        elif old != new:
            self._bridge.change(new)
        complaint = checks.blocking(new, after)
        if complaint is not None:  # why play is refused is more than what the edit was
            self.said.emit(complaint.sentence)
        elif result.sentence and (result.kind == "restart" or (self.waiting_to_play and not self.ended)):
            self.said.emit(result.sentence)

    def _goes_on(self, new: Experiment, result: Consequence) -> bool:
        """Whether the run of `new` plays if the one before it did.

        A run that has come to its end does not begin again unasked: one that had nothing left to learn does so with
        other settings, and with another model or data set only where that takes but one step.
        """
        if not (self._has_converged or self._is_fitting):
            return not self.ended
        self._is_fitting = refits(new.learner)
        return self._is_fitting or not result.is_another

    @property
    def _has_converged(self) -> bool:
        return self._snapshot is not None and self._snapshot.outcome.status == "converged"

    def _has_failed(self) -> bool:
        return self._snapshot is not None and self._snapshot.outcome.status in ("failed", "diverged")

    # -- the run ---------------------------------------------------------------------------------------------------

    def _on_run_started(self, run_id: int) -> None:
        self._snapshot = None
        self.cleared.emit()
        self.snapshot_changed.emit()

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        before, self._snapshot = self._snapshot, snapshot
        if snapshot.preparing:
            if not self._preparing.isActive() and not self._has_said_preparing:
                self._preparing.start()
        else:
            self._preparing.stop()
            if self._has_said_preparing:
                self.said.emit("Ready.")
                self._has_said_preparing = False
        if snapshot.device_note and (before is None or before.device_note != snapshot.device_note):
            self.said.emit(snapshot.device_note)
        if before is not None and not snapshot.playing and not self._bridge.playing and snapshot.step != before.step:
            self.said.emit(_counted(snapshot, self._document.experiment))
        # A model that is fitted in one step ends anew with each setting that is changed.
        has_ended = snapshot.outcome.final and (before is None or before.outcome != snapshot.outcome)
        # What blocks the experiment as it is now is said by the window; this snapshot may be of an older one.
        if has_ended and self._complaint() is None:
            self.said.emit(snapshot.outcome.sentence)
        self.snapshot_changed.emit()

    @property
    def _beginning(self) -> str:
        by_gradients = LEARNERS[self._document.experiment.learner.kind].own_losses is None
        return "the first weights" if by_gradients else "the beginning"

    def _say_preparing(self) -> None:
        """Loops that are only read from disk are there before anyone has read a sentence about them."""
        if self._snapshot is not None and self._snapshot.preparing:
            self._has_said_preparing = True
            self.said.emit(
                "Compiling the training loops for this machine: once, about twenty seconds. Torch trains meanwhile."
            )

    def _on_failed(self, failure: object) -> None:
        self.failed.emit(failure)
        self.snapshot_changed.emit()


def _counted(snapshot: Snapshot, experiment: Experiment) -> str:
    """How far a run has come: in epochs of several steps, or in whatever the steps of its model are called."""
    name = LEARNERS[experiment.learner.kind].epoch
    if name == "epoch":
        return f"Step {snapshot.step:,}, epoch {snapshot.epoch:,}."
    return f"{name.capitalize()} {snapshot.epoch:,}."
