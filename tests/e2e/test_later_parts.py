"""What arrives later and belongs to an event that is stored already."""

from __future__ import annotations

import json

import pytest

from clients import Client
from payloads import FIXTURES, body_of, send_recorded
from server import Server

# Recorded on a day of its own, which the server takes for the day of arrival when it is long ago.
LONG_AGO = {"from": "now-5w", "to": "now"}


def test_the_root_of_a_trace_that_comes_in_parts_completes_the_event(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "parts_app.py", "parts", server.agent, DD_TRACE_PARTIAL_FLUSH_MIN_SPANS="2")
    app.wait_for("failed")
    [early] = server.wait_for_events("service:parts", 1)
    assert early["resource"] != "nightly" and early.get("user") is None, "the root came with the first part: nothing is tested"
    app.wait_for("done")
    server.wait_for_events("service:parts resource:nightly", 1)
    [event] = server.events("service:parts")
    assert event["id"] == early["id"]
    assert event["resource"] == "nightly" and event["handled"] is True
    assert event["user"] == {"id": "customer-7"}
    assert event["exceptions"][-1]["message"] == "item 3 is broken"


def test_the_end_of_a_process_and_its_span_are_one_event(own_server: Server) -> None:
    issues = recorded_crash(own_server)
    assert [(issue["type"], issue["count"], issue["has_values"]) for issue in issues] == [("RuntimeError", 1, True)]


def test_the_end_of_a_process_takes_the_resource_of_its_span(own_server: Server) -> None:
    (issue,) = recorded_crash(own_server)
    event = own_server.get(f"/issues/{issue['id']}/events", **LONG_AGO)["events"][0]
    event = own_server.get(f"/events/{event['id']}")
    assert (event["operation"], event["resource"]) == ("web.request", "GET /x")


def recorded_crash(own_server: Server) -> list[dict]:
    """The client reports it before it sends the span and the values. Gives the issues."""
    directory = FIXTURES / "4.16-crash"
    sent = set()
    for request in json.loads((directory / "requests.json").read_text())["requests"]:
        kind = request["path"].split("?")[0].rsplit("/", 1)[-1]
        if kind in ("errorsintake", "input", "traces"):
            send_recorded(own_server.agent, {**request, "body": body_of(directory / request["body_file"])})
            sent.add(kind)
    assert sent == {"errorsintake", "input", "traces"}
    return own_server.get("/issues", **LONG_AGO)["issues"]
