"""From an event of a real client to a test that raises the same exception in another process."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from clients import CLIENTS, HERE, App, Client, has_python
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import ROOT, Server, binary

APPS = HERE / "apps"
SAME, OTHER, NOTHING = 0, 3, 4
# Has our own client; that of the tests has not.
OWN_PYTHON = ROOT / ".build/venv/sdk/bin/python"
OWN = 54
# Those of which our own client knows the arguments at entry: the default one may be among them.
WATCHING_PYTHONS = [Path(python) for python in [os.environ.get("REENACT_SDK_PYTHON", "")] if python] or [
    ROOT / f".build/venv/{name}/bin/python"
    for name, minors in (("sdk-3.13", [13]), ("sdk-3.12", [12]), ("sdk", [12, 13]))
    if any(has_python(ROOT / ".build/venv" / name, minor) for minor in minors)
]
# Events that have values, and how many of them are raised again at least, of cases.py and payments_app.py, which were
# written for other tests, and of kinds.py, which has what is hard. docs/reproduction.md says what is not raised, and why.
EVENTS, FLOOR = 18, 18
KINDS, KINDS_FLOOR = 21, 20


def reenact(server: Server, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(binary()), *arguments, "--server", server.ui]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=cwd)


def run(server: Server, event: str, python: Path, *more: str, root: Path = APPS) -> tuple[int, dict[str, Any]]:
    done = reenact(server, "reproduce", event, "--run", "--json", "--root", str(root), "--python", str(python), *more)
    assert done.returncode in (SAME, OTHER, NOTHING), done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def captured(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """The events of two applications under the current client."""
    directory = tmp_path_factory.mktemp("apps")
    apps = [
        App(CLIENTS[0], "script_app.py", "repro-script", server.agent, directory),
        App(CLIENTS[0], "payments_app.py", "repro-payments", server.agent, directory, ("0",)),
    ]
    try:
        for app in apps:
            app.wait_for("done", 180)
        events = server.wait_for_events("service:repro-script", 17) + server.wait_for_events("service:repro-payments", 2)
        yield [event for event in events if event["values"]["state"] == "captured"]
    finally:
        for app in apps:
            app.stop()


@pytest.fixture(scope="module")
def kinds(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    app = App(CLIENTS[0], "kinds_app.py", "repro-kinds", server.agent, tmp_path_factory.mktemp("kinds"))
    try:
        app.wait_for("done", 180)
        events = server.wait_for_events("service:repro-kinds", KINDS)
        yield [event for event in events if event["values"]["state"] == "captured"]
    finally:
        app.stop()


def test_crashes_of_a_real_client_are_raised_again(
    server: Server, captured: list[dict[str, Any]], current_client: Client, tmp_path: Path
) -> None:
    python = current_client.directory / "bin/python"
    rows = []
    for number, event in enumerate(captured):
        code, made = run(server, event["id"], python)
        attempts = [(attempt["function"], attempt["outcome"]) for attempt in made["run"]["attempts"]]
        rows.append((event["resource"], made["frame"]["function"], code, attempts))
        if code != SAME:
            continue
        assert made["run"]["outcome"] == "same exception"
        if made["frame"]["module"] == "cases":
            # Again, with pytest alone.
            test = tmp_path / f"{number}" / made["file_name"]
            test.parent.mkdir()
            test.write_text(made["text"])
            environment = {**os.environ, "PYTHONPATH": str(APPS)}
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
                capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, f"{event['resource']}:\n{done.stdout}\n{made['text']}"
    for row in rows:
        print(*row)
    same = [row for row in rows if row[2] == SAME]
    assert len(rows) >= EVENTS and len(same) >= FLOOR, rows


def test_what_is_hard_is_raised_again_or_it_is_said_why(server: Server, kinds: list[dict[str, Any]], current_client: Client) -> None:
    same = 0
    for event in kinds:
        arguments = ("--run", "--json", "--root", str(APPS), "--python", str(current_client.directory / "bin/python"))
        done = reenact(server, "reproduce", event["id"], *arguments)
        made = json.loads(done.stdout) if done.stdout else {}
        print(event["resource"], done.returncode, made.get("mode"), made.get("frame", {}).get("function"), done.stderr.strip())
        same += done.returncode == SAME
        # Nothing is called the same whose arguments cannot have been what they were.
        if event["resource"] in ("a text of 1,000 characters", "six levels", "a socket") and done.returncode == SAME:
            # By the statement that made the argument, and never with what was captured of it.
            assert (made["mode"], made["frame"]["function"]) == ("statement", "<lambda>"), done.stdout
        if event["resource"] in ("an argument that is emptied", "an argument that is assigned"):
            assert (done.returncode, json.loads(done.stdout)["mode"]) == (SAME, "statement"), done.stdout
    assert len(kinds) >= KINDS and same >= KINDS_FLOOR, same


# What is not raised with this client's values: the state of a socket is in C.
OWN_NOT_RAISED = {"a socket"}
# No function is called for these, but the statement of that one is run alone.
STATEMENTS = {
    "a private name": "Cart.per_rate",
    "an argument that is drained": "drained",
    "an argument that is emptied": "popped",
    "a method that changes its object": "Cart.add",
    "the header of a for": "looped",
    "the header of a while": "counted",
    "the header of a with": "opened",
    "a function in a function": "nested.<locals>.add",
    "a name without a value": "unbound",
    "a generator that goes on": "yielded",
    "several lines": "several",
}


def events_of_own(server: Server, python: Path, script: str, service: str, count: int, **more: str) -> list[dict[str, Any]]:
    """What a program raises under our own client."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "PYTHON", "REENACT_"))}
    limits = {"REENACT_NOVEL_BURST": "200", "REENACT_CPU_SHARE": "1", "REENACT_QUEUE_CAPTURES_MAX": "500", "REENACT_CAPTURES_PER_SECOND": "500"}
    settings = {"REENACT_URL": server.agent, "REENACT_SERVICE": service, "REENACT_GIT_COMMIT": "0123abc", **limits, **more}
    command = [str(python.parent / "reenact-run"), str(python), str(APPS / script)]
    done = subprocess.run(command, env={**kept, **settings}, capture_output=True, text=True, check=False, timeout=120, cwd=HERE)
    assert done.returncode == 0, done.stderr
    return server.wait_for_events(f"service:{service}", count)


