"""Exceptions outside of requests and spans, in the four ways: who sees them, and that each is one event."""

from __future__ import annotations

from clients import ALONE, ATTACHED, DDTRACE, OPENTELEMETRY, Client
from comparison import check_chain, check_values
from server import Server

# What ddtrace alone sees: a task of Celery by its span (its environment has no Celery), the end by its crash report.
SEEN = {
    DDTRACE: {"uncaught"},
    ATTACHED: {"thread", "lost_task", "logged", "celery", "uncaught"},
    OPENTELEMETRY: {"thread", "lost_task", "logged", "celery", "uncaught"},
    ALONE: {"thread", "lost_task", "logged", "celery", "uncaught"},
}
# Where each is raised.
RAISES = {"thread": "customer_city", "lost_task": "total", "logged": "explicit_cause", "celery": "parse_rate", "uncaught": "is_free"}


def test_what_fails_outside_of_requests_is_one_event_each(server: Server, way: Client, start_app) -> None:
    app = start_app(way, "jobs_app.py", f"jobs-{way.name}", server.agent)
    app.wait_for("done")
    app.stop()
    seen = SEEN[way.way]
    events = {
        next(case for case, function in RAISES.items() if function == event["exceptions"][-1]["frames"][-1]["function"]): event
        for event in server.wait_for_events(f"service:{app.service}", len(seen))
    }
    assert set(events) == seen
    assert len(server.events(f"service:{app.service}")) == len(seen), "one exception is one event"
    truths = {truth["case"]: truth for truth in app.truths()}
    for case in seen:
        event = without_outer_frames(events[case])
        check_chain(event, truths[case], way.faults)
        if way.is_ours:
            check_values(event, truths[case], way)
            assert event["handled"] is (case == "logged")


def without_outer_frames(event: dict) -> dict:
    """The frames from where the application wrote them down: those around it were not yet in the traceback."""
    for exception in event["exceptions"]:
        frames = exception["frames"]
        first = next((index for index, frame in enumerate(frames) if frame["function"] == "recorded"), 0)
        exception["frames"] = [{**frame, "index": index} for index, frame in enumerate(frames[first:])]
    return event
