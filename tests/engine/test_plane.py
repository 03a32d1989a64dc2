"""The plane on which data of many inputs are looked at."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from engine.dataset import Dataset, Part, Points
from engine.experiment import PlaneSettings
from engine.plane import axes_of, on_stage, plane_of

NAMES = ("a", "b", "c", "d")


def dataset(n: int = 60, d: int = 4, seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    X = random.normal(0, 1, (n, d)) @ random.normal(0, 1, (d, d)) + 5
    parts = np.zeros(n, np.int8)
    parts[::3] = Part.TEST
    return Dataset(Points(X, random.normal(0, 1, n)), "regression", parts, (), NAMES[:d], "y")


def test_one_or_two_inputs_need_no_plane() -> None:
    flat = dataset(d=2)
    assert plane_of(flat, PlaneSettings()) is None
    assert on_stage(flat, PlaneSettings()) is flat


@pytest.mark.parametrize("standardize", [False, True])
def test_components_are_those_of_the_training_part(standardize: bool) -> None:
    data = dataset()
    train = data.X[data.rows(Part.TRAIN)].astype(float)
    scaler = StandardScaler(with_std=standardize).fit(train)
    reference = PCA(2).fit(scaler.transform(train))
    plane = plane_of(data, PlaneSettings(standardize=standardize))
    assert plane is not None
    expected = reference.transform(scaler.transform(data.X.astype(float)))
    np.testing.assert_allclose(np.abs(plane.project(data.X)), np.abs(expected), atol=1e-5)
    np.testing.assert_allclose(
        plane.lift(plane.project(data.X)),
        scaler.inverse_transform(reference.inverse_transform(expected)),
        atol=1e-5,
    )
    assert f"{100 * reference.explained_variance_ratio_.sum():.0f} %" in plane.sentence


@pytest.mark.parametrize("settings", [PlaneSettings(), PlaneSettings(kind="pair", horizontal="d", vertical="b")])
def test_what_is_lifted_lies_where_it_was(settings: PlaneSettings) -> None:
    plane = plane_of(dataset(), settings)
    assert plane is not None
    places = np.array([[0.0, 0.0], [1.5, -2.0], [-3.0, 0.25]])
    np.testing.assert_allclose(plane.project(plane.lift(places)), places, atol=1e-9)


@pytest.mark.parametrize(("rest", "held"), [("mean", np.mean), ("median", np.median)])
def test_a_pair_holds_the_others_still(rest: str, held: object) -> None:
    data = dataset()
    settings = PlaneSettings.model_validate({"kind": "pair", "horizontal": "c", "vertical": "a", "rest": rest})
    plane = plane_of(data, settings)
    assert plane is not None
    assert plane.names == ("c", "a")
    lifted = plane.lift(np.array([[7.0, -7.0]]))[0]
    train = data.X[data.rows(Part.TRAIN)].astype(float)
    still = held(train, axis=0)  # type: ignore[operator]
    np.testing.assert_allclose(lifted, [-7.0, still[1], 7.0, still[3]], rtol=1e-6)
    np.testing.assert_allclose(on_stage(data, settings).X, data.X[:, [2, 0]], rtol=1e-6)
    assert rest in plane.sentence


def test_a_row_is_held_and_counted_from_one() -> None:
    data = dataset()
    plane = plane_of(data, PlaneSettings(kind="pair", rest="row", row=4))
    assert plane is not None
    np.testing.assert_allclose(plane.lift(data.X[3:4, :2])[0], data.X[3], rtol=1e-6)
    assert "row 4" in plane.sentence


def test_names_that_are_gone_and_equal_names_fall_back_to_the_first_that_are_free() -> None:
    data = dataset()
    assert axes_of(data, PlaneSettings(kind="pair", horizontal="gone", vertical="gone")) == (0, 1)
    assert axes_of(data, PlaneSettings(kind="pair", horizontal="b", vertical="b")) == (1, 0)


def test_points_on_the_stage_keep_targets_parts_and_identities() -> None:
    data = dataset()
    shown = on_stage(data, PlaneSettings())
    assert shown.input_names == ("PC 1", "PC 2")
    assert shown.n_inputs == 2
    for name in ("y", "parts"):
        assert np.array_equal(getattr(shown, name), getattr(data, name))
    assert np.array_equal(shown.points.ids, data.points.ids)
    assert on_stage(data, PlaneSettings()) is shown


def test_constant_features_and_no_training_points_are_no_trouble() -> None:
    X = np.ones((5, 3))
    still = Dataset(Points(X, np.zeros(5)), "regression", np.full(5, Part.TEST, np.int8), (), NAMES[:3], "y")
    plane = plane_of(still, PlaneSettings())
    assert plane is not None
    assert np.isfinite(plane.project(still.X)).all()
