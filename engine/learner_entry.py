"""What a menu knows of a learner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.dataset import Task
from engine.settings import Settings


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