@pytest.fixture(scope="module")
def own(server: Server) -> dict[str, dict[str, Any]]:
    """The events of all crashes under our own client, by the name of the crash."""
    events = events_of_own(server, OWN_PYTHON, "own_client_app.py", "repro-own", OWN)
    return {event["tags"]["case"]: event for event in events}


def test_arguments_are_as_they_were_at_entry_where_that_was_captured(server: Server) -> None:
    if not WATCHING_PYTHONS:
        pytest.skip("no Python 3.12 or 3.13 is set up")
    python = WATCHING_PYTHONS[0]
    events = events_of_own(server, python, "own_entry_app.py", "repro-entry", 9, REENACT_SECOND_CHANCE="true")
    for name in ("an argument that is emptied", "an argument that is assigned", "a method that changes its object"):
        captured = [event for event in events if event["tags"]["case"] == name and event["values"]["state"] == "captured"]
        [first, *later] = sorted(captured, key=lambda event: event["timestamp"])
        code, made = run(server, first["id"], python)
        assert (code, made["mode"]) == (SAME, "statement"), (name, made["run"])
        code, made = run(server, later[-1]["id"], python)
        assert (code, made["mode"], {entry["state"] for entry in made["fidelity"]}) == (SAME, "call", {"exact"}), (name, made["fidelity"], made["run"])


def test_with_our_own_client_crashes_are_raised_again_by_call_or_statement(server: Server, own: dict[str, dict[str, Any]]) -> None:
    not_raised, alone = set(), {}
    for name, event in own.items():
        done = reenact(server, "reproduce", event["id"], "--run", "--json", "--root", str(APPS), "--python", str(OWN_PYTHON))
        made = json.loads(done.stdout) if done.stdout else {}
        print(name, done.returncode, made.get("mode"), made.get("frame", {}).get("function"), done.stderr.strip())
        if done.returncode != SAME:
            not_raised.add(name)
        elif made["mode"] == "statement":
            alone[name] = made["frame"]["function"]
            assert "only the statement" in made["fidelity"][0]["why"]
    assert not_raised == OWN_NOT_RAISED and len(own) == OWN
    assert {name: alone.get(name) for name in STATEMENTS} == STATEMENTS


