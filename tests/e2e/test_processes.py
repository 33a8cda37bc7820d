"""Processes that a service starts, and exceptions that it survives."""

from __future__ import annotations

import secrets

import pytest

from clients import Client
from comparison import case_of, check_chain, check_values
from leaks import check_no_leak
from server import Server

ATTEMPTS = 3


def test_worker_processes_report_like_their_parent(server: Server, way: Client, start_app) -> None:
    app = start_app(way, "processes_app.py", f"workers-{way.name}", server.agent, "workers")
    app.wait_for("done")
    truths = {truth["case"]: truth for truth in app.truths()}
    assert sorted(truths) == ["fork", "forkserver", "spawn"]
    events = server.wait_for_events(f"service:{app.service}", len(truths))
    assert sorted(map(case_of, events)) == sorted(truths), "one exception is one event"
    for event in events:
        check_chain(event, truths[case_of(event)], way.faults)
        check_values(event, truths[case_of(event)], way)
    assert len({event["issue_id"] for event in events}) == 1, "the same failure is the same issue, however its process was started"


@pytest.mark.parametrize("native", ["false", "true"])
def test_recorded_exceptions_are_handled_events(own_server: Server, current_client: Client, start_app, native: str) -> None:
    secret = f"leak{secrets.token_hex(9)}"
    app = start_app(
        current_client, "processes_app.py", "recorder", own_server.agent, "recorded", secret, DD_TRACE_NATIVE_SPAN_EVENTS=native
    )
    app.wait_for("done")
    events = own_server.wait_for_events("service:recorder", ATTEMPTS)
    assert sorted(event["exceptions"][-1]["message"] for event in events) == [f"attempt {number}" for number in range(ATTEMPTS)]
    for event in events:
        assert event["handled"] is True and event["resource"] == "batch"
        assert [frame["function"] for frame in event["exceptions"][-1]["frames"]] == ["recorded"]
        assert event["tags"]["attempt"] == event["exceptions"][-1]["message"][-1]
    assert len({event["issue_id"] for event in events}) == 1
    check_no_leak(own_server, {"an attribute": secret}, visible="attempt 2")
