"""The commands beside `serve`: data on stdout, the rest on stderr, exit codes as promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from payloads import error_span, post_traces, traces_body
from server import Server


@pytest.fixture(scope="module")
def event(server: Server) -> dict:
    assert post_traces(server.agent, traces_body(error_span("terminal", "seen in a terminal"))).ok
    return server.wait_for_events("service:terminal", 1)[0]


def test_issues_lists_what_the_api_lists(server: Server, event: dict) -> None:
    result = server.command("issues", "--json", "--query", "service:terminal", "--server", server.ui)
    listed = json.loads(result.stdout)
    issues = listed["issues"] if isinstance(listed, dict) else listed
    assert [issue["id"] for issue in issues] == [event["issue_id"]]


def test_issues_for_people_names_type_and_message(server: Server, event: dict) -> None:
    text = server.command("issues", "--server", server.ui, NO_COLOR="1").stdout
    assert "ValueError" in text and "seen in a terminal" in text


def test_show_as_json_is_the_event(server: Server, event: dict) -> None:
    assert json.loads(server.command("show", event["id"], "--json", "--server", server.ui).stdout) == event


def test_show_without_colour_has_no_escape(server: Server, event: dict) -> None:
    text = server.command("show", event["id"], "--server", server.ui, NO_COLOR="1").stdout
    assert "\x1b" not in text
    assert "seen in a terminal" in text and "billing.py" in text and "settle" in text


def test_show_of_an_unknown_event_fails(server: Server) -> None:
    result = server.command("show", "0" * 32, "--server", server.ui, code=1)
    assert result.stderr.strip() and not result.stdout


def test_without_a_server_the_message_names_its_address(server: Server) -> None:
    assert "127.0.0.1:1" in server.command("issues", "--server", "http://127.0.0.1:1", code=1).stderr


def test_a_bad_configuration_is_refused_with_its_line(server: Server, tmp_path: Path) -> None:
    bad = tmp_path / "reenact.toml"
    bad.write_text('# a comment\nno_such_key = "value"\n')
    result = server.command("config", "check", str(bad), code=2)
    assert "no_such_key" in result.stderr and "2" in result.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("issues", "--help"), ("show", "--help"), ("config", "--help")])
def test_help_is_on_stdout(server: Server, arguments: tuple[str, ...]) -> None:
    assert "Usage" in server.command(*arguments).stdout


@pytest.mark.parametrize("arguments", [("no-such-command",), ("serve", "--no-such-flag"), ("show",)])
def test_wrong_use_exits_2(server: Server, arguments: tuple[str, ...]) -> None:
    assert server.command(*arguments, code=2).stderr


def test_version_is_printed(server: Server) -> None:
    assert server.command("--version").stdout.startswith("reenact ")
