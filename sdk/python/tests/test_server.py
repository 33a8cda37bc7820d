"""Against a real server: what a program captures is an event with values, in three of the ways of the client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from conftest import REENACT_RUN, Programs, wait_until
from real_server import BINARY, Server, frame_of, needs_server
from test_ddtrace import NESTED, TRACED
from test_opentelemetry import SETUP
from test_web import FLASK, gunicorn
from tls import CA_FILE, Front

pytestmark = needs_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


def test_alone(programs: Programs, server: Server) -> None:
    programs.run(
        """
        def charge(order, password):
            return order["price"]
        charge({"id": 7}, "hunter2")
        """,
        REENACT_URL=server.agent,
        REENACT_SERVICE="alone",
        REENACT_ENV="prod",
        REENACT_TAGS="team:shop",
    )
    (event,) = server.wait_for_events("alone", 1)
    assert (event["env"], event["handled"], event["values"]["state"]) == ("prod", False, "captured")
    assert event["client"]["name"] == "reenact"
    # No frame and no value is of an installed package.
    assert (event["runtime"]["implementation"], event["runtime"]["packages"]) == ("CPython", {})
    arguments = frame_of(event, "charge")["values"]["arguments"]
    ((key, value),) = arguments["order"]["entries"]
    assert (key["value"], value["value"]) == ("'id'", "7")
    assert arguments["password"]["not_captured"] == "redacted_identifier"
    assert [one["name"] for one in frame_of(event, "charge")["values"]["parameters"]] == ["order", "password"]


def test_packages_have_their_real_names(programs: Programs, server: Server) -> None:
    programs.run(
        """
        import dateutil.parser
        def due(text):
            return dateutil.parser.parse(text)
        due("never")
        """,
        REENACT_URL=server.agent,
        REENACT_SERVICE="packages",
    )
    (event,) = server.wait_for_events("packages", 1)
    assert event["runtime"]["packages"] == {"python-dateutil": version("python-dateutil")}


def test_a_flask_request_alone(programs: Programs, server: Server, port: int) -> None:
    programs.write(FLASK)
    environment = {"REENACT_URL": server.agent, "REENACT_SERVICE": "flask-alone"}
    with programs.serving(gunicorn(port, "app:app"), port, **environment) as get:
        assert get("/orders/0?token=hunter2hunter2", authorization="Bearer hunter2hunter2", x_shop="north") == 500
        (event,) = server.wait_for_events("flask-alone", 1)
    assert event["resource"] == "GET /orders/<int:number>"
    assert (event["request"]["method"], event["request"]["status_code"]) == ("GET", 500)
    assert event["request"]["route"] == "/orders/<int:number>"
    assert frame_of(event, "order")["values"]["arguments"]["number"]["value"] == "0"
    assert "hunter2" not in json.dumps(event)


def test_with_ddtrace(programs: Programs, server: Server) -> None:
    environment = {**TRACED, "DD_TRACE_AGENT_URL": server.agent, "REENACT_URL": server.agent, "DD_SERVICE": "traced"}
    done = programs.run(NESTED, command=["ddtrace-run", "python"], **environment)
    assert done.returncode == 0, done.stderr
    (event,) = server.wait_for_events("traced", 1)
    assert event["client"]["name"] != "reenact" and event["trace_id"]
    assert frame_of(event, "price")["values"]["arguments"]["order"]["entries"][0][1]["value"] == "7"
    assert frame_of(event, "charge")["values"]["arguments"]["order"]


def test_an_event_without_values_says_why(programs: Programs, server: Server) -> None:
    programs.run("1 / 0", REENACT_URL=server.agent, REENACT_SERVICE="off", REENACT_NOVEL_BURST="0", REENACT_NOVEL_PER_SECOND="0")
    (event,) = server.wait_for_events("off", 1)
    assert event["values"]["state"] == "rate_limited"


def test_with_opentelemetry(programs: Programs, server: Server) -> None:
    programs.run(
        SETUP
        + """
    def charge(amount):
        return 100 / amount
    try:
        with tracer.start_as_current_span("outer"):
            charge(0)
    except ZeroDivisionError:
        show()
    """,
        REENACT_URL=server.agent,
        OTEL_SERVICE_NAME="spans",
    )
    (event,) = server.wait_for_events("spans", 1)
    assert event["trace_id"] and event["span_id"]
    assert frame_of(event, "charge")["values"]["arguments"]["amount"]["value"] == "0"


def test_over_a_unix_socket_captures_arrive_and_the_server_is_asked(programs: Programs, server: Server) -> None:
    done = programs.run(
        """
        import reenact, time
        from reenact import remote
        answers = []
        ask = remote.ask
        remote.ask = lambda *arguments: answers.append(ask(*arguments)) or answers[-1]
        assert reenact.capture_exception(ValueError(1))
        assert reenact.flush(5)
        deadline = time.monotonic() + 5
        while not answers and time.monotonic() < deadline:
            time.sleep(0.01)
        status = reenact.status()
        print(sorted(answers[0]), status["sent"], status["last_error"], status["hook_errors"])
        """,
        REENACT_URL=server.socket,
        REENACT_SERVICE="socket",
    )
    assert done.stdout.startswith("['capture_next', "), (done.stdout, done.stderr)
    assert done.stdout.endswith(" 1 None {}\n")
    (event,) = server.wait_for_events("socket", 1)
    assert event["handled"] is True


def test_over_tls(programs: Programs, server: Server) -> None:
    front = Front(server.agent)
    try:
        programs.run("1 / 0", REENACT_URL=front.url, REENACT_SERVICE="secure", REENACT_CA_FILE=CA_FILE)
        (event,) = server.wait_for_events("secure", 1)
        assert event["values"]["state"] == "captured"
    finally:
        front.close()


SWITCHED = """
    import reenact, sys
    for line in sys.stdin:
        # Another kind is one that was not seen before.
        kind = LookupError if line.startswith("on again") else ValueError
        if line.strip() != "status":
            try:
                raise kind(line.strip())
            except Exception as error:
                reenact.capture_exception(error)
            reenact.flush(5)
        print(reenact.status()["enabled"], flush=True)
