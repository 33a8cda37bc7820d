"""The commands beside `serve`: data on stdout, the rest on stderr, exit codes as promised."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlparse

import pytest

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server, binary


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


def refused_to_serve(data_dir: Path, agent: str = "127.0.0.1:0", listen: str = "127.0.0.1:0") -> str:
    """What a `reenact serve` says that gives up at once."""
    command = [str(binary()), "serve", "--data-dir", str(data_dir), "--agent-listen", agent, "--listen", listen]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode in (1, 2), f"{result.returncode}: {result.stderr}"
    return result.stderr


def test_two_servers_do_not_share_a_data_directory(server: Server) -> None:
    message = refused_to_serve(server.data_dir)
    assert str(server.data_dir) in message and "another process" in message
    assert server.events("service:terminal") is not None, "the first one goes on"


def test_a_taken_port_is_named_with_its_flag(server: Server, tmp_path: Path) -> None:
    agent, pages = urlparse(server.agent).netloc, urlparse(server.ui).netloc
    message = refused_to_serve(tmp_path / "one", agent=agent)
    assert agent in message and "--agent-listen" in message
    message = refused_to_serve(tmp_path / "two", listen=pages)
    assert pages in message and "--listen" in message


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    assert str(in_the_way) in refused_to_serve(in_the_way)


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:99999", "127.0.0.1"])
def test_an_address_that_is_none_is_named(tmp_path: Path, address: str) -> None:
    assert f"`{address}`" in refused_to_serve(tmp_path / "data", agent=address)


BAD_FILES = {
    "data_dir = 5": ":1: `data_dir` is a text",
    "# ok\n\ndata-dir = 'x'": ":3: unknown key `data-dir`; did you mean `data_dir`?",
    "listen = [": ":1:",
    "listen = 'here'": "`here`",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_every_command_names_the_line_of_a_bad_configuration(server: Server, tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(text)
    assert BAD_FILES[text] in server.command("config", "check", str(bad), code=2).stderr
    assert BAD_FILES[text] in server.command("--config", str(bad), "serve", code=2).stderr


def test_settings_say_where_they_come_from(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "good.toml"
    file.write_text("# a comment\nlisten = '127.0.0.1:4'\n")
    shown = server.command("--config", str(file), "config", "show", "--origin", REENACT_DATA_DIR="/elsewhere").stdout
    lines = {line.split()[0]: line for line in shown.splitlines()}
    assert "/elsewhere" in lines["data_dir"] and "REENACT_DATA_DIR" in lines["data_dir"]
    assert "127.0.0.1:4" in lines["listen"] and "good.toml" in lines["listen"]
    assert "default" in lines["agent.listen"]


def test_control_characters_of_an_error_do_not_reach_the_terminal(server: Server) -> None:
    span = error_span("hostile-terminal", "\x1b[31mred \x1b]0;title\x07 \u202e turned")
    span["meta"]["error.stack"] = 'Traceback (most recent call last):\n  File "/\x1b[2J.py", line 3, in f\x1b[1m\n    y\nValueError: x\n'
    assert post_traces(server.agent, traces_body(span)).ok
    (event,) = server.wait_for_events("service:hostile-terminal", 1)
    for arguments in (("issues",), ("show", event["id"]), ("show", event["issue_id"])):
        shown = server.command(*arguments, "--server", server.ui).stdout
        assert "red" in shown
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}


def test_a_reader_that_leaves_early_is_no_failure(server: Server, event: dict) -> None:
    command = f"{binary()} show {event['id']} --json --server {server.ui} | head -c 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert result.stdout == "{" and "panicked" not in result.stderr


def test_show_tells_what_the_page_tells(server: Server) -> None:
    pair = {"type": "tuple", "size": 2, "elements": [{"type": "int", "value": "3"}, {"type": "int", "value": "4"}]}
    nothing = {"type": "NoneType", "isNull": True}
    mapping = {"type": "dict", "size": 2, "entries": [[pair, {"type": "int", "value": "5"}], [nothing, {"type": "int", "value": "6"}]]}
    span = captured_span("told", "with a note", "told")
    frames = '  File "/srv/told/billing.py", line 41, in settle\n    post(entry)\n' * 3 + "  [Previous line repeated 27 more times]\n"
    span["meta"]["error.stack"] = f"Traceback (most recent call last):\n{frames}ValueError: with a note\nthe note\n"
    assert post_snapshots(server.agent, json.dumps([snapshot("told", "told", mapping=mapping)])).ok
    assert post_traces(server.agent, traces_body(span)).ok
    (event,) = server.wait_for_events("service:told", 1)
    assert event["exceptions"][-1]["notes"] == ["the note"] and event["exceptions"][-1]["frames"][-1]["repeats"] == 27
    shown = server.command("show", event["id"], "--server", server.ui).stdout
    assert "the note" in shown and "27" in shown
    assert "mapping = dict" in shown and "None" in shown and "[]" not in shown
