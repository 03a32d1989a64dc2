"""Wrong arguments: one sentence, exit code 2, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.edits import set_values
from engine.files import load_experiment, save_experiment
from tests.playground.command_line import Say, refused

# -- wrong arguments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rnu {moons}", ("no command and no file 'rnu'", "did you mean 'run'?")),
        ("xyzzy", ("no command and no file 'xyzzy'", "render")),
        ("{folder}/none.playground", ("no file", "none.playground")),
        ("{folder}", ("no file", "{folder}")),
        ("{moons} --jsno", ("--jsno",)),
        ("run", ("FILE",)),
        ("run {folder}/none.playground", ("none.playground", "no such file")),
        ("run {folder}", ("{folder}", "folder")),
        ("run {moons} --epochs -3", ("--epochs", "-3 is less than 0")),
        ("run {moons} --epochs ten", ("--epochs", "'ten' is not a whole number")),
        ("run {moons} --seed -1", ("--seed", "-1")),
        ("run {moons} --seed 99999999999", ("training.seed", "99999999999")),
        ("run {moons} --device tpu", ("--device", "tpu", "cuda")),
        ("run {moons} --predict {moons}", ("--predict", "--out", "together")),
        ("run {moons} --predict {folder}/none.csv --out {folder}/p.csv", ("no file", "none.csv")),
        ("run {moons} --predict {points} --out {folder}/none/p.csv", ("no folder", "none")),
        ("run {moons} --predict {points} --out {folder}", ("is a folder",)),
        ("run {moons} --set learner.kind=tsne --predict {points} --out {folder}/p.csv", ("t-SNE", "no rule", "pca")),
        ("run {moons} --frobnicate", ("--frobnicate",)),
        ("render {moons}", ("-o",)),
        ("render {moons} -o {folder}/figure.bmp", ("figure.bmp", ".png, .svg or .pdf")),
        ("render {moons} -o {folder}/none/figure.png", ("no folder", "none")),
        ("render {moons} -o {folder}/figure.png --theme blue", ("--theme", "blue", "dark")),
        ("render {moons} -o {folder}/figure.png --scale 9", ("--scale", "9")),
        ("render {moons} -o {folder}/figure.png --epochs 1 --what projection", ("no scores", "choose a projection")),
        (
            "render {tsne} -o {folder}/figure.png --epochs 1 --what reconstruction",
            ("no reconstruction", "learner.kind=pca"),
        ),
        ("schema more", ("more",)),
    ],
)
def test_wrong_arguments_are_answered_in_one_sentence(
    line: str, words: tuple[str, ...], say: Say, moons: Path, tmp_path: Path
) -> None:
    points = tmp_path / "points.csv"
    points.write_text("0,1\n", "utf-8")
    tsne = tmp_path / "tsne.playground"
    save_experiment(tsne, set_values(load_experiment(moons), {"learner.kind": "tsne"}))
    names = {"moons": moons, "tsne": tsne, "folder": tmp_path, "points": points}
    sentence = refused(say(*line.format(**names).split()))
    for word in words:
        assert word.format(**names) in sentence
    assert not (tmp_path / "figure.png").exists()


def test_a_figure_that_cannot_be_written_is_said(
    say: Say, moons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    figure = tmp_path / "figure.png"
    code, _, err = say("render", moons, "-o", figure, "--epochs", 1)
    assert code == 2
    assert str(figure) in err
    assert "No space left on device" in err
    assert [path.name for path in tmp_path.iterdir()] == ["moons.playground"]


def test_points_that_the_model_cannot_take_are_said(say: Say, moons: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x1,x2\n1,2\n3,abc\n", "utf-8")
    code, _, err = say("run", moons, "--epochs", 1, "--predict", points, "--out", tmp_path / "out.csv")
    assert code == 2
    for word in ("points.csv", "row 3", "x2", "abc"):
        assert word in err
    assert not (tmp_path / "out.csv").exists()


def test_an_experiment_that_cannot_start_is_explained(say: Say, moons: Path) -> None:
    sentence = refused(say("run", moons, "--set", "training.loss.kind=zero_one"))
    assert sentence.startswith("training.loss.kind: Zero-one loss is flat")
