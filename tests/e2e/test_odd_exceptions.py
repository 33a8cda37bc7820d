"""Exceptions of unusual kinds and places: each is one event with its own type, message, chain and frames."""

from __future__ import annotations

from clients import Client
from comparison import case_of, check_chain
from payloads import error_span, post_traces, traces_body
from server import Server


def test_unusual_exceptions_arrive_as_they_were_raised(server: Server, client: Client, start_app) -> None:
    service = f"odd-{client.name}"
    app = start_app(client, "odd_app.py", service, server.agent)
    app.wait_for("done")
    truths = {truth["case"]: truth for truth in app.truths()}
    assert len(truths) > 25, sorted(truths)
    events = {case_of(event): event for event in server.wait_for_events(f"service:{service}", len(truths))}
    assert sorted(events) == sorted(truths), "one exception is one event"
    for case, truth in truths.items():
        check_chain(events[case], truth, client.faults)


def test_different_failures_are_different_issues(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "odd_app.py", "odd-issues", server.agent)
    app.wait_for("done")
    count = len(app.truths())
    events = server.wait_for_events("service:odd-issues", count)
    # A second process, with other ids: the same failures are the same issues.
    again = start_app(current_client, "odd_app.py", "odd-issues", server.agent)
    again.wait_for("done")
    assert len(server.wait_for_events("service:odd-issues", 2 * count)) == 2 * count
    assert len({event["issue_id"] for event in events}) == count
    assert {issue["count"] for issue in server.issues("service:odd-issues")} == {2}


def test_frames_of_compiled_libraries_are_not_the_applications(server: Server) -> None:
    """As pandas prints them: `pandas.Timestamp("nope")`, called from two functions."""
    compiled = [("timestamps", "Timestamp.__new__"), ("conversion", "convert_to_tsobject"), ("conversion", "convert_str_to_tsobject"),
                ("parsing", "parse_datetime_string"), ("parsing", "dateutil_parse")]  # fmt: skip
    below = "".join(f'  File "pandas/_libs/tslibs/{file}.pyx", line 7, in pandas._libs.tslibs.{file}.{name}\n' for file, name in compiled)
    spans = [error_span("compiled", "Unknown datetime string format") for _ in range(2)]
    for span, function in zip(spans, ("due_date", "birthday")):
        place = f'  File "/srv/shop/dates.py", line 12, in {function}\n    return pandas.Timestamp(text)\n'
        span["meta"]["error.stack"] = f"Traceback (most recent call last):\n{place}{below}ValueError: Unknown datetime string format\n"
    assert post_traces(server.agent, traces_body(*spans)).ok
    server.wait_for_events("service:compiled", 2)
    assert sorted(issue["culprit"]["function"] for issue in server.issues("service:compiled")) == ["birthday", "due_date"]
