"""Together with OpenTelemetry: events carry the ids of the current span."""

from __future__ import annotations

import json

from conftest import Programs

SETUP = """
    import json
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("shop")
    def show():
        for span in exporter.get_finished_spans():
            print(json.dumps([span.name, span.context.trace_id, span.context.span_id, dict(span.attributes), len(span.events)]))
"""


def test_what_leaves_spans_is_one_event_and_both_spans_lead_to_it(programs: Programs) -> None:
    done = programs.run(
        SETUP
        + """
    try:
        with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
            1 / 0
    except ZeroDivisionError:
        show()
    """
    )
    event = done.the_event()
    inner, outer = (json.loads(line) for line in done.stdout.splitlines())
    context = event["context"]
    assert (context["mechanism"], context["handled"], context["resource"]) == ("opentelemetry", False, "inner")
    assert [context["trace_id"], context["span_id"]] == inner[1:3]
    assert inner[3] == outer[3] == {"reenact.exception_id": event["exception_id"]}
    assert inner[4] == outer[4] == 1


def test_what_the_program_records_itself_is_handled(programs: Programs) -> None:
    done = programs.run(
        SETUP
        + """
    with tracer.start_as_current_span("only") as span:
        try:
            1 / 0
        except ZeroDivisionError as error:
            span.record_exception(error)
    show()
    """
    )
    assert done.the_event()["context"]["handled"] is True


def test_a_flask_request_with_the_instrumentation(programs: Programs) -> None:
    done = programs.run(
        SETUP
        + """
    import flask
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    FlaskInstrumentor().instrument()
    app = flask.Flask("shop")
    @app.get("/orders/<int:number>")
    def order(number):
        return str(100 / number)
    assert app.test_client().get("/orders/0").status_code == 500
    show()
    """
    )
    context = done.the_event()["context"]
    (span,) = (json.loads(line) for line in done.stdout.splitlines())
    assert (context["mechanism"], context["resource"]) == ("flask", "GET /orders/<int:number>")
    assert [context["trace_id"], context["span_id"]] == span[1:3]
