"""Work that is no request, told to the client that the demo runs under: a span, or without a tracer the client itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

CLIENT = os.environ.get("SHOP_CLIENT", "ddtrace")


def work(name: str, resource: str, kind: str | None = None, *, survived: bool = False) -> AbstractContextManager[Any]:
    """Surrounds a job or a part of a request; what leaves it is an error, and ``survived`` when the caller goes on."""
    if CLIENT == "opentelemetry+reenact":
        from opentelemetry import trace

        return trace.get_tracer("shop").start_as_current_span(resource)
    if CLIENT == "reenact":
        return _reported(resource, survived)
    from ddtrace.trace import tracer

    return tracer.trace(name, resource=resource, span_type=kind)


@contextlib.contextmanager
def _reported(resource: str, survived: bool) -> Iterator[None]:
    import reenact

    try:
        yield
    except Exception as error:
        reenact.capture_exception(error, handled=survived, tags={"work": resource})
        raise
