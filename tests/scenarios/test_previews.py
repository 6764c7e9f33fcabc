"""The first rotation is told beforehand, without a restless status."""

from datetime import timedelta

from support.world import SPEC, World

HOUR = timedelta(hours=1)
YOUNG = timedelta(days=1)


def test_an_adopted_client_tells_at_once_who_would_be_restarted() -> None:
    world = World(age=YOUNG)
    world.process().reconcile()
    assert world.status()["preview"]["wouldRestart"] == ["Deployment/web"]
    assert world.cognito.adds == []


def test_observe_tells_it_too() -> None:
    world = World(spec={**SPEC, "policy": "Observe"})
    world.process().reconcile()
    assert world.status()["preview"]["wouldRestart"] == ["Deployment/web"]


def test_the_namespace_is_read_about_once_an_hour_and_status_written_when_it_changes() -> None:
    world = World(age=YOUNG)
    process = world.process()
    process.reconcile()
    told, read = world.faults.count("resources.status"), world.faults.count("workloads.consumers")
    world.run_for(process, 24 * HOUR)
    assert world.faults.count("resources.status") == told
    assert world.faults.count("workloads.consumers") <= read + 24
    world.workloads.deploy_for_test("jobs")
    world.run_for(process, 2 * HOUR)
    assert world.faults.count("resources.status") == told + 1
    assert world.status()["preview"]["wouldRestart"] == ["Deployment/jobs", "Deployment/web"]


def test_a_restart_keeps_the_preview_and_reads_nothing_at_once() -> None:
    world = World(age=YOUNG)
    world.process().reconcile()
    before, read = world.status()["preview"], world.faults.count("workloads.consumers")
    world.process().reconcile()
    assert world.status()["preview"] == before
    assert world.faults.count("workloads.consumers") == read


def test_when_the_first_rotation_has_begun_there_is_nothing_to_preview() -> None:
    world = World(age=YOUNG)
    process = world.process()
    process.reconcile()
    world.request_rotation("now")
    process.reconcile()
    assert "preview" not in world.status()
    world.run_until_rest(process)
    world.run_for(process, 3 * HOUR)
    assert "preview" not in world.status()
