"""Points and their parts: identity, edits that copy, and shares that hold."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import Dataset, Part, Points, frozen_array, rows_in_common, split

THREE = Points(np.array([[0, 0], [1, 2], [3, 4]]), np.array([0, 1, 1]))


def test_points_are_read_only_copies() -> None:
    X = np.zeros((2, 2), np.float32)
    points = Points(X, np.zeros(2))
    X[0, 0] = 9
    assert points.X[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        points.X[0, 0] = 1


def test_a_frozen_array_is_not_copied_again() -> None:
    array = frozen_array([1.0, 2.0], np.float32)
    assert frozen_array(array, np.float32) is array
    assert frozen_array(array, np.float64) is not array


@pytest.mark.parametrize(
    ("X", "y", "ids"),
    [
        (np.zeros((2, 2)), np.zeros(3), ()),
        (np.zeros(2), np.zeros(2), ()),
        (np.array([[np.nan, 0]]), np.zeros(1), ()),
        (np.zeros((1, 2)), np.array([np.inf]), ()),
        (np.zeros((2, 2)), np.zeros(2), (5, 5)),
        (np.zeros((2, 2)), np.zeros(2), (5, 3)),
        (np.zeros((2, 2)), np.zeros(2), ((1,), (2,))),
    ],
)
def test_points_that_make_no_sense_are_refused(X: Any, y: Any, ids: Any) -> None:
    with pytest.raises(ValueError, match=r"points need|finite number|must be increasing"):
        Points(X, y, np.array(ids, np.int64))


def test_added_points_get_new_ids_after_the_last() -> None:
    more = THREE.erasing(np.array([1])).adding(np.array([[5, 6]]), np.array([0]))
    assert more.ids.tolist() == [0, 2, 3]
    assert more.X.tolist() == [[0, 0], [3, 4], [5, 6]]
    assert Points.empty(2).adding(np.array([[1, 1]]), np.array([1])).ids.tolist() == [0]
    assert len(THREE) == 3


def test_moving_and_relabelling_leave_the_original_as_it_was() -> None:
    moved = THREE.moving(np.array([0]), np.array([[9, 9]]), np.array([1]))
    assert moved.X[0].tolist() == [9, 9]
    assert moved.y[0] == 1
    assert THREE.X[0].tolist() == [0, 0]
    assert THREE.relabelling(np.array([1, 2]), 0).y.tolist() == [0, 0, 0]


def test_edits_refuse_what_no_point_can_have_and_their_results_are_read_only() -> None:
    for edit in (
        lambda: THREE.adding(np.array([[np.nan, 0]]), np.array([0])),
        lambda: THREE.moving(np.array([0]), np.array([[np.inf, 0]])),
        lambda: THREE.relabelling(np.array([0]), np.nan),
    ):
        with pytest.raises(ValueError, match="finite number"):
            edit()
    with pytest.raises(ValueError, match="2 inputs cannot take points of 1"):
        THREE.adding(np.zeros((1, 1)), np.zeros(1))
    for edited in (
        THREE.erasing(np.array([0])),
        THREE.moving(np.array([0]), np.ones((1, 2))),
        THREE.relabelling(np.array([0]), 1),
    ):
        assert not any(array.flags.writeable for array in (edited.X, edited.y, edited.ids))


def test_equal_points_are_equal_and_hash_alike() -> None:
    twin = Points(THREE.X.copy(), THREE.y.copy())
    assert twin == THREE
    assert hash(twin) == hash(THREE)
    assert twin != THREE.relabelling(np.array([0]), 1)
    assert THREE != "points"


@given(st.integers(0, 500), st.floats(0, 0.5), st.floats(0, 0.4), st.integers(0, 2**31 - 1))
def test_shares_hold_within_two_points_everywhere(n: int, validation: float, test: float, seed: int) -> None:
    parts = split(np.arange(n), validation, test, seed)
    counts = np.bincount(parts, minlength=3)
    blocks = -(-n // 20)
    assert counts.sum() == n
    for part, share in ((Part.TEST, test), (Part.VALIDATION, validation)):
        full = parts[: n // 20 * 20]
        assert abs((full == part).sum() - share * len(full)) <= 2 * max(blocks, 1)


@given(st.sets(st.integers(0, 300), min_size=1), st.integers(0, 100))
def test_a_point_keeps_its_part_however_many_others_come_and_go(ids: set[int], seed: int) -> None:
    everyone = split(np.arange(301), 0.2, 0.3, seed)
    some = np.array(sorted(ids))
    np.testing.assert_array_equal(split(some, 0.2, 0.3, seed), everyone[some])


def test_another_seed_splits_otherwise_and_nothing_held_out_trains_all() -> None:
    ids = np.arange(200)
    assert (split(ids, 0.0, 0.3, 0) != split(ids, 0.0, 0.3, 1)).any()
    assert (split(ids, 0.0, 0.0, 0) == Part.TRAIN).all()


def test_a_data_set_knows_its_rows_and_sizes() -> None:
    dataset = Dataset(THREE, "classification", np.array([0, 2, 0], np.int8), ("A", "B"))
    assert dataset.rows(Part.TRAIN).tolist() == [0, 2]
    assert dataset.rows(Part.VALIDATION).tolist() == []
    assert (dataset.n_inputs, dataset.n_classes) == (2, 2)


_FAR = 2**61
_some_ids = st.sets(st.integers(0, 60) | st.integers(_FAR, _FAR + 5)).map(sorted)


@given(_some_ids, _some_ids)
def test_rows_in_common_are_those_of_the_same_identity(old: list[int], new: list[int]) -> None:
    found = rows_in_common(np.array(old, np.int64), np.array(new, np.int64))
    both = sorted(set(old) & set(new))
    assert found[0].tolist() == [old.index(each) for each in both]
    assert found[1].tolist() == [new.index(each) for each in both]


@given(st.sets(st.integers(0, 300_000), min_size=30, max_size=60), st.integers(0, 100))
def test_the_parts_of_many_points_are_those_of_each_alone(ids: set[int], seed: int) -> None:
    spread = np.array(sorted(ids))
    together = split(np.arange(300_001), 0.2, 0.3, seed)
    assert split(spread, 0.2, 0.3, seed).tolist() == together[spread].tolist()
    assert split(spread[:1], 0.2, 0.3, seed).tolist() == together[spread[:1]].tolist()


def test_a_data_set_counts_its_points_by_part_and_class() -> None:
    rng = np.random.default_rng(0)
    y, parts = rng.integers(0, 3, 500), rng.integers(0, 3, 500).astype(np.int8)
    points = Points(np.zeros((500, 2)), y.astype(np.float64))
    counts = Dataset(points, "classification", parts, ("A", "B", "C")).counts
    assert counts.tolist() == [[int(((parts == p) & (y == c)).sum()) for c in range(3)] for p in Part]
    assert Dataset(points, "regression", parts).counts.tolist() == [[int((parts == p).sum())] for p in Part]
