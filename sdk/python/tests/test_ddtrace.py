"""Together with the current ddtrace: captures are attached to its spans."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from conftest import Programs, wait_until
from recorder import Recorder
from spans import frame_tags, received_spans, stack_frames
from test_web import FASTAPI, FLASK, gunicorn, uvicorn

CAPTURE_ID = "_dd.debug.error.exception_capture_id"
TRACED = {
    "DD_TRACE_API_VERSION": "v0.4",
    "DD_SERVICE": "shop",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
}
# Up to ddtrace 2.16 the tracer stands elsewhere.
TRACER = """
    try:
        from ddtrace.trace import tracer
    except ImportError:
        from ddtrace import tracer
"""
NESTED = (
    TRACER
    + """
    def price(order):
        return order["price"]
    def charge(order):
        with tracer.trace("charge"):
            try:
                return price(order)
            except KeyError as error:
                raise ValueError("no price") from error
    def checkout(order):
        with tracer.trace("checkout"):
            return charge(order)
    try:
        with tracer.trace("request"):
            checkout({"id": 7})
    except ValueError:
        pass
"""
)


def traced(programs: Programs, **more: str) -> dict[str, str]:
    return {**TRACED, "DD_TRACE_AGENT_URL": programs.recorder.url, **more}


def error_spans(programs: Programs) -> list[dict[str, Any]]:
    return [span for span in received_spans(programs.recorder) if "error.type" in span["meta"]]


def check_tags(span: dict[str, Any]) -> None:
    """The tags are those of ddtrace itself: each number is that of the frame in the printed traceback."""
    meta = span["meta"]
    assert meta["error.debug_info_captured"] == "true"
    assert "_reenact.skipped" not in meta
    frames, stack = frame_tags(span), stack_frames(span)
    assert frames
    for number, place in frames.items():
        assert stack[number - 1] == place, (frames, stack)
    assert all(len(meta[f"_dd.debug.error.{number}.snapshot_id"]) == 36 for number in frames)


@pytest.mark.parametrize("order", ["ddtrace within", "reenact within"])
def test_all_spans_that_an_exception_passes_carry_one_capture(programs: Programs, order: str) -> None:
    command = ["ddtrace-run", "python"] if order == "ddtrace within" else ["python"]
    if order == "ddtrace within":
        done = programs.run(NESTED, command=command, **traced(programs))
    else:
        done = programs.run_command(
            ["ddtrace-run", sys.executable, "-m", "reenact.run", sys.executable, str(programs.write(NESTED))], **traced(programs)
        )
    assert done.returncode == 0, done.stderr
    spans = error_spans(programs)
    assert sorted(span["name"] for span in spans) == ["charge", "checkout", "request"]
    for span in spans:
        check_tags(span)
        assert "price" in [function for function, _ in frame_tags(span).values()]
    assert len({span["meta"][CAPTURE_ID] for span in spans}) == 1
    assert done.events == []
    assert [one["first"] for one in done.seen] == [True, False, False]
    assert spans[0]["meta"][CAPTURE_ID].replace("-", "") == done.seen[0]["exception_id"]
    assert programs.recorder.captures()


def test_flask_under_ddtrace_makes_no_event_of_its_own(programs: Programs, port: int) -> None:
    programs.write(FLASK)
    with programs.serving(["ddtrace-run", *gunicorn(port, "app:app")], port, **traced(programs)) as get:
        assert get("/orders/0") == 500
        spans = wait_until("spans", lambda: error_spans(programs))
        for span in spans:
            check_tags(span)
        assert len({span["meta"][CAPTURE_ID] for span in spans}) == 1
        assert get("/logged") == 200
    done = programs.finished()
    assert [event["context"]["mechanism"] for event in done.events] == ["logging"]
    assert done.events[0]["context"]["trace_id"] and done.events[0]["context"]["span_id"]


def test_fastapi_under_ddtrace_makes_no_event_of_its_own(programs: Programs, port: int) -> None:
    programs.write(FASTAPI)
    with programs.serving(["ddtrace-run", *uvicorn(port, "app:app")], port, **traced(programs)) as get:
        assert get("/orders/0") == 500
        spans = wait_until("spans", lambda: error_spans(programs))
        for span in spans:
            check_tags(span)
    assert programs.finished().events == []
    assert programs.finished().seen


def test_exception_replay_of_ddtrace_is_taken_over(programs: Programs) -> None:
    done = programs.run(NESTED, command=["ddtrace-run", "python"], **traced(programs, DD_EXCEPTION_REPLAY_ENABLED="true"))
    assert done.returncode == 0, done.stderr
    for span in error_spans(programs):
        check_tags(span)
        assert "_dd.debug.error.exception_hash" not in span["meta"]
    assert programs.recorder.requests("/debugger/v2/input") == []


def test_another_exception_on_the_same_span_replaces_the_tags(programs: Programs) -> None:
    programs.run(
        TRACER
        + """
    import sys
    def deep(n):
        if n:
            deep(n - 1)
        raise KeyError(n)
    with tracer.trace("twice") as span:
        for fail in (lambda: deep(4), lambda: 1 / 0):
            try:
                fail()
            except Exception:
                span.set_exc_info(*sys.exc_info())
    """,
        command=["ddtrace-run", "python"],
        **traced(programs),
    )
    (span,) = error_spans(programs)
    assert span["meta"]["error.type"] == "builtins.ZeroDivisionError"
    check_tags(span)
    assert len(frame_tags(span)) == 2


def test_with_the_tracer_switched_off_there_are_events_of_its_own(programs: Programs) -> None:
    done = programs.run(NESTED.replace("pass", "raise"), command=["ddtrace-run", "python"], **traced(programs, DD_TRACE_ENABLED="false"))
    assert done.the_event()["context"]["mechanism"] == "excepthook", done.stderr


def test_outside_of_spans_there_are_events_of_its_own(programs: Programs) -> None:
    done = programs.run("1 / 0", command=["ddtrace-run", "python"], **traced(programs))
    context = done.the_event()["context"]
    assert context["mechanism"] == "excepthook" and "trace_id" not in context


def test_an_uncaught_exception_is_one_event_and_no_crash_report(programs: Programs) -> None:
    def crash_reports(**more: str) -> int:
        programs.observed.unlink(missing_ok=True)
        programs.recorder.received.clear()
        programs.run("1 / 0", command=["ddtrace-run", "python"], **traced(programs, **more))
        return len(programs.recorder.requests("/evp_proxy/v4/api/v2/errorsintake"))

    assert crash_reports() == 0
    assert crash_reports(REENACT_HOOKS="-excepthook") > 0


def test_a_ddtrace_that_sends_elsewhere_is_left_alone(programs: Programs) -> None:
    agent = Recorder()
    try:
        environment = {**TRACED, "DD_TRACE_AGENT_URL": agent.url, "DD_EXCEPTION_REPLAY_ENABLED": "true"}
        done = programs.run(NESTED.replace("pass", "raise"), command=["ddtrace-run", "python"], **environment)
        spans = [span for span in received_spans(agent) if "error.type" in span["meta"]]
        assert len(spans) == 3
        assert all("_dd.debug.error.exception_hash" in span["meta"] for span in spans)
        assert done.the_event()["context"]["mechanism"] == "excepthook"
        assert agent.requests("/debugger/v2/input") and not agent.captures()
    finally:
        agent.close()
