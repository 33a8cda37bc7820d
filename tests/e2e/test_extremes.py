"""Spans at the edge of what the format can hold: kept within limits that are said, never a failure of the answer."""

from __future__ import annotations

import threading
import time

import msgpack
import pytest
import requests

from payloads import TRACE_HEADERS, error_span, post_traces, traces_body
from server import Server

CONNECTIONS = 50
LOAD_SECONDS = 5
MEMORY_BYTES_MAX = 400 * 1024 * 1024
EVENTS_PER_REQUEST_MAX = 1_000


def test_a_thousand_exceptions_of_a_trace_are_kept_and_the_rest_is_told(server: Server) -> None:
    root = error_span("many", "number 0")
    spans = [root]
    for number in range(1, EVENTS_PER_REQUEST_MAX + 200):
        spans.append(error_span("many", f"number {number}", trace_id=root["trace_id"], parent_id=root["span_id"]))
    assert post_traces(server.agent, msgpack.packb([spans])).ok
    events = server.wait_for_events("service:many", EVENTS_PER_REQUEST_MAX, 60)
    assert len(events) == EVENTS_PER_REQUEST_MAX
    assert any("200 further errors" in warning for event in events for warning in event["warnings"])


def test_a_chain_of_a_thousand_keeps_the_exception_that_escaped(server: Server) -> None:
    link = 'Traceback (most recent call last):\n  File "/srv/chain/a.py", line 3, in f\n    g()\nValueError: {}\n'
    joint = "\nThe above exception was the direct cause of the following exception:\n\n"
    span = error_span("chain", "number 999")
    span["meta"]["error.stack"] = joint.join(link.format(f"number {number}") for number in range(1000))
    assert post_traces(server.agent, traces_body(span)).ok
    (event,) = server.wait_for_events("service:chain", 1)
    messages = [exception["message"] for exception in event["exceptions"]]
    assert messages[0] == "number 0" and messages[-1] == "number 999" and len(messages) < 100
    assert any("long chain" in warning for warning in event["warnings"])


TIMES = {"before 1970": -5, "zero": 0}


@pytest.mark.parametrize("name", TIMES)
def test_an_impossible_time_loses_no_event(server: Server, name: str) -> None:
    message = f"at a time {name}"
    assert post_traces(server.agent, traces_body(error_span("clock", message, start=TIMES[name]))).ok
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = server.get("/issues", query=f'service:clock "{message}"', **{"from": "1970-01-01T00:00:00Z", "to": "2290-01-01T00:00:00Z"})
        if found["total"]:
            break
        time.sleep(0.1)
    assert found["total"] == 1


def test_odd_names_of_services_stay_one_service_each(server: Server) -> None:
    names = ["odd \x00 nul", "odd \u202e turned", "odd " + "x" * 100_000, "odd 'quoted' \"twice\"", "odd <b>bold</b>"]
    assert post_traces(server.agent, traces_body(*(error_span(name, "odd name") for name in names))).ok
    server.wait_for_events('"odd name"', len(names))
    services = {issue["service"] for issue in server.issues('"odd name"')}
    assert len(services) == len(names)
    assert max(len(service) for service in services) <= 25_000


def test_ten_thousand_tags_are_cut_and_the_event_stays(server: Server) -> None:
    span = error_span("tagged", "with tags")
    span["meta"].update({f"key.{number}": "value" for number in range(10_000)})
    assert post_traces(server.agent, traces_body(span)).ok
    (event,) = server.wait_for_events("service:tagged", 1)
    assert 100 <= len(event["tags"]) <= 1_000
    assert event["exceptions"][0]["frames"][0]["function"] == "settle"


def test_many_connections_at_once_are_all_served_within_bounded_memory(own_server: Server) -> None:
    stop = time.monotonic() + LOAD_SECONDS
    acknowledged: set[str] = set()
    failures: list[str] = []

    def send(sender: int) -> None:
        session, number = requests.Session(), 0
        while time.monotonic() < stop:
            number += 1
            names = [f"c{sender}n{number}s{span}" for span in range(3)]
            body = traces_body(*(error_span("crowd", name) for name in names))
            try:
                answer = session.post(f"{own_server.agent}/v0.4/traces", data=body, headers=TRACE_HEADERS, timeout=30)
            except requests.RequestException as error:
                failures.append(repr(error))
                return
            if answer.status_code == 200:
                acknowledged.update(names)
            elif answer.status_code != 429:
                failures.append(f"{answer.status_code} {answer.text[:200]}")

    senders = [threading.Thread(target=send, args=(number,)) for number in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    largest = 0
    while time.monotonic() < stop:
        largest = max(largest, own_server.memory_bytes())
        time.sleep(0.1)
    for sender in senders:
        sender.join(60)
    assert not failures, failures[:3]
    assert largest < MEMORY_BYTES_MAX, f"{largest >> 20} MiB"
    deadline = time.monotonic() + 30
    while (counted := sum(issue["count"] for issue in own_server.issues("service:crowd"))) < len(acknowledged):
        assert time.monotonic() < deadline, f"{counted} of {len(acknowledged)} events are counted"
        time.sleep(0.2)
    assert counted == len(acknowledged)
