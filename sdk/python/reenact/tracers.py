"""Asks the tracers that are in the process, if any, what is active; imports none."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_spans_carry_events = True


def ddtrace_tracer() -> Any:
    """ddtrace's tracer when it is loaded and switched on."""
    for name in ("ddtrace.trace", "ddtrace"):
        tracer = getattr(sys.modules.get(name), "tracer", None)
        if tracer is not None:
            return tracer if getattr(tracer, "enabled", True) else None
    return None


def ddtrace_span() -> Any:
    """The ddtrace span that is active in this thread or task."""
    tracer = ddtrace_tracer()
    return tracer.current_span() if tracer is not None else None


def attach_to_ddtrace(wanted: bool) -> None:
    """Says whether spans of ddtrace carry events."""
    global _spans_carry_events
    _spans_carry_events = wanted


def carrying_span() -> Any:
    """The active ddtrace span, if it will carry the event of an exception that leaves it."""
    return ddtrace_span() if _spans_carry_events else None


def active_ids() -> tuple[int, int] | None:
    """Trace id (128 bit) and span id of the active span of ddtrace, else of OpenTelemetry."""
    span = ddtrace_span()
    if span is not None:
        return int(span.trace_id), int(span.span_id)
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or not hasattr(trace, "get_current_span"):
        return None
    context = trace.get_current_span().get_span_context()
    if context is None or not context.is_valid:
        return None
    return int(context.trace_id), int(context.span_id)
