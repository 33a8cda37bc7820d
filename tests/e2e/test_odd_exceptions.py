"""Exceptions of unusual kinds and places: each is one event with its own type, message, chain and frames."""

from __future__ import annotations

from clients import Client
from comparison import check_chain
from server import Server


def test_unusual_exceptions_arrive_as_they_were_raised(server: Server, client: Client, start_app) -> None:
    service = f"odd-{client.name}"
    app = start_app(client, "odd_app.py", service, server.agent)
    app.wait_for("done")
    truths = {truth["case"]: truth for truth in app.truths()}
    assert len(truths) > 25, sorted(truths)
    events = {event["resource"]: event for event in server.wait_for_events(f"service:{service}", len(truths))}
    assert sorted(events) == sorted(truths), "one exception is one event"
    for case, truth in truths.items():
        check_chain(events[case], truth, client.faults)


def test_different_failures_are_different_issues(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "odd_app.py", "odd-issues", server.agent)
    app.wait_for("done")
    count = len(app.truths())
    events = server.wait_for_events("service:odd-issues", count)
    # A second process, with other ids: the same failures are the same issues.
    again = start_app(current_client, "odd_app.py", "odd-issues", server.agent)
    again.wait_for("done")
    assert len(server.wait_for_events("service:odd-issues", 2 * count)) == 2 * count
    assert len({event["issue_id"] for event in events}) == count
    assert {issue["count"] for issue in server.issues("service:odd-issues")} == {2}
