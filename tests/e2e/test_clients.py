"""What real clients send arrives as the application held it: every client, every kind of application."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from clients import App, Client
from comparison import case_of, check_chain, check_values
from polling import wait_until
from server import Server

CASES = (
    "none_attribute", "explicit_cause", "implicit_context", "suppressed_context", "many_shapes", "deep_calls",
    "third_party_frames", "wrong_type", "closure", "comprehension", "multi_line_message",
)  # fmt: skip
SCRIPT_ONLY = ("in_thread", "in_task", "survived", "across_spans")
APPS = ("flask", "django", "fastapi", "script")


@dataclass
class Run:
    client: Client
    framework: str
    events: list[dict]
    # Events of the same cases again, one right after the other.
    repeats: list[dict]
    # What the application held the first time, and the last; the client's wrappers around a view are in the first traceback alone.
    truths: dict[str, dict]
    truths_of_repeats: dict[str, dict]

    def pair(self, case: str) -> tuple[dict, dict]:
        """The one event of a case, and what the application held."""
        events = [event for event in self.events if case_of(event) == case]
        assert len(events) == 1, f"{len(events)} events of {case}; events are of {[case_of(event) for event in self.events]}"
        assert case in self.truths, f"the application recorded no {case}, only {sorted(self.truths)}"
        return events[0], self.truths[case]


def time_of(event: dict) -> datetime:
    return datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))


def run_web_app(app: App) -> datetime:
    """Every case once with time between them, then every case once more. Says when the second round began."""
    assert app.request("/ok").status_code == 200
    for case in CASES:
        assert app.request(f"/fail/{case}").status_code == 500
        time.sleep(app.client.pace_seconds)
    # Milliseconds are all that an event tells; a span tells when it began.
    time.sleep(1)
    again = datetime.now(timezone.utc) - timedelta(seconds=0.5)
    for case in CASES:
        assert app.request(f"/fail/{case}").status_code == 500
    # ASGI records after the answer was sent.
    wait_until("the application recorded every case", lambda: len(app.truths()) == 2 * len(CASES))
    return again


@pytest.fixture(scope="session")
def runs_of(client: Client, tmp_path_factory: pytest.TempPathFactory):
    """All applications under one client, side by side: they wait for the client's budget most of the time."""
    directory: Path = tmp_path_factory.mktemp(client.name)
    server = Server(directory).start()
    apps = {name: App(client, f"{name}_app.py", f"{name}-{client.name}", server.agent, directory) for name in APPS}
    try:
        with ThreadPoolExecutor() as pool:
            script = pool.submit(apps["script"].wait_for, "done", 120)
            traffic = {name: pool.submit(run_web_app, app) for name, app in apps.items() if name != "script"}
            again = {name: result.result() for name, result in traffic.items()}
            script.result()
        expected = {name: len(app.truths()) for name, app in apps.items()}
        runs = {}
        for name, app in apps.items():
            server.wait_for_events(f"service:{app.service}", expected[name])
            app.stop()
            # Stopping sends what was left; a duplicate would show now.
            events = server.wait_for_events(f"service:{app.service}", expected[name])
            repeats = [event for event in events if name in again and time_of(event) >= again[name]]
            events = [event for event in events if event not in repeats]
            first, last = ({truth["case"]: truth for truth in truths} for truths in (app.truths()[::-1], app.truths()))
            runs[name] = Run(client, name, events, repeats, first, last)
        yield runs
        server.stop()
    finally:
        for app in apps.values():
            app.stop()
        if server.process.poll() is None:
            server.kill()


def cases_of_apps() -> list[tuple[str, str]]:
    return [(app, case) for app in APPS for case in (*CASES, *(SCRIPT_ONLY if app == "script" else ()))]


@pytest.mark.parametrize(("framework", "case"), cases_of_apps())
def test_an_exception_arrives_as_it_was_raised(runs_of: dict[str, Run], framework: str, case: str) -> None:
    run = runs_of[framework]
    event, truth = run.pair(case)
    check_chain(event, truth, run.client.faults)


