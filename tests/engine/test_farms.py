"""Where runs are computed: the same numbers on threads, in processes and on a cluster, and an end at any moment."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from engine.dense import compilation
from engine.edits import set_values
from engine.evaluation import Job, Result, Runs, farm_beside_a_window, grid, run_all, suited_farm
from engine.experiment import Experiment
from engine.farms import Cluster, Farm, FarmError, Processes, Threads
from engine.folds import Scheme
from engine.validation import cross_validation, ending, study_of
from tests.engine.local_cluster import local_cluster
from tests.engine.test_validation import NET

ENDLESS = 10**9


@pytest.fixture(scope="module")
def cluster_address() -> Iterator[str]:
    """A Dask cluster on this machine, whose worker is a process of its own."""
    with local_cluster() as address:
        yield address


def numbers(results: Runs) -> list[tuple[object, ...]]:
    return [
        (result.index, result.experiment, result.outcome, result.metrics, result.epochs)
        for result in sorted(results, key=lambda result: result.index)
    ]


def computing() -> list[multiprocessing.process.BaseProcess]:
    """The processes of farms; the cluster has its own."""
    return [process for process in multiprocessing.active_children() if process.name == "playground-runs"]


def on_threads(jobs: list[Job]) -> list[tuple[object, ...]]:
    return numbers(run_all(jobs, 20, where=Threads(2)))


def jobs() -> list[Job]:
    """A grid on folds, one of whose candidates cannot be trained."""
    candidates = grid(NET, {"training.loss.kind": ["cross_entropy", "zero_one"], "training.seed": [1, 2]})
    divisions = cross_validation(NET, Scheme(k=2), "accuracy").divisions[0]
    return [Job(experiment, division) for experiment in candidates for division in divisions]


def test_processes_give_the_numbers_of_threads() -> None:
    assert numbers(run_all(jobs(), 20, where=Processes(2))) == on_threads(jobs())


def test_a_cluster_gives_the_numbers_of_threads(cluster_address: str) -> None:
    assert numbers(run_all(jobs(), 20, where=Cluster(cluster_address))) == on_threads(jobs())


def test_a_cluster_can_be_cancelled(cluster_address: str) -> None:
    runs = run_all(grid(NET, {"training.seed": list(range(50))}), 300, where=Cluster(cluster_address))
    next(runs)
    runs.close()
    assert list(runs) == []


@pytest.mark.parametrize(
    ("says", "words"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "something else"), (b"", "hangs up"), (None, "timed out")],
)
def test_a_server_that_is_no_scheduler_is_said(says: bytes | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("engine.farms._GREETING_SECONDS", 0.5)
    server = socket.create_server(("127.0.0.1", 0))
    answered: list[socket.socket] = []

    def answer() -> None:
        line, _ = server.accept()
        answered.append(line)
        if says is not None:
            line.sendall(says)
            line.close()

    answering = threading.Thread(target=answer)
    answering.start()
    address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(FarmError, match=f"No Dask scheduler answers at '{address}': .*{words}"):
        list(run_all([NET], 3, where=Cluster(address)))
    answering.join()
    for line in (*answered, server):
        line.close()


def test_a_cluster_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("engine.farms._ANSWER_SECONDS", 1)
    with pytest.raises(FarmError, match="No Dask scheduler answers at 'tcp://127"):
        list(run_all([NET], 3, where=Cluster("tcp://127.0.0.1:9")))


def test_threads_begin_what_processes_go_on_with_and_the_numbers_are_the_same() -> None:
    """So many jobs that they take longer than processes do to begin."""
    many = jobs()[:4] * 150
    done_in: list[str] = []
    with run_all(many, 20, where=Processes(2, meanwhile=True)) as runs:
        while any(thread.name.startswith("playground-runs") for thread in threading.enumerate()):
            done_in.extend(each.name for each in computing())
            time.sleep(0.01)
        found = numbers(runs)
    assert done_in
    assert [each[1:] for each in found] == [each[1:] for each in on_threads(jobs()[:4])] * 150


@pytest.mark.parametrize("farm", [Threads(2), Processes(2), Processes(2, meanwhile=True)])
def test_cancelled_runs_say_nothing_and_leave_nothing(farm: Farm) -> None:
    runs = run_all([NET] * 5, ENDLESS, where=farm)
    time.sleep(0.1)
    runs.close()
    assert list(runs) == []
    assert not computing()


def test_processes_that_have_done_their_work_end() -> None:
    with run_all([NET] * 3, 5, where=Processes(2)) as runs:
        assert len(list(runs)) == 3
    assert not computing()


def test_a_process_that_is_killed_is_said() -> None:
    with run_all([NET], ENDLESS, where=Processes(1)) as runs:
        while not computing():
            time.sleep(0.01)
        for process in computing():
            process.kill()
        with pytest.raises(FarmError, match="has ended"):
            list(runs)


def test_compiled_loops_run_on_threads() -> None:
    many = [Job(NET)] * 100
    assert type(suited_farm(many, 2)) is Threads


def test_learners_in_python_get_processes_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.evaluation.own_loss", lambda settings, task: "zero-one loss")
    assert type(suited_farm([Job(NET)] * 100, 2)) is Processes
    assert type(suited_farm([Job(NET)] * 5, 2)) is Threads
    assert type(suited_farm([Job(NET, keeps_model=True)] * 100, 2)) is Threads


def test_beside_a_window_many_compiled_runs_are_computed_in_processes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(farm_beside_a_window([Job(NET)] * 100, 2)) is Processes
    assert type(farm_beside_a_window([Job(NET)] * 5, 2)) is Threads
    assert type(farm_beside_a_window([Job(NET, keeps_model=True)] * 100, 2)) is Threads
    monkeypatch.setattr(compilation, "takes_long", lambda precision: True)
    assert type(farm_beside_a_window([Job(NET)] * 100, 2)) is Threads


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
@pytest.mark.parametrize("farm", [Threads(1), Processes(1)])
def test_what_computes_lets_others_go_first(farm: Farm) -> None:
    with run_all([NET], ENDLESS, where=farm):
        at_work: int | None
        if isinstance(farm, Processes):
            while not computing():
                time.sleep(0.01)
            (process,) = computing()
            at_work = process.pid
        else:
            (at_work,) = (each.native_id for each in threading.enumerate() if each.name.startswith("playground-runs"))
        assert at_work is not None
        while os.getpriority(os.PRIO_PROCESS, at_work) == 0:
            time.sleep(0.01)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == 0


def test_a_process_that_cannot_be_begun_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("no more processes")

    monkeypatch.setattr(multiprocessing.context.SpawnProcess, "start", refused)
    with run_all([NET], 3, where=Processes(1)) as runs, pytest.raises(FarmError, match="no more processes"):
        list(runs)


def test_results_from_elsewhere_know_their_experiment() -> None:
    asked = grid(NET, {"training.seed": [3, 4]})
    with run_all(asked, 2, where=Processes(1)) as runs:
        assert [result.experiment.training.seed for result in sorted(runs, key=lambda each: each.index)] == [3, 4]


def test_an_experiment_without_an_end_gets_one() -> None:
    assert ending(NET, 7).training.stop.max_epochs == 7
    own = set_values(NET, {"training.stop.max_epochs": "12"})
    assert ending(own, 7) is own
    early = set_values(NET, {"training.stop.patience": "5"})
    assert ending(early, 7).training.stop.max_epochs > 1000


def test_results_of_a_study_tell_their_candidate_and_fold() -> None:
    study = study_of(cross_validation(NET, Scheme(k=3), "loss").candidates * 2, Scheme(k=3), "loss")
    assert [study.place_of(Result(index, Experiment(), None)) for index in (0, 2, 3, 5)] == [  # type: ignore[arg-type]
        (0, 0), (0, 2), (1, 0), (1, 2)
    ]  # fmt: skip
