"""OpenTelemetry: an exception that a span records is an event with that span's ids.

The span gets the attribute `reenact.exception_id`, so that it leads to the event and the values.
"""

from __future__ import annotations

import sys

from reenact import work
from reenact.capture import report
from reenact.guard import never_raise
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

EXCEPTION_ID_ATTRIBUTE = "reenact.exception_id"
SKIPPED_ATTRIBUTE = "reenact.skipped"


def watch_spans(module: ModuleType) -> None:
    """Captures what spans of the SDK record; `module` is `opentelemetry.sdk.trace`."""
    replace(module.Span, "record_exception", _around_record_exception)


def _around_record_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    def record_exception(self: Any, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__")
        _attach_to(self, args[0] if args else kwargs.get("exception"), caller)
        return original(self, *args, **kwargs)

    return record_exception


@never_raise("hook opentelemetry")
def _attach_to(span: Any, error: object, caller: object) -> None:
    if not span.is_recording():
        return
    context = span.get_span_context()
    # The libraries record what leaves a span; a call in the application's code is in an `except`.
    escapes = type(caller) is str and caller.startswith("opentelemetry.")
    details: dict[str, Any] = {"trace_id": int(context.trace_id), "span_id": int(context.span_id)}
    name = work.attribute(span, "_name")
    if work.current() is None and type(name) is str:
        details["resource"] = name
    capture = report(error, "opentelemetry", handled=not escapes, **details)
    if capture is None:
        return
    span.set_attribute(EXCEPTION_ID_ATTRIBUTE, capture.exception_id)
    if not capture.captured and capture.reason is not None and capture.first:
        span.set_attribute(SKIPPED_ATTRIBUTE, capture.reason)
