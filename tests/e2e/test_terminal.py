"""The commands on a terminal of any width: coloured or not, they say the same as in a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from payloads import captured_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server, binary

COLUMNS = (1, 40, 60, 80)
WORDS = "a long message of many words "
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class OnTerminal:
    """What a command shows on a terminal, run in a directory; its standard error goes to the same one only where asked for."""

    def __init__(self, directory: Path, columns: int, *arguments: str, both: bool = False, **environment: str) -> None:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        process = subprocess.Popen(
            [str(binary()), *arguments], stdin=theirs, stdout=theirs, stderr=theirs if both else subprocess.DEVNULL,
            cwd=directory, env={**kept, "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 1 << 16):
                shown += part
        except OSError:
            pass  # That is how a terminal ends.
        os.close(ours)
        self.code = process.wait(30)
        self.shown = shown.decode().replace("\r\n", "\n")
        self.text = COLOUR.sub("", self.shown)


@pytest.fixture(scope="module")
def commands(server: Server) -> dict[str, tuple[str, ...]]:
    values = {
        "long": {"type": "str", "value": repr("0123456789 " * 20)},
        "wide": {"type": "str", "value": repr("漢字" * 60)},
        "password": {"type": "str", "value": "'gone'"},
        "nested": {"type": "list", "size": 300, "elements": [{"type": "int", "value": "1"}] * 3, "notCapturedReason": "collectionSize"},
    }
    assert post_snapshots(server.agent, json.dumps([snapshot("narrow", "narrow", **values)])).ok
    assert post_traces(server.agent, traces_body(captured_span("narrow", WORDS * 9, "narrow"))).ok
    (event,) = server.wait_for_events("service:narrow", 1)
    at = ("--server", server.ui)
    return {
        "issues": ("issues", *at), "show": ("show", event["id"], *at), "json": ("show", event["id"], "--json", *at),
        "settings": ("config", "show", "--origin"), "doctor": ("doctor", *at), "help": ("issues", "--help"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["issues", "show", "json", "settings", "doctor"])
def test_every_width_shows_what_a_pipe_gets(server: Server, commands: dict, name: str) -> None:
    piped = server.command(*commands[name]).stdout
    assert piped and "\x1b" not in piped
    for columns in COLUMNS:
        coloured = OnTerminal(server.directory, columns, *commands[name])
        assert (coloured.code, coloured.text) == (0, piped), f"{columns} columns"
        # Each colour ends on its own line, so that a pager or a cut leaves none behind.
        for line in coloured.shown.splitlines():
            assert not COLOUR.findall(line) or COLOUR.findall(line)[-1] == "\x1b[0m", repr(line)
        assert ("\x1b" in coloured.shown) == (name in ("issues", "show", "doctor"))
        for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            assert OnTerminal(server.directory, columns, *commands[name], **plain).shown == piped


@pytest.mark.parametrize("arguments", [("--help",), ("issues", "--help"), ("serve", "--help"), ("show", "--help"), ("config", "show", "--help")])
def test_help_is_wrapped_to_the_terminal(server: Server, arguments: tuple[str, ...]) -> None:
    for columns in COLUMNS:
        shown = OnTerminal(server.directory, columns, *arguments)
        assert shown.code == 0 and "Usage:" in shown.text and "panicked" not in shown.shown
        too_wide = [line for line in shown.text.splitlines() if len(line) > columns]
        # What is one word cannot be wrapped; below 40 columns there is no room beside the names.
        assert columns < 40 or all(len(line.split()) == 1 for line in too_wide), f"{columns} columns: {too_wide}"


@pytest.mark.parametrize("arguments", [("nosuchcommand",), ("show",), ("issues", "--limit", "x"), ("issues", "--server", "http://127.0.0.1:1")])
def test_errors_are_told_at_every_width(server: Server, arguments: tuple[str, ...]) -> None:
    for columns in COLUMNS:
        shown = OnTerminal(server.directory, columns, *arguments, both=True)
        assert shown.code in (1, 2) and "panicked" not in shown.text
        assert "error" in shown.text or "no answer" in shown.text
        assert "\x1b" not in OnTerminal(server.directory, columns, *arguments, both=True, NO_COLOR="1").shown


def test_the_hint_stands_below_the_listing(server: Server, commands: dict) -> None:
    shown = OnTerminal(server.directory, 80, *commands["issues"], both=True).text
    assert shown.index("a long message") < shown.index("reenact show ID")
