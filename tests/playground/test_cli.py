"""The command line, as a person types it: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.dataset import Task
from engine.edits import set_values
from engine.experiment import DrawnData, Experiment, GeneratedData
from engine.files import load_experiment, save_experiment
from engine.generators import generate
from engine.learners.k_means import KMeans as KMeansSettings
from engine.learners.pca import PrincipalComponents
from engine.registry import LEARNERS
from tests.playground.command_line import Say, printed, refused

# -- run ---------------------------------------------------------------------------------------------------------------


def test_run_prints_one_object(say: Say, moons: Path) -> None:
    result = printed(say("run", moons, "--epochs", 5, "--json"))
    assert result["outcome"] == "stopped"
    assert (result["epoch"], result["step"]) == (5, 5 * 3)  # 42 training points in batches of 20
    assert set(result["metrics"]) == set(result["losses"]) == {"train", "test"}
    assert set(result["metrics"]["train"]) == {"loss", "accuracy"}
    assert result["losses"]["test"] == result["metrics"]["test"]["loss"]["value"] > 0
    assert 0 < result["metrics"]["test"]["accuracy"]["half_width_95"] < 1
    assert result["seconds"] > 0
    assert result["epochs_per_second"] == pytest.approx(5 / result["seconds"])
    assert (result["device"], result["path"], result["device_note"]) == ("cpu", "compiled", "")


def test_run_prints_sentences_without_json(say: Say, moons: Path) -> None:
    code, out, err = say("run", moons, "--epochs", 5)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Stopped after 5 epochs, as asked."
    assert lines[1].strip().startswith("train: loss 0.")
    assert "accuracy" in lines[2]
    assert "±" in lines[2]


def test_a_closed_form_says_that_it_is_one(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "plane.playground"
    values = {"data.generator": "linear", "learner.kind": "linear_regression", "learner.fit": "least_squares",
              "training.loss.kind": "squared"}  # fmt: skip
    save_experiment(path, set_values(Experiment(), values))
    result = printed(say("run", path, "--json"))
    assert (result["outcome"], result["path"], result["epoch"]) == ("converged", "closed form", 1)
    assert result["coefficients"]["features"] == ["x"]
    assert set(result["metrics"]["test"]) == {"loss", "rmse", "mae", "r2"}


def test_without_a_stop_condition_it_ends_by_itself(say: Say, moons: Path) -> None:
    assert printed(say("run", moons, "--json"))["epoch"] == 200
    assert printed(say("run", moons, "--json", "--set", "training.stop.max_epochs=7"))["epoch"] == 7
    early = printed(say("run", moons, "--json", "--set", "training.stop.patience=3"))
    assert "Stopped early" in early["sentence"]


def test_a_perceptron_ends_where_no_line_parts_the_classes(say: Say, moons: Path) -> None:
    found = printed(say("run", moons, "--set", "learner.kind=perceptron", "--set", "data.noise=0.4", "--json"))
    assert (found["outcome"], found["epoch"]) == ("stopped", 200)


def test_no_epochs_train_nothing(say: Say, moons: Path) -> None:
    for more in ([], ["--set", "training.stop.patience=3"]):
        result = printed(say("run", moons, "--epochs", 0, "--json", *more))
        assert (result["outcome"], result["epoch"], result["step"]) == ("running", 0, 0)


def test_a_seed_decides_the_numbers(say: Say, moons: Path) -> None:
    first, again, other = (
        printed(say("run", moons, "--epochs", 3, "--json", "--seed", seed))["losses"] for seed in (4, 4, 5)
    )
    assert first == again
    assert first["train"] != other["train"]


def test_set_changes_what_the_file_says(say: Say, moons: Path) -> None:
    result = printed(
        say("run", moons, "--epochs", 2, "--json", "--set", "learner.kind=logistic_regression",
            "--set", "training.path=torch", "--set", "data.n_points=30")
    )  # fmt: skip
    assert result["path"] == "torch"
    assert len(result["coefficients"]["intercepts"]) == 2
    assert load_experiment(moons).learner.kind == "mlp"  # the file itself stays as it is


def test_a_misspelt_path_is_answered_with_the_right_one(say: Say, moons: Path) -> None:
    sentence = refused(say("run", moons, "--set", "training.optimizer.learnin_rate=0.1"))
    assert "training.optimizer.learnin_rate" in sentence
    assert "training.optimizer.learning_rate" in sentence


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("training.optimizer.learning_rate=1000", ("training.optimizer.learning_rate", "1000", "100")),
        ("data.n_points=0", ("data.n_points", "0", "1")),
        ("data.n_points=many", ("data.n_points", "many", "whole number")),
        ("training.optimizer.kind=adma", ("training.optimizer.kind", "adma", "adam")),
        ("learner.layers=8,5000", ("learner.layers.1.units", "5000", "1,024")),
        ("learning_rate", ("path=value", "learning_rate")),
        ("=3", ("path=value",)),
    ],
)
def test_a_wrong_value_is_named_with_its_field_and_range(
    assignment: str, words: tuple[str, ...], say: Say, moons: Path
) -> None:
    sentence = refused(say("run", moons, "--set", assignment))
    for word in words:
        assert word in sentence


def test_a_diverged_run_is_a_result(say: Say, moons: Path) -> None:
    values = ["--set", "training.optimizer.kind=gradient_descent", "--set", "training.optimizer.learning_rate=100",
              "--set", "learner.layers=8,8", "--set", "learner.layers.0.activation=relu",
              "--set", "learner.layers.1.activation=relu", "--set", "training.loss.kind=squared"]  # fmt: skip
    result = printed(say("run", moons, "--epochs", 500, "--json", *values))
    assert result["outcome"] == "diverged"
    assert f"Diverged at step {result['step']:,}" in result["sentence"]
    assert "learning rate" in result["sentence"]
    assert result["epoch"] < 500


def test_a_missing_gpu_is_said(say: Say, moons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = printed(say("run", moons, "--epochs", 1, "--device", "cuda", "--json"))
    assert result["device"] == "cpu"
    assert result["device_note"] == "No CUDA GPU was found, so the CPU is used."
    code, out, _ = say("run", moons, "--epochs", 1, "--device", "cuda")
    assert code == 0
    assert "No CUDA GPU was found" in out


def test_predictions_are_written(say: Say, moons: Path, tmp_path: Path) -> None:
    points, predictions = tmp_path / "points.csv", tmp_path / "predictions.csv"
    points.write_text("x1,x2\n-0.5,0.75\n0.25,-1\n2,2\n", "utf-8")
    code, _, _ = say("run", moons, "--epochs", 5, "--predict", points, "--out", predictions)
    assert code == 0
    rows = list(csv.DictReader(predictions.read_text("utf-8").splitlines()))
    assert [(row["x1"], row["x2"]) for row in rows] == [("-0.5", "0.75"), ("0.25", "-1.0"), ("2.0", "2.0")]
    for row in rows:
        shares = {name: float(row[f"p({name})"]) for name in ("A", "B")}
        assert sum(shares.values()) == pytest.approx(1)
        assert row["predicted"] == max(shares, key=lambda name: shares[name])


def test_a_table_of_points_is_an_experiment_too(say: Say, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("x1,x2,label\n" + "".join(f"{i % 7},{i % 5},{'ab'[i % 7 > 3]}\n" for i in range(40)), "utf-8")
    result = printed(say("run", table, "--epochs", 20, "--json"))
    assert result["epoch"] == 20


# -- render ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_render_writes_a_figure(suffix: str, theme: str, say: Say, moons: Path, tmp_path: Path) -> None:
    figure = tmp_path / f"figure{suffix}"
    code, out, err = say("render", moons, "-o", figure, "--epochs", 2, "--theme", theme, "--scale", 1)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"Wrote {figure}"
    content = figure.read_bytes()
    assert content.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF-"}[suffix])
    if suffix == ".png":
        picture = QImage(str(figure))
        assert (picture.width(), picture.height()) == (960, 720)
        assert (picture.pixelColor(2, 2).lightness() > 128) == (theme == "light")


def test_render_draws_curves(say: Say, moons: Path, tmp_path: Path) -> None:
    figure = tmp_path / "both.png"
    assert say("render", moons, "-o", figure, "--epochs", 2, "--what", "both", "--scale", 1)[0] == 0
    assert QImage(str(figure)).height() == 720 + 320


# -- what there is -----------------------------------------------------------------------------------------------------


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def assert_described(schema: dict[str, Any], node: dict[str, Any], value: Any, where: str = "") -> None:
    """Every field of a file is in the schema, with a type that it has."""
    node = resolved(schema, node)
    if "discriminator" in node:
        tag = node["discriminator"]["propertyName"]
        node = resolved(schema, {"$ref": node["discriminator"]["mapping"][value[tag]]})
    if isinstance(value, dict):
        assert node.get("type") == "object", where
        for name, inside in value.items():
            assert name in node["properties"], f"{where}.{name}"
            assert_described(schema, node["properties"][name], inside, f"{where}.{name}")
        return
    kinds: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "null": type(None),
    }
    if "const" in node:
        assert value == node["const"], where
        return
    allowed = [str(resolved(schema, each)["type"]) for each in node.get("anyOf", [node])]
    assert any(isinstance(value, kinds[kind]) for kind in allowed), (where, value, allowed)


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        set_values(Experiment(), {"data.generator": "sine", "learner.kind": "linear_regression"}),
        Experiment(data=DrawnData(points=generate(GeneratedData(n_points=5)))),
    ],
    ids=["default", "linear", "drawn"],
)
def test_the_schema_describes_files(experiment: Experiment, say: Say, tmp_path: Path) -> None:
    schema = printed(say("schema"))
    assert schema["title"] == "Experiment"
    path = tmp_path / "one.playground"
    save_experiment(path, experiment)
    written = json.loads(path.read_text("utf-8"))
    del written["format"]
    assert_described(schema, schema, written)


def test_the_learners_are_listed(say: Say) -> None:
    rows = printed(say("learners", "--json"))["learners"]
    assert [row["kind"] for row in rows] == list(LEARNERS)
    for row in rows:
        assert row["settings"]["properties"]["kind"]["const"] == row["kind"]
        assert set(row["tasks"]) <= set(get_args(Task))
    _, out, _ = say("learners")
    assert [line.split()[0] for line in out.splitlines()] == list(LEARNERS)


def test_the_doctor_reports(say: Say) -> None:
    report = printed(say("doctor", "--json"))
    assert report["python"] == ".".join(map(str, sys.version_info[:3]))
    code, out, _ = say("doctor")
    assert code == 0
    assert report["python"] in out


# -- without a display -------------------------------------------------------------------------------------------------


def in_a_process(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "playground", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root), "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_display_the_figure_is_written_instead(moons: Path, tmp_path: Path) -> None:
    done = in_a_process(moons, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no display" in done.stdout
    figure = tmp_path / "playground-figure.png"
    assert str(figure) in done.stdout
    assert QImage(str(figure)).width() == 1920


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "playground", "schema"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)},
            stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


# -- open --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [[], ["open"]])
def test_the_window_is_told_where_its_validation_is_computed(
    say: Say, moons: Path, monkeypatch: pytest.MonkeyPatch, first: list[str]
) -> None:
    asked: list[tuple[Path | None, str]] = []

    def window(file: Path | None, cluster: str) -> int:
        asked.append((file, cluster))
        return 0

    monkeypatch.setattr("playground.app.without_display", lambda: False)
    monkeypatch.setattr("playground.app.run_application", window)
    assert say(*first, "--cluster", "tcp://10.0.0.5:8786") == (0, "", "")
    assert say(*first, "--cluster", "tcp://10.0.0.5:8786", moons) == (0, "", "")
    assert say(*first, moons)[0] == 0
    assert asked == [(None, "tcp://10.0.0.5:8786"), (moons, "tcp://10.0.0.5:8786"), (moons, "")]


def test_clusters_are_printed_and_new_points_are_put_into_them(say: Say, tmp_path: Path) -> None:
    from sklearn.cluster import KMeans
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import StandardScaler

    settings = [
        "--set",
        "learner.kind=k_means",
        "--set",
        "preparation.scaling=standardize",
        "--set",
        "learner.restarts=10",
    ]
    code, out, _ = say("run", "iris", *settings, "--json")
    assert code == 0
    found = json.loads(out)
    clusters = found["clusters"]
    Z = StandardScaler().fit_transform(load_iris().data)
    best = KMeans(3, n_init=50, random_state=0).fit(Z)
    assert found["metrics"]["all"]["inertia"]["value"] == pytest.approx(best.inertia_, rel=1e-4)
    assert clusters["objective"] == pytest.approx(best.inertia_ / 150, rel=1e-4)
    assert sorted(clusters["sizes"].values()) == sorted(np.bincount(best.labels_).tolist())
    assert len(clusters["labels"]) == 150
    assert np.trace(clusters["confusion"]["counts"]) > 110
    assert clusters["confusion"]["stands_for"] == clusters["confusion"]["classes"]
    assert np.sum(clusters["confusion"]["counts"], axis=0).tolist() == [
        clusters["sizes"][str(cluster)] for cluster in clusters["confusion"]["clusters"]
    ]
    places = np.array(clusters["centres"]["places"])
    assert 4 < places[:, 0].mean() < 7  # centimetres of a sepal, not standard deviations
    assert "evaluation" not in found
    points = tmp_path / "points.csv"
    points.write_text("x1,x2\n-0.5,-0.5\n0.5,0.5\n")
    target, experiment = tmp_path / "out.csv", tmp_path / "blobs.playground"
    save_experiment(experiment, Experiment(data=GeneratedData(generator="blobs"), learner=KMeansSettings(k=4)))
    assert say("run", experiment, "--predict", points, "--out", target)[0] == 0
    first, second = (line.split(",")[2] for line in target.read_text().splitlines()[1:])
    assert {first, second} < {f"Cluster {number}" for number in range(1, 5)}
    assert first != second


def test_directions_are_printed_and_new_points_are_projected(say: Say, tmp_path: Path) -> None:
    from sklearn.datasets import load_wine
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    values = ("learner.kind=pca", "learner.found=svd", "learner.components=3", "preparation.scaling=standardize")
    code, out, _ = say("run", "wine", *(part for value in values for part in ("--set", value)), "--json")
    assert code == 0
    found = json.loads(out)["components"]
    reference = PCA(3).fit(StandardScaler().fit_transform(load_wine().data))
    np.testing.assert_allclose(found["explained_variance_ratio"][:3], reference.explained_variance_ratio_, atol=1e-5)
    np.testing.assert_allclose(np.abs(found["directions"]), np.abs(reference.components_), atol=1e-3)
    assert np.shape(found["scores"]) == (178, 3)
    points, target, experiment = tmp_path / "points.csv", tmp_path / "out.csv", tmp_path / "axis.playground"
    points.write_text("x1,x2\n-0.5,-0.5\n0.5,0.5\n")
    save_experiment(experiment, Experiment(data=GeneratedData(generator="correlated"), learner=PrincipalComponents()))
    assert say("run", experiment, "--predict", points, "--out", target)[0] == 0
    rows = target.read_text().splitlines()
    assert rows[0] == "x1,x2,t1"
    first, second = (float(row.split(",")[2]) for row in rows[1:])
    assert first < 0 < second


def test_discriminants_of_a_table_are_printed_with_their_weights(say: Say) -> None:
    from sklearn.datasets import load_iris
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    values = ("learner.kind=lda_projection", "learner.found=eigen", "training.precision=float64",
              "preparation.scaling=none")  # fmt: skip
    code, out, _ = say("run", "iris", *(part for value in values for part in ("--set", value)), "--json")
    assert code == 0
    found = json.loads(out)["components"]
    Z, y = load_iris(return_X_y=True)
    reference = LinearDiscriminantAnalysis().fit(Z, y)
    np.testing.assert_allclose(np.abs(found["directions"]), np.abs(reference.scalings_.T), rtol=1e-4)
    np.testing.assert_allclose(np.abs(found["scores"]), np.abs(reference.transform(Z)), atol=1e-4)
    assert len(found["features"]) == 4


def test_an_embedding_prints_where_each_row_has_its_place(say: Say) -> None:
    values = ("learner.kind=tsne", "learner.steps=300", "preparation.scaling=standardize")
    code, out, _ = say("run", "iris", *(part for value in values for part in ("--set", value)), "--json")
    assert code == 0
    result = json.loads(out)
    places = np.array(result["components"]["scores"])
    assert places.shape == (150, 2)
    setosa, others = places[:50], places[50:]
    gap = np.linalg.norm(setosa[:, None] - others[None], axis=2).min()
    assert gap > np.linalg.norm(setosa[:, None] - setosa[None], axis=2).mean() / 2
    assert result["metrics"]["all"]["kl"]["value"] < 0.3


def test_what_is_all_noise_says_so(say: Say) -> None:
    code, out, _ = say("run", "iris", "--set", "learner.kind=dbscan", "--set", "learner.eps=0.02", "--json")
    assert code == 0
    assert json.loads(out)["metrics"]["all"]["noise"]["value"] > 0.9
