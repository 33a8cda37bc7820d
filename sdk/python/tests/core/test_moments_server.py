"""Values ahead of the hook, from a program under `reenact-run` to the events of a real server."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from conftest import Programs
from real_server import Server, frame_of, needs_server

pytestmark = [
    needs_server,
    pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is there from 3.12 on"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


PROGRAM = """
import contextlib
import reenact

@contextlib.contextmanager
def connection(state):
    state["open"] = True
    try:
        yield state
    finally:
        state["open"] = False

def charge(orders, password, state):
    with connection(state):
        total = 0
        while orders:
            total += orders.pop()["price"]
        return total

for number in range({rounds}):
    try:
        charge([{{"price": number}}, {{"prize": number}}], "-".join(["hunter", "two"] * 3), {{}})
    except KeyError as error:
        reenact.capture_exception(error, handled=False)
"""


def test_values_at_the_raise_and_arguments_at_entry_arrive(programs: Programs, server: Server) -> None:
    done = programs.run(
        PROGRAM.format(rounds=2), REENACT_URL=server.agent, REENACT_SERVICE="moments", REENACT_AT_RAISE="1", REENACT_SECOND_CHANCE="1"
    )
    assert done.stderr == ""
    # The newest first.
    second, first = sorted(server.wait_for_events("moments", 2), key=lambda event: event["timestamp"], reverse=True)
    for event in (first, second):
        values = frame_of(event, "charge")["values"]
        ((_, now),) = values["arguments"]["state"]["entries"]
        ((_, at_raise),) = values["at_raise"]["state"]["entries"]
        assert (at_raise["value"], now["value"]) == ("True", "False")
        assert set(values["at_raise"]) == {"state"}
    assert frame_of(first, "charge")["values"]["at_entry"] == {}
    at_entry = frame_of(second, "charge")["values"]["at_entry"]
    assert [entry["entries"][0][1]["value"] for entry in at_entry["orders"]["elements"]] == ["1", "1"]
    assert at_entry["state"]["entries"] == []
    # What was captured earlier is redacted as all the rest.
    assert at_entry["password"]["not_captured"] == "redacted_identifier"
    assert "hunter-two" not in str(second)


def test_occurrences_are_compared_with_calls_that_returned(programs: Programs, server: Server) -> None:
    programs.run(
        """
        import reenact

        def charge(currency, lines):
            total = sum(lines)
            lines.clear()
            return {"EUR": 1, "SEK": 11}[currency] * total

        for number in range(60):
            try:
                charge(["EUR", "SEK", "XTS"][number % 3], [number])
            except KeyError as error:
                reenact.capture_exception(error, handled=False)
        print(reenact.status()["monitoring"])
        """,
        REENACT_URL=server.agent,
        REENACT_SERVICE="calls",
        REENACT_SECOND_CHANCE="1",
        REENACT_CAPTURES_PER_SECOND="1000000",
        REENACT_QUEUE_CAPTURES_MAX="1000",
    )
    # The 1st, 2nd, 4th … are captured; the first one before the function was watched.
    server.wait_for_events("calls", 20)
    (issue,) = server.get("/issues", query="service:calls")["issues"]
    found = server.get(f"/issues/{issue['id']}/correlations", baseline="calls")
    assert (found["baseline"], found["events"]) == ("calls", 4)
    # The first 8 of 38 that returned while it was watched, and then ever rarer ones.
    assert found["baseline_events"] == 14
    first = found["findings"][0]
    assert (first["predicate"]["path"], first["predicate"]["condition"], first["predicate"]["value"]["value"]) == (
        "currency",
        "is",
        "'XTS'",
    )
    assert (first["of_issue"]["count"], first["of_baseline"]["count"]) == (4, 0)
    assert first["counterexample"] is None
    # Arguments that the function changes are those at entry, on both sides.
    assert not any(one["predicate"]["path"] == "lines" and one["predicate"]["condition"] == "empty" for one in found["findings"])


def test_handled_exceptions_of_a_module_arrive_with_their_traceback(programs: Programs, server: Server) -> None:
    done = programs.run(
        """
        import time

        def parse(text):
            return int(text)

        def read(text):
            local = [text]
            try:
                return parse(text)
            except ValueError:
                local.clear()
                return None

        def main():
            read("seven")

        main()
        """,
        REENACT_URL=server.agent,
        REENACT_SERVICE="handled",
        REENACT_HANDLED_MODULES="__main__",
    )
    assert (done.returncode, done.stderr) == (0, "")
    (event,) = server.wait_for_events("handled", 1)
    assert event["handled"]
    assert [frame["function"] for frame in event["exceptions"][-1]["frames"]] == ["read", "parse"]
    assert frame_of(event, "read")["values"]["locals"]["local"]["elements"][0]["value"] == "'seven'"
    assert event["exceptions"][-1]["type"] == "ValueError"


def test_without_the_settings_nothing_is_watched(programs: Programs) -> None:
    done = programs.run(
        """
        import reenact, sys
        def fail(argument):
            raise LookupError
        for _ in range(2):
            try:
                fail(1)
            except LookupError as error:
                reenact.capture_exception(error)
        print(reenact.status()["watching"], [sys.monitoring.get_tool(tool) for tool in range(6)])
        """
    )
    assert done.stdout.strip() == f"off {[None] * 6}"


def test_a_clash_is_said_and_harms_nothing(programs: Programs) -> None:
    done = programs.run(
        """
        import sys
        for tool in (3, 4):
            sys.monitoring.use_tool_id(tool, "mine")
        import reenact
        reenact.init(at_raise=True)
        print(reenact.status()["watching"])
        raise LookupError
        """,
        REENACT_ENABLED="false",
    )
    assert done.stdout.strip() == "the tool ids 3 and 4 of sys.monitoring are in use"
    assert "reenact: at_raise: the tool ids 3 and 4 of sys.monitoring are in use" in done.stderr
    assert done.the_event()["captured"]
