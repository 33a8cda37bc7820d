"""ddtrace: the capture of an exception is attached to each span that ends with it.

ddtrace formats the error of a span in `Span.set_exc_info`, in all versions from 1.16 on. After it
the tags are written that ddtrace's own Exception Replay writes, so that a server joins the
snapshots. That product is switched off: one exception is captured once.
"""

from __future__ import annotations

from reenact.capture import attach, is_exception, is_on
from reenact.guard import never_raise
from reenact.hooks import hook_states
from reenact.patching import replace
from reenact.tracers import ddtrace_tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from reenact._native import Capture

CAPTURED_TAG = "error.debug_info_captured"
SKIPPED_TAG = "_reenact.skipped"
CAPTURE_ID_TAG = "_dd.debug.error.exception_capture_id"
FRAME_TAGS = "_dd.debug.error."


def watch_spans(module: ModuleType) -> None:
    """Attaches captures to spans; `module` is the one that defines `Span`."""
    replace(module.Span, "set_exc_info", _after_set_exc_info)


def take_over_replay(module: ModuleType) -> None:
    """Switches off ddtrace's own Exception Replay (from 2.12 on)."""
    handler = module.SpanExceptionHandler
    if getattr(handler, "_instance", None) is not None:
        # Before the method is replaced: it is unregistered by comparing it.
        handler.disable()
    replace(handler, "on_span_exception", _do_nothing)


def take_over_debugging(module: ModuleType) -> None:
    """Switches off ddtrace's own Exception Debugging (up to 2.11)."""
    replace(module.SpanExceptionProcessor, "on_span_finish", _do_nothing)


def take_over_crash_reports(module: ModuleType) -> None:
    """Leaves uncaught exceptions to the hook on `sys.excepthook`: a crash report of the same exception would be a second event."""
    if hasattr(module, "crashtracker_report_unhandled_exception"):
        replace(module, "crashtracker_report_unhandled_exception", _unless_reported)


def _unless_reported(original: Callable[..., Any]) -> Callable[..., Any]:
    def report_unhandled_exception(*args: Any, **kwargs: Any) -> Any:
        if is_on() and hook_states().get("excepthook") == "installed":
            return None
        return original(*args, **kwargs)

    return report_unhandled_exception


def _do_nothing(original: Callable[..., Any]) -> Callable[..., None]:
    def nothing(*args: Any, **kwargs: Any) -> None:
        """Reenact captures in its place."""

    return nothing


def _after_set_exc_info(original: Callable[..., Any]) -> Callable[..., Any]:
    def set_exc_info(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        _attach_to(self, args[1] if len(args) > 1 else kwargs.get("exc_val"))
        return result

    return set_exc_info


@never_raise("hook ddtrace")
def _attach_to(span: Any, error: object) -> None:
    # ddtrace itself leaves out `SystemExit(0)` and the exceptions that a span ignores.
    if not span.error or not is_exception(error) or ddtrace_tracer() is None:
        return
    capture = attach(error, "ddtrace", int(span.trace_id), int(span.span_id))
    if capture is not None:
        _write_tags(span, capture)


def _write_tags(span: Any, capture: Capture) -> None:
    if span.get_tag(CAPTURE_ID_TAG) is not None:
        # Another exception has replaced the one before, or the traceback has grown: the numbers are others.
        _remove_tags(span)
    span.set_tag(CAPTURE_ID_TAG, _as_uuid(capture.exception_id))
    for number, snapshot_id, function, file, line in capture.frames:
        span.set_tag(f"{FRAME_TAGS}{number}.snapshot_id", snapshot_id)
        span.set_tag(f"{FRAME_TAGS}{number}.function", function)
        span.set_tag(f"{FRAME_TAGS}{number}.file", file)
        span.set_tag(f"{FRAME_TAGS}{number}.line", str(line))
    if capture.frames:
        span.set_tag(CAPTURED_TAG, "true")
    elif capture.reason is not None:
        span.set_tag(SKIPPED_TAG, capture.reason)


def _remove_tags(span: Any) -> None:
    remove = getattr(span, "remove_tag", None)
    for name in list(span.get_tags()):
        if name not in (CAPTURED_TAG, SKIPPED_TAG) and not name.startswith(FRAME_TAGS):
            continue
        if remove is not None:
            remove(name)
        else:
            # Up to ddtrace 3 there is no way but the dictionary behind `get_tags`.
            span._meta.pop(name, None)


def _as_uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