"""


def capture_next(server: Server, issue: str, *arguments: str) -> str:
    command = [str(BINARY), "capture", "next", issue, "--server", server.ui, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def test_captures_are_switched_off_and_on_while_the_program_runs(tmp_path: Path, programs: Programs) -> None:
    server = Server(tmp_path)
    environment = programs.environment(REENACT_URL=server.agent, REENACT_SERVICE="switched", REENACT_ENV="prod")
    program = str(programs.write(SWITCHED))
    run = [*REENACT_RUN, sys.executable, program]
    process = subprocess.Popen(run, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout

    def tell(line: str) -> str:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    def wait_for_status(enabled: str) -> None:
        """The client asks every ten seconds."""
        wait_until(f"captures are {enabled}", lambda: tell("status") == enabled, 60)

    def state_of(message: str) -> str:
        def arrived() -> Any:
            found = [event for event in server.events("switched") if event["exceptions"][-1]["message"] == message]
            return found and found[0]["values"]["state"] != "pending" and found[0]["values"]["state"]

        return str(wait_until(f"{message} arrives", arrived, 30))

    try:
        tell("first")
        assert state_of("first") == "captured"
        issue = server.get("/issues", query="service:switched")["issues"][0]["id"]
        assert "asked for the next event" in capture_next(server, issue)
        other = {"service": "other", "env": None, "enabled": False}
        server.put("/captures", {"version": 0, "switches": [{**other, "service": "switch*", "env": "prod"}, other]})
        wait_for_status("False")
        tell("while off")
        assert state_of("while off") == "off"
        server.restart()
        assert server.get("/captures")["switches"][0]["service"] == "switch*"
        assert server.get(f"/issues/{issue}")["capture_next"]["by"]
        capture_next(server, issue, "--cancel")
        assert server.get(f"/issues/{issue}")["capture_next"] is None
        server.put(
            "/captures", {"version": 1, "switches": [{**other, "service": "switched", "enabled": True, "captures_per_second": 1000}]}
        )
        wait_for_status("True")
        tell("on again")
        assert state_of("on again") == "captured"
    finally:
        process.stdin.close()
        process.wait(20)
        server.stop()


def test_tables_and_iterators_are_made_anew(programs: Programs, server: Server) -> None:
    pytest.importorskip("pandas")
    programs.write(
        """
        def settle(table, column, rows, numbered):
            raise ValueError(f"{table['price'].sum()} {sorted(table['name'])} {column.name} {column.index.tolist()}")
        """,
        "ledger.py",
    )
    programs.run(
        """
        import pandas
        from ledger import settle
        rows, numbered = iter(["a", "b", "c"]), enumerate("xyz", 5)
        next(rows), next(numbered)
        table = pandas.DataFrame({"price": [1.5, 2.5], "name": ["n", None], 7: [1, 2]}, index=[10, 20]).fillna("m")
        settle(table, pandas.Series([True, False], name="flag"), rows, numbered)
        """,
        REENACT_URL=server.agent,
        REENACT_SERVICE="ledger",
        REENACT_TIME_BUDGET_MS="500",
    )
    (event,) = server.wait_for_events("ledger", 1)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [str(BINARY), "reproduce", event["id"], "--server", server.ui]
    run = {"cwd": programs.directory, "env": {**os.environ, "PATH": path}, "capture_output": True, "text": True, "timeout": 60}
    made = subprocess.run(command, **run)
    assert 'rows = iter(["b", "c"])' in made.stdout and "enumerate(itertools.islice(" in made.stdout, (made.stdout, made.stderr)
    again = subprocess.run([*command, "--run"], **run)
    assert again.returncode == 0 and "same" in again.stdout, (again.stdout, again.stderr)
