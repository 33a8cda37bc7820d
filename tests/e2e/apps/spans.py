"""A span in the terms of the tracer that runs here, named by WAY; without a tracer the client itself is told of what leaves it."""

from __future__ import annotations

import os

WAY = os.environ.get("WAY", "ddtrace")

if WAY == "opentelemetry+reenact":
    from opentelemetry import trace

    _tracer = trace.get_tracer("e2e")
elif WAY == "reenact":
    import reenact
else:
    try:
        from ddtrace.trace import tracer
    except ImportError:  # ddtrace 1
        from ddtrace import tracer


def span(name, resource, handled=False):
    """A context manager; without a tracer `handled` says whether its surroundings go on after an exception."""
    if WAY == "opentelemetry+reenact":
        return _tracer.start_as_current_span(resource)
    if WAY == "reenact":
        return _Told(resource, handled)
    return tracer.trace(name, resource=resource)


class _Told:
    """No generator: its frame would stand in the traceback."""

    def __init__(self, resource, handled):
        self.resource = resource
        self.handled = handled

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _traceback):
        if error is not None:
            reenact.capture_exception(error, handled=self.handled, tags={"case": self.resource})


def instrument_django():
    """To be called once Django has its settings: OpenTelemetry's instrumentation makes some of its own otherwise."""
    if WAY == "opentelemetry+reenact":
        from opentelemetry.instrumentation.django import DjangoInstrumentor

        DjangoInstrumentor().instrument()


def flush():
    """Sends what was captured in this process."""
    if WAY.endswith("reenact"):
        import reenact

        reenact.flush(10)
    if WAY.startswith("ddtrace"):
        tracer.flush()