def test_a_statement_is_run_in_whatever_it_stands(server: Server, own: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    for name in ("super", "a lambda", "a generator expression", "async with", "the body of a module", "now", "none of the environment"):
        deepest = max(index for index, frame in enumerate(own[name]["exceptions"][-1]["frames"]) if frame["in_app"])
        code, made = run(server, own[name]["id"], OWN_PYTHON, "--statement", "--frame", str(deepest))
        assert (code, made["mode"]) == (SAME, "statement"), (name, made["run"])


def test_the_outermost_function_is_found_and_inputs_are_made_smaller(server: Server, own: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    code, made = run(server, own["deep_calls"]["id"], OWN_PYTHON)
    assert code == SAME and made["run"]["outermost"]["frame"] < made["frame"]["index"], made["run"]
    assert [offer["mode"] for offer in made["offers"]] == ["call", "statement"]
    code, made = run(server, own["a lambda"]["id"], OWN_PYTHON, "--shrink")
    assert code == SAME and made["shrunk"]["parts_removed"] >= 1 and 0 < made["shrunk"]["runs"] <= 200, made["shrunk"]
    assert "count" not in made["text"].split("def test_")[0].split("raises.")[1], made["text"]
    test = tmp_path / made["file_name"]
    test.write_text(made["text"])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(APPS)}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + made["text"]
    checked = subprocess.run([str(Path(sys.executable).parent / "ruff"), "check", "--isolated", "--line-length", "120", str(test)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_nothing_is_run_when_the_source_is_another_one(server: Server, own: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    event = own["an argument that is drained"]["id"]
    for name in ("alone.py", "alone_broken.py", "cases.py", "kinds.py", "own_client_app.py"):
        (tmp_path / name).write_text((APPS / name).read_text())
    arguments = ("reproduce", event, "--run", "--root", str(tmp_path), "--python", str(OWN_PYTHON))
    assert reenact(server, *arguments).returncode == SAME
    (tmp_path / "alone.py").write_text("open('written', 'w')\n" + (APPS / "alone.py").read_text())
    refused = reenact(server, *arguments)
    assert refused.returncode == 1 and refused.stdout == "", refused.stdout
    assert "alone.py` is not as it was when the exception was raised" in refused.stderr
    assert "git worktree add ../at-that-commit 0123abc" in refused.stderr and "--anyway" in refused.stderr
    anyway = reenact(server, *arguments, "--anyway")
    assert anyway.returncode in (OTHER, NOTHING, 1) and "wanted: IndexError" in anyway.stdout, anyway.stdout
    assert not (tmp_path / "written").exists()


def long_values() -> dict[str, Any]:
    """Values around the width of a line, in every place."""

    def text(length: int, character: str = "x") -> dict[str, Any]:
        return {"type": "str", "value": "'" + character * length + "'"}

    def listed(*elements: dict[str, Any], kind: str = "list") -> dict[str, Any]:
        return {"type": kind, "elements": list(elements), "size": len(elements)}

    values = {}
    for length in range(90, 122):
        values[f"text_{length}"] = text(length)
        values[f"list_{length}"] = listed(text(length))
        values[f"tuple_{length}"] = listed(text(length), kind="tuple")
        values[f"nested_{length}"] = listed(listed(text(length), text(3)), {"type": "dict", "entries": [[text(20), text(length - 30)]]})
        values[f"object_{length}"] = {"type": "Exception", "fields": {"note": text(length - 20), "more": listed(text(length - 10), kind="set")}}
        values[f"wide_{length}"] = listed(text(length // 2, "界"), text(4, "é"), kind="deque")
    return values


def test_generated_files_are_formatted(
    server: Server, captured: list[dict[str, Any]], kinds: list[dict[str, Any]], own: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    post(server, "long", **long_values())
    for number, event in enumerate(captured + kinds + list(own.values()) + server.wait_for_events("service:long", 1)):
        answer = requests.get(f"{server.ui}/api/v1/events/{event['id']}/reproduction", params={"root": str(APPS)}, timeout=30)
        if answer.status_code == 409:
            continue
        made = answer.json()
        (tmp_path / f"{number}_{made['file_name']}").write_text(made["text"])
    ruff = Path(sys.executable).parent / "ruff"
    assert ruff.exists(), "run `scripts/setup test`"
    for command in (["check"], ["check", "--select", "I"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [str(ruff), *command, "--isolated", "--line-length", "120", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]


def test_another_exception_is_not_the_same(server: Server, captured: list[dict[str, Any]], current_client: Client, tmp_path: Path) -> None:
    [event] = [event for event in captured if event["resource"] == "none_attribute"]
    python = current_client.directory / "bin/python"
    source = (APPS / "cases.py").read_text()
    changes = {
        "one line further down": (source.replace("def customer_city(", "\ndef customer_city("), OTHER),
        "another message": (source.replace("customer.city", "customer.town"), OTHER),
        "fixed": (source.replace("customer.city, length", "getattr(customer, 'city', None), length"), NOTHING),
        "as it was": (source, SAME),
    }
    for name, (changed, want) in changes.items():
        (tmp_path / "cases.py").write_text(changed)
        code, made = run(server, event["id"], python, "--frame", str(len(event["exceptions"][-1]["frames"]) - 1), root=tmp_path)
        assert code == want, (name, made["run"])


GUARDED = """
import os, socket, subprocess

def settle(what):
    if what == "network":
        socket.create_connection(("127.0.0.1", 9))
    if what == "processes":
        subprocess.run(["true"])
    if what == "writes":
        open("written", "w")
    if what == "time":
        while True:
            pass
    raise ValueError("got here")
"""


@pytest.mark.parametrize("what", ["network", "processes", "writes", "time"])
def test_a_test_runs_without_network_processes_and_writes(server: Server, tmp_path: Path, what: str) -> None:
    (tmp_path / "billing.py").write_text(GUARDED)
    service = f"guard-{what}"
    post(server, service, what={"type": "str", "value": f"'{what}'"})
    [event] = server.wait_for_events(f"service:{service}", 1)
    arguments = ("reproduce", event["id"], "--run", "--root", str(tmp_path), "--python", sys.executable)
    done = reenact(server, *arguments, "--timeout", "5")
    if what == "time":
        assert done.returncode == 1 and "no end within 5 seconds" in done.stdout, done.stdout
    else:
        assert done.returncode == OTHER and "PermissionError" in done.stdout and f"without {what}" in done.stdout, done.stdout
        assert not (tmp_path / "written").exists()
        allowed = reenact(server, *arguments, "--allow", what)
        assert "PermissionError" not in allowed.stdout, allowed.stdout


def post(server: Server, service: str, **arguments: Any) -> None:
    assert post_snapshots(server.agent, json.dumps([snapshot(service, service, **arguments)])).ok
    assert post_traces(server.agent, traces_body(captured_span(service, "got here", service))).ok


HOSTILE = [
    "'); import os; os.system('id') #",
    '"""\nimport os\nos.system("id")\n"""',
    "\\'); evil() #",
    "evil()",
    "os.system",
    "__import__('os')",
    "a\nevil()",
    "\u2028evil()",
    "{evil()}",
    "datetime.datetime(evil())",
    "[evil() for x in y]",
    "lambda: evil()",
]
ALLOWED_CALLS = {"obj", "fill", "raised", "class_named", "StandIn", "spread", "set", "frozenset", "float", "complex", "range"}


def values_of(text: str) -> dict[str, Any]:
    """Hostile text in every place of a value."""
    kinds = ("str", "int", "bytes", "datetime", "Decimal", text)
    return {
        **{f"scalar_{index}": {"type": kind, "value": text} for index, kind in enumerate(kinds)},
        "quoted": {"type": "str", "value": f"'{text}'"},
        "cut": {"type": "str", "value": f"'{text}", "truncated": True},
        "fields": {"type": text, "fields": {text: {"type": "str", "value": text}, "ok": {"type": text, "value": "1"}}},
        "enum": {"type": "Color", "fields": {"_name_": {"type": "str", "value": text}, "_value_": {"type": "int", "value": text}}},
        "entries": {"type": "dict", "entries": [[{"type": "str", "value": text}, {"type": text, "notCapturedReason": "depth"}]]},
        "elements": {"type": text, "elements": [{"type": text, "value": text}], "size": 9},
    }


def test_captured_text_never_becomes_code(server: Server) -> None:
    for index, text in enumerate(HOSTILE):
        service = f"hostile-{index}"
        post(server, service, **values_of(text))
        [event] = server.wait_for_events(f"service:{service}", 1)
        made = server.get(f"/events/{event['id']}/reproduction")
        tree = ast.parse(made["text"])
        [body] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "reproduce"]
        for node in ast.walk(body):
            assert not isinstance(node, (ast.Import, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.BinOp, ast.JoinedStr)), made["text"]
            if isinstance(node, ast.Call):
                assert isinstance(node.func, ast.Name) and node.func.id in ALLOWED_CALLS, ast.unparse(node)
            if isinstance(node, ast.Name):
                assert "evil" not in node.id
        imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        modules = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
        assert modules <= {"asyncio", "importlib", "inspect", "re", "traceback", "types", "billing"}, modules


def test_looks_are_noted_and_mistakes_are_explained(server: Server) -> None:
    post(server, "noted", amount={"type": "int", "value": "5"})
    assert post_traces(server.agent, traces_body(error_span("noted-none", "no values"))).ok
    [event] = server.wait_for_events("service:noted", 1)
    [without] = server.wait_for_events("service:noted-none", 1)
    made = server.get(f"/events/{event['id']}/reproduction")
    assert (made["mode"], made["frame"]["function"], made["frame"]["module"]) == ("call", "settle", "billing")
    assert made["fidelity"] == [{"kind": "argument", "name": "amount", "state": "exact", "why": ""}]
    assert [entry["detail"] for entry in server.get("/audit", subject=event["id"], action="values.viewed")["entries"]][:1] == ["made a test of them"]
    for event_id, parameters, status, code in [
        (without["id"], {}, 409, "no_values"),
        (event["id"], {"frame": 7}, 400, "parameter_invalid"),
        (event["id"], {"frame": "x"}, 400, "parameter_invalid"),
        (event["id"], {"mode": "x"}, 400, "parameter_invalid"),
        ("0" * 32, {}, 404, "not_found"),
    ]:
        answer = requests.get(f"{server.ui}/api/v1/events/{event_id}/reproduction", params=parameters, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    only = server.get(f"/events/{event['id']}/reproduction", mode="statement")
    assert only["mode"] == "statement" and only["fidelity"][0]["name"] == "settle", only
    source = {"file": made["frame"]["file"], "text": "def settle(amount):\n    amount = 1\n" + "    pass\n" * 100}
    url = f"{server.ui}/api/v1/events/{event['id']}/reproduction"
    told = requests.post(url, json={"sources": [source], "mode": "call"}, timeout=30).json()
    assert told["fidelity"][0]["state"] == "changed" and "line 2" in told["fidelity"][0]["why"], told
    for body, status, code in [
        ({"sources": [source] * 17}, 400, "parameter_invalid"),
        ({"mode": "guess"}, 400, "body_invalid"),
        ({"surprise": 1}, 400, "body_invalid"),
        ({"frame": 7}, 400, "parameter_invalid"),
    ]:
        answer = requests.post(url, json=body, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    printed = reenact(server, "reproduce", event["id"])
    assert printed.returncode == 0 and printed.stdout == made["text"] and "exact  amount" in printed.stderr


def test_a_file_is_written_and_not_overwritten(server: Server, tmp_path: Path) -> None:
    post(server, "written", amount={"type": "int", "value": "5"})
    [event] = server.wait_for_events("service:written", 1)
    first = reenact(server, "reproduce", event["id"], "--output", "test_it.py", cwd=tmp_path)
    assert first.returncode == 0 and "raised(settle, amount=amount)" in (tmp_path / "test_it.py").read_text()
    assert reenact(server, "reproduce", event["id"], "--output", "test_it.py", cwd=tmp_path).returncode == 1


def test_tests_are_for_those_who_may_see_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "settings")
    server = Server(tmp_path).start()
    try:
        post(server, "hidden", amount={"type": "int", "value": "5"})
        [event] = server.wait_for_events("service:hidden", 1)
        answer = requests.get(f"{server.ui}/api/v1/events/{event['id']}/reproduction", timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        server.stop()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
