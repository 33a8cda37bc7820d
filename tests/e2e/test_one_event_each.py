"""Spans that tell of the same exception, and spans that only seem to: as many events as exceptions."""

from __future__ import annotations

import msgpack

from clients import Client
from comparison import check_chain
from payloads import captured_span, error_span, post_traces
from polling import wait_until
from server import Server


def test_a_failed_background_task_is_one_event(server: Server, way: Client, start_app) -> None:
    app = start_app(way, "fastapi_app.py", f"later-{way.name}", server.agent)
    assert app.request("/later/none_attribute").status_code == 200
    server.wait_for_events(f"service:{app.service}", 1)
    app.stop()
    (event,) = server.wait_for_events(f"service:{app.service}", 1)
    check_chain(event, app.truths()[0], way.faults)
    assert event["values"]["state"] == "captured"


def test_attempts_are_events_although_the_last_one_was_captured_above(server: Server) -> None:
    """Recorded of ddtrace 4.16: it captures the first of three attempts, and again what escapes with one frame more."""
    job = captured_span("attempts", "out of stock", "escaped")
    attempts = [captured_span("attempts", "out of stock", "first"), *(error_span("attempts", "out of stock") for _ in range(2))]
    for number, attempt in enumerate(attempts):
        attempt |= {"trace_id": job["trace_id"], "parent_id": job["span_id"], "name": "attempt", "start": job["start"] + 1_000_000 * number}
    job["duration"] = 3_000_000
    assert post_traces(server.agent, msgpack.packb([[job, *attempts]])).ok
    wait_until("the events arrive", lambda: server.events("service:attempts"))
    assert len(server.events("service:attempts")) == 3


def test_a_web_framework_tells_of_one_exception_on_spans_side_by_side(server: Server) -> None:
    """Recorded of ddtrace 4.16 with Flask, for an exception that was not captured."""
    spans = web_request("side-by-side", "not captured")
    assert post_traces(server.agent, msgpack.packb([spans])).ok
    wait_until("the event arrives", lambda: server.events("service:side-by-side"))
    assert len(server.events("service:side-by-side")) == 1


def web_request(service: str, message: str) -> list[dict]:
    """The request failed without details, and what it calls survived; the exception is told by the view and by the error handler."""
    parents = {"flask.request": None, "flask.application": "flask.request", "flask.dispatch_request": "flask.application",
               "shop.view": "flask.dispatch_request", "flask.handle_user_exception": "flask.application"}  # fmt: skip
    spans = {name: error_span(service, message, name=name) for name in parents}
    for number, (name, parent) in enumerate(parents.items()):
        spans[name] |= {"trace_id": spans["flask.request"]["trace_id"], "start": spans["flask.request"]["start"] + number}
        if parent:
            spans[name]["parent_id"] = spans[parent]["span_id"]
    for name, failed in [("flask.request", 1), ("flask.application", 0)]:
        spans[name]["error"] = failed
        spans[name]["meta"] = {"language": "python"}
    spans["flask.request"]["meta"] |= {"_dd.debug.error.trace_captured": "false", "http.status_code": "500", "span.kind": "server"}
    return list(spans.values())
