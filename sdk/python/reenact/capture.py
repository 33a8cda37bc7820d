"""Hands an exception to the core, with what the program was doing.

The core remembers an exception by a private mark on it, so that it is captured once however many
hooks see it. Which hook makes the event of its own is decided here:

- A ddtrace span that ends with the exception carries it: the capture is attached to the span.
- A hook whose exception goes on to an active ddtrace span (`passes_on`) leaves it to that span.
- Every other hook asks for an event of its own; the core makes none when the exception was seen.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from reenact import work
from reenact.guard import note_failure
from reenact.tracers import active_ids, carrying_span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from reenact._native import Capture

# By name: tracers unload modules, so that there is more than one `asyncio`.
_ENDS_ON_PURPOSE = ("CancelledError", "Cancelled", "GreenletExit")

# As the interpreter keeps them, whatever a metaclass puts in their place.
_mro_of = type.__dict__["__mro__"].__get__
_name_of = type.__dict__["__name__"].__get__

_native_capture: Callable[..., Capture] | None = None
_before_capture: Callable[[], None] | None = None


def switch_on(native_capture: Callable[..., Capture], before_capture: Callable[[], None]) -> None:
    """Lets `report` capture from now on; ``before_capture`` is called ahead of each one."""
    global _native_capture, _before_capture
    _native_capture, _before_capture = native_capture, before_capture


def switch_off() -> None:
    """Makes `report` and `attach` do nothing; the hooks stay and cost a look at a variable."""
    global _native_capture
    _native_capture = None


def is_on() -> bool:
    """Whether exceptions are captured."""
    return _native_capture is not None


def report(error: object, mechanism: str, *, handled: bool = False, passes_on: bool = False, **details: Any) -> Capture | None:
    """Captures an exception that a hook has seen, with an event of its own. Never raises.

    ``details`` are further keys of the context of `_native.capture`; they win over what is known
    of the current request or job. Exceptions that end a program or a task on purpose are left out.
    """
    try:
        if _native_capture is None or not is_reported(error):
            return None
        if passes_on and carrying_span() is not None:
            return None
        context = _context(mechanism, handled)
        if "tags" in details and "tags" in context:
            details["tags"] = {**context["tags"], **details["tags"]}
        context.update(details)
        return _capture(error, context)
    except Exception as failure:
        note_failure(f"capture by {mechanism}", failure)
        return None


def attach(error: object, mechanism: str, trace_id: int, span_id: int) -> Capture | None:
    """Captures an exception for a span that carries it: values only, no event of its own."""
    if _native_capture is None or not is_exception(error):
        return None
    context: dict[str, Any] = {"mechanism": mechanism, "own_event": False, "trace_id": trace_id, "span_id": span_id}
    thread = _thread_name()
    if thread is not None:
        context["thread"] = thread
    return _capture(error, context)


def handled_context() -> dict[str, Any]:
    """The context of an exception that may be handled: what the program is doing while it is raised."""
    return _context("handled", True)


def is_exception(error: object) -> bool:
    """Whether something is an exception, whatever its `__class__` says."""
    return issubclass(type(error), BaseException)


def is_reported(error: object) -> bool:
    """Whether something is an exception that says that something went wrong."""
    kind = type(error)
    if not issubclass(kind, BaseException) or issubclass(kind, (SystemExit, KeyboardInterrupt, GeneratorExit)):
        return False
    return issubclass(kind, Exception) or not any(_name_of(base) in _ENDS_ON_PURPOSE for base in _mro_of(kind))


def _capture(error: object, context: dict[str, Any]) -> Capture | None:
    if _native_capture is None:
        return None
    if _before_capture is not None:
        _before_capture()
    return _native_capture(error, context)


def _context(mechanism: str, handled: bool) -> dict[str, Any]:
    context: dict[str, Any] = {"mechanism": mechanism, "handled": handled}
    ids = active_ids()
    if ids is not None:
        context["trace_id"], context["span_id"] = ids
    thread = _thread_name()
    if thread is not None:
        context["thread"] = thread
    doing = work.current()
    if doing is not None:
        _add_work(context, doing, handled)
    user_id = work.user_id()
    if user_id is not None:
        context["user_id"] = user_id
    return context


def _add_work(context: dict[str, Any], doing: work.Work, handled: bool) -> None:
    resource, request, tags = doing.resource(), doing.request(), doing.tags()
    if resource is not None:
        context["resource"] = resource
    if request is not None:
        if not handled:
            request["status_code"] = 500
        context["request"] = request
    if tags:
        context["tags"] = tags


def _thread_name() -> str | None:
    """The name of this thread, without making a `Thread` for one that Python did not start."""
    threads = getattr(sys.modules.get("threading"), "_active", None)
    name = work.attribute(threads.get(get_ident()), "_name") if type(threads) is dict else None
    return name if type(name) is str else None
