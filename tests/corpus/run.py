"""Measures how many crashes are raised again: `make corpus`, or `run.py [--only WORD] [--client NAME] [--json FILE] [--write]`.

Each crash is captured in a process of its own under each client, sent to a real server, made into a test by `reenact
reproduce EVENT --run`, and raised again in other processes: by the command, twice; by the file under pytest alone; and once
more with a look at the deepest frame of all. Whoever is called reproduced and is not, by any of these, is a false one, and
makes the exit code 1. One crash that fails ends nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import environment as environments  # noqa: E402
import table  # noqa: E402
from crashes import CRASHES, Crash  # noqa: E402
from environment import Environment  # noqa: E402
from server import Server, binary  # noqa: E402

CLIENTS = ("reenact", "ddtrace")
CAPTURE_SECONDS = 180
EVENT_SECONDS = 60
RUN_SECONDS = 20
COMMAND_SECONDS = 600
CHECK_SECONDS = 180
REASON_MAX = 220
SAME, OTHER, NOTHING = 0, 3, 4

# What somebody sets who wants values in the frames of a package (docs/reproduction.md). The pace of captures is left alone:
# each crash has a process of its own.
OWN_PACKAGES = {"reenact": "REENACT_THIRD_PARTY_EXCLUDES", "ddtrace": "DD_THIRD_PARTY_DETECTION_EXCLUDES"}


@dataclass
class Outcome:
    """What came of one crash under one client."""

    crash: str
    client: str
    outcome: str
    """`call`, `statement`, `partial` (the same type, elsewhere or with another message), `not`, or `false`."""
    reason: str = ""
    exception: str = ""
    called: str = ""
    inputs: int = 0
    further: bool = False
    """A frame further out than the first choice."""
    seconds: float = 0.0


def measured(crash: Crash, client: str, environment: Environment, server: Server, directory: Path) -> Outcome:
    started = time.monotonic()
    outcome = Outcome(crash.name, client, "not")
    try:
        _measure(crash, client, environment, server, directory, outcome)
    except Exception as error:
        outcome.outcome, outcome.reason = "not", f"the run failed: {type(error).__name__}: {error}"
    outcome.reason = " ".join(outcome.reason.split())[:REASON_MAX]
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def _measure(crash: Crash, client: str, environment: Environment, server: Server, directory: Path, outcome: Outcome) -> None:
    service = f"{client}-{list(CRASHES).index(crash.name)}"
    truth = captured(crash, client, environment, server, directory / f"{service}.truth", service)
    outcome.exception = truth["type"]
    event = _event(server, service)
    state = event["values"]["state"]
    if state != "captured":
        outcome.reason = f"no values: {state}"
        return
    code, made = reproduced(event["id"], crash, environment, server)
    if made is None:
        outcome.reason = code
        return
    outcome.called = f"{made['frame']['module']}.{made['frame']['function']}"
    outcome.inputs = sum(entry["kind"] != "statement" for entry in made["fidelity"])
    attempts = made["run"]["attempts"]
    outcome.further = made["frame"]["index"] != attempts[0]["frame"]
    if code != SAME:
        seen = [attempt["seen"] for attempt in attempts]
        is_type = any((one.get("raised") or {}).get("type") == made["expected"]["type"] for one in seen)
        outcome.outcome, outcome.reason = "partial" if is_type else "not", why_not(made)
        return
    doubt = doubt_about(made, truth, crash, environment, directory / service)
    outcome.outcome = "false" if doubt else made.get("mode", "call")
    outcome.reason = doubt


def captured(crash: Crash, client: str, environment: Environment, server: Server, truth: Path, service: str) -> dict[str, Any]:
    """Runs the crash under the client; what it raised, by Python's own word."""
    runner = "reenact-run" if client == "reenact" else "ddtrace-run"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "PYTHON", "REENACT_"))}
    settings = {
        "DD_SERVICE": service,
        "DD_ENV": "corpus",
        "DD_TRACE_AGENT_URL": server.agent,
        "DD_EXCEPTION_REPLAY_ENABLED": "true",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        **dict(crash.environment),
    }
    if crash.package:
        # Our client knows packages by their modules, ddtrace by the names of their distributions.
        settings[OWN_PACKAGES[client]] = ",".join(crash.own_modules if client == "reenact" else (crash.package,))
    command = [
        str(environment.directory / "bin" / runner),
        str(environment.python),
        str(HERE / "capture.py"),
        client,
        crash.name,
        str(truth),
    ]
    done = subprocess.run(
        command, env={**kept, **settings}, capture_output=True, text=True, errors="replace",
        check=False, timeout=CAPTURE_SECONDS, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if not truth.exists():
        raise RuntimeError(f"no crash: {done.stderr[-300:]}")
    return json.loads(truth.read_text())


def _event(server: Server, service: str) -> dict[str, Any]:
    return server.wait_for_events(f"service:{service}", 1, EVENT_SECONDS)[0]


def reproduced(event: str, crash: Crash, environment: Environment, server: Server) -> tuple[Any, dict[str, Any] | None]:
    """The exit code of the command and its JSON; or why there is none."""
    command = [
        str(binary()), "reproduce", event, "--run", "--json", "--timeout", str(RUN_SECONDS),
        "--root", str(crash.root), "--python", str(environment.python), "--server", server.ui,
    ]  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DD_", "REENACT_"))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS, env=kept)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip() or f"exit code {done.returncode}", None


def why_not(made: dict[str, Any]) -> str:
    """What the first attempt showed, and what was not as it was."""
    attempt = made["run"]["attempts"][0]
    seen = attempt["seen"]
    if used := seen.get("stand_ins_used"):
        shown = f"the code needs {used[0]}"
    elif raised := seen.get("raised"):
        shown = f"{raised['type']}: {raised['message']} at {raised['place']}"
    elif failed := seen.get("failed"):
        shown = failed.strip().splitlines()[-1]
    else:
        shown = attempt["outcome"]
    spoiled = [f"`{entry['name']}` {entry['state']}: {entry['why']}" for entry in made["fidelity"] if entry["state"] != "exact"]
    return "; ".join([f"{attempt['function']}: {shown}", *spoiled[:2]])


def doubt_about(made: dict[str, Any], truth: dict[str, Any], crash: Crash, environment: Environment, directory: Path) -> str:
    """Why it is not reproduced after all, judged without the command: by pytest alone, and by the deepest frame."""
    directory.mkdir(exist_ok=True)
    test = directory / made["file_name"]
    test.write_text(made["text"])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DD_", "REENACT_"))}
    # Plugins that are installed cost more time to load than the test takes.
    alone = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    where = {**kept, **alone, "PYTHONPATH": str(crash.root)}

    def ask(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(environment.python), *command, str(test)], capture_output=True, text=True, errors="replace",
            check=False, cwd=directory, env=where, timeout=CHECK_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    tested = ask("-m", "pytest", "-q", "-p", "no:cacheprovider")
    if tested.returncode != 0:
        return f"pytest alone ends with {tested.returncode}: {tested.stdout[-300:]}"
    said = ask(str(HERE / "check.py")).stdout
    lines = [line for line in said.splitlines() if line.startswith("seen: ")]
    seen = json.loads(lines[-1].removeprefix("seen: ")) if lines else None
    if seen is None:
        return "a run without the command raised nothing"
    for key in ("type", "file", "line"):
        if seen[key] != truth[key]:
            return f"{key} is {seen[key]}, was {truth[key]}"
    if made["expected"]["message"] is not None and table.masked(seen["message"]) != table.masked(truth["message"]):
        return f"the message is {seen['message']!r}, was {truth['message']!r}"
    return ""


def run_all(
    crashes: list[Crash],
    clients: tuple[str, ...],
    environment: Environment,
    server: Server,
    directory: Path,
    jobs: int,
    tell: Callable[[str], None],
) -> list[Outcome]:
    """Measures each crash under each client, some at once; tells of each."""
    todo = [(crash, client) for crash in crashes for client in clients]
    outcomes = []

    def one(pair: tuple[Crash, str]) -> Outcome:
        outcome = measured(*pair, environment, server, directory)
        outcomes.append(outcome)
        with (directory / "outcomes.jsonl").open("a") as kept:
            kept.write(json.dumps(asdict(outcome)) + "\n")
        tell(
            f"{len(outcomes):4}/{len(todo)}  {outcome.client:8} {outcome.outcome:10} {outcome.seconds:5.1f} s"
            f"  {outcome.crash}  {outcome.reason}"
        )
        return outcome

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        return list(pool.map(one, todo))


def _measured_by_a_server(
    crashes: list[Crash], clients: tuple[str, ...], environment: Environment, directory: Path, jobs: int
) -> list[Outcome]:
    directory.mkdir(parents=True, exist_ok=True)
    server = Server(directory).start()
    try:
        return run_all(crashes, clients, environment, server, directory, jobs, partial(print, file=sys.stderr, flush=True))
    finally:
        server.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="crashes whose name, package or kind has this word")
    parser.add_argument("--client", choices=CLIENTS, help="one client (default: both)")
    parser.add_argument("--jobs", type=int, default=2, help="crashes at once (default: 2)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reproduction.md")
    parser.add_argument("--keep", type=Path, help="leave tests, outcomes.jsonl and the server's data in this new folder")
    parser.add_argument("--from", dest="measured", type=Path, help="measure nothing: the table of such an outcomes.jsonl")
    arguments = parser.parse_args()
    word = arguments.only.lower()
    chosen = [crash for crash in CRASHES.values() if word in f"{crash.name} {crash.function} {crash.input}".lower()]
    if not chosen:
        parser.error(f"no crash has `{arguments.only}`")
    if arguments.measured:
        environment = Environment(environments.DIRECTORY)
        outcomes = [Outcome(**json.loads(line)) for line in arguments.measured.read_text().splitlines()]
        order = list(CRASHES)
        outcomes.sort(key=lambda outcome: (order.index(outcome.crash), CLIENTS.index(outcome.client)))
    else:
        clients = (arguments.client,) if arguments.client else CLIENTS
        environment = environments.made()
        with tempfile.TemporaryDirectory() as temporary:
            outcomes = _measured_by_a_server(chosen, clients, environment, arguments.keep or Path(temporary), arguments.jobs)
    if arguments.json:
        print(json.dumps({"crashes": [asdict(outcome) for outcome in outcomes], "summary": table.summary(outcomes)}, indent=1))
    else:
        print(table.markdown(outcomes, environment))
    if arguments.write:
        table.write(outcomes, environment)
    return int(any(outcome.outcome == "false" for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