@pytest.mark.parametrize(("framework", "case"), cases_of_apps())
def test_the_values_are_those_that_the_application_held(runs_of: dict[str, Run], framework: str, case: str) -> None:
    run = runs_of[framework]
    event, truth = run.pair(case)
    check_values(event, truth, run.client)


@pytest.mark.parametrize("framework", APPS)
def test_no_exception_becomes_two_events(runs_of: dict[str, Run], framework: str) -> None:
    run = runs_of[framework]
    assert sorted(case_of(event) for event in run.events) == sorted(run.truths)


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi"])
def test_the_same_failure_again_is_one_event_of_the_same_issue(runs_of: dict[str, Run], framework: str) -> None:
    """Almost all errors of a service arrive like that: its client captures each of them once an hour."""
    run = runs_of[framework]
    assert sorted(case_of(event) for event in run.repeats) == sorted(CASES), "one exception is one event"
    for event in run.repeats:
        first, _ = run.pair(case_of(event))
        assert event["issue_id"] == first["issue_id"], case_of(event)
        check_chain(event, run.truths_of_repeats[case_of(event)], run.client.faults)
        assert event["values"]["state"] == "captured" or event["values"]["reason"]


@pytest.mark.parametrize("framework", APPS)
def test_events_say_where_they_come_from(runs_of: dict[str, Run], framework: str) -> None:
    run = runs_of[framework]
    for event in run.events:
        assert event["service"] == f"{framework}-{run.client.name}"
        assert (event["env"], event["version"], event["language"]) == ("e2e", "7.8.9", "python")
        assert event["client"] == run.client.told_as
        if run.client.is_traced:
            assert len(event["trace_id"]) == 32 and len(event["span_id"]) == 16
        else:
            assert event["trace_id"] is event["span_id"] is None


@pytest.mark.parametrize("framework", [name for name in APPS if name != "script"])
def test_the_entry_span_gives_resource_and_request(runs_of: dict[str, Run], framework: str) -> None:
    run = runs_of[framework]
    for case in CASES:
        event, _ = run.pair(case)
        assert event["resource"].startswith("GET ") and "fail" in event["resource"], event["resource"]
        assert event["request"]["method"] == "GET"
        assert event["request"]["status_code"] == 500
        assert event["request"]["url"].endswith(f"/fail/{case}")
        assert event["handled"] is False


def test_an_error_that_the_entry_span_survived_is_handled(runs_of: dict[str, Run]) -> None:
    run = runs_of["script"]
    handled = {truth["case"]: run.pair(truth["case"])[0]["handled"] for truth in run.truths.values()}
    known = run.client.knows_survival
    assert handled == {case: truth["handled"] and known for case, truth in run.truths.items()}


def test_endless_recursion_keeps_its_innermost_frames(runs_of: dict[str, Run]) -> None:
    event, _ = runs_of["script"].pair("endless")
    (exception,) = event["exceptions"]
    recursive = [frame for frame in exception["frames"] if frame["function"] == "endless"]
    assert exception["type"].endswith("RecursionError")
    assert len(recursive) + sum(frame["repeats"] for frame in recursive) >= 28
    assert any(frame["values"]["state"] == "captured" for frame in recursive)


def test_the_thread_is_named(runs_of: dict[str, Run]) -> None:
    event, _ = runs_of["script"].pair("in_thread")
    assert event["thread"] and "worker-1" in event["thread"]


def test_the_second_exception_within_a_second_has_values_or_says_that_it_was_rate_limited(runs_of: dict[str, Run]) -> None:
    run = runs_of["script"]
    event, truth = run.pair("second_of_burst")
    check_chain(event, truth, run.client.faults)
    if run.client.starves_the_second:
        assert event["values"]["state"] == "rate_limited"
        assert event["values"]["reason"]
    else:
        check_values(event, truth, run.client)
