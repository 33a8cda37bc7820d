"""`reenact debug EVENT --pdb`: the prompt in a pipe and on a terminal, about an event of a real client and a hostile one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients import CLIENTS, HERE, App, present
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server, binary

APPS = HERE / "apps"


def prompt(server: Server, event: str, *lines: str, code: int = 0, root: Path = APPS) -> str:
    command = [str(binary()), "debug", event, "--pdb", "--root", str(root), "--server", server.ui]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def charged(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The event of a currency without a rate, of a real client."""
    app = App(present(CLIENTS[0]), "payments_app.py", "debug-payments", server.agent, tmp_path_factory.mktemp("app"), ("0",))
    try:
        app.wait_for("done", 180)
        events = server.wait_for_events("service:debug-payments", 2)
        yield next(event for event in events if event["exceptions"][-1]["type"] == "KeyError")
    finally:
        app.stop()


def test_the_crash_is_walked_as_in_pdb(server: Server, charged: dict[str, Any]) -> None:
    said = prompt(server, charged["id"], "w", "p currency", "l", "u", "p order['total'] * 2 + len(order)", "a", "pp order", "q", "p never")
    assert "KeyError: 'XTS'" in said and "nothing is run here" in said
    assert f"> {APPS}/payments_app.py(" in said and "rate_of()" in said and "-> return RATES[currency]" in said
    lines = said.splitlines()
    assert "'XTS'" in lines
    # The file is here, and its line is the one that the traceback printed.
    assert any(line.startswith("[the file here") for line in lines)
    assert any(line.endswith("->     return RATES[currency]") for line in lines)
    assert "22" in lines or "23" in lines, said
    assert any(line.startswith("order = {'currency': 'XTS', 'total': 10") for line in lines)
    assert "never" not in said


def test_what_is_not_known_is_said(server: Server, charged: dict[str, Any]) -> None:
    said = prompt(server, charged["id"], "u", "p rate_of('EUR')", "p order.total", "p order['x']", "n", "b 5", "import os", "x = 5", "u 99", "d 99", "d")
    for part in [
        "*** `rate_of` is not called: nothing is run", "methods are not run", "*** no key 'x'", "`n` is not known here", "`b` is not known here",
        "only expressions are known", "values cannot be changed", "this is the deepest frame",
    ]:  # fmt: skip
        assert part in said, (part, said)


def test_captured_text_cannot_steer_the_terminal(server: Server) -> None:
    hostile = "'\x1b[2J\u202e\r\n'"
    values = {"note": {"type": "str", "value": hostile}, "\x1b[31mname": {"type": "\x1b]0;x\x07", "value": hostile}, "__import__('os')": {"type": "int", "value": "5"}}
    assert post_snapshots(server.agent, json.dumps([snapshot("steer", "steer", **values)])).ok
    assert post_traces(server.agent, traces_body(captured_span("steer", "no\x1b[2Jway", "steer"))).ok
    [event] = server.wait_for_events("service:steer", 1)
    said = prompt(server, event["id"], "w", "a", "pp note", "p note", "ll", "exceptions", "p __import__('os')", "p __exception__")
    assert "\x1b" not in said and "\u202e" not in said and "\x07" not in said and "\\x1b[2J" in said, repr(said)
    assert "`__import__` is not called: nothing is run" in said


def test_an_event_without_values_or_that_is_not_there(server: Server) -> None:
    assert post_traces(server.agent, traces_body(error_span("debug-none", "no values"))).ok
    [event] = server.wait_for_events("service:debug-none", 1)
    said = prompt(server, event["id"], "w", "p entry", "a")
    assert "there are no values: " in said and "settle()" in said and "*** this frame has no values: " in said
    assert "is neither an event" in prompt(server, "nothing", code=1)
    assert prompt(server, "0" * 32, code=1)
    done = subprocess.run([str(binary()), "debug", "--pdb"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "EVENT" in done.stderr


def test_on_a_terminal_there_is_a_prompt(server: Server, charged: dict[str, Any]) -> None:
    ours, theirs = os.openpty()
    command = [str(binary()), "debug", charged["id"], "--pdb", "--root", str(APPS), "--server", server.ui]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, b"p currency\nq\n")
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:
        pass  # That is how a terminal ends.
    os.close(ours)
    assert process.wait(30) == 0
    text = shown.decode().replace("\r\n", "\n")
    assert text.count("(reenact) ") == 2 and "\n'XTS'\n" in text.replace("(reenact) ", ""), text


def test_a_look_is_noted(server: Server, charged: dict[str, Any]) -> None:
    before = len(server.get("/audit", subject=charged["id"], action="values.viewed")["entries"])
    prompt(server, charged["id"], "p currency")
    assert len(server.get("/audit", subject=charged["id"], action="values.viewed")["entries"]) > before
