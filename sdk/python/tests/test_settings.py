"""Where settings come from and what is said when they are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

import _reenact_start
import pytest
from conftest import Programs

from reenact import _native
from reenact.config import attaches_to_ddtrace, hooks_to_install, native_settings, read_config
from reenact.settings import OFF, SETTINGS, SettingError, default_service


def test_an_argument_wins_over_the_environment_and_this_over_the_default() -> None:
    config = read_config({"env": "test"}, {"REENACT_ENV": "prod", "DD_VERSION": "1.2"})
    assert (config["env"], config["version"], config["frames_max"]) == ("test", "1.2", 8)
    assert [config.origins[name] for name in ("env", "version", "frames_max")] == ["argument", "DD_VERSION", "default"]


def test_own_variables_win_over_aliases_and_empty_ones_do_not_count() -> None:
    environment = {"REENACT_SERVICE": " ", "DD_SERVICE": "shop", "OTEL_SERVICE_NAME": "other"}
    config = read_config({}, environment)
    assert (config["service"], config.origins["service"]) == ("shop", "DD_SERVICE")


@pytest.mark.parametrize(
    ("environment", "url", "origin"),
    [
        ({}, "http://127.0.0.1:8126", "default"),
        ({"DD_AGENT_HOST": "agent"}, "http://agent:8126", "DD_AGENT_HOST"),
        ({"DD_TRACE_AGENT_PORT": "9"}, "http://127.0.0.1:9", "DD_TRACE_AGENT_PORT"),
        ({"DD_AGENT_HOST": "::1", "DD_TRACE_AGENT_PORT": "9"}, "http://[::1]:9", "DD_AGENT_HOST"),
        ({"DD_TRACE_AGENT_URL": "unix:///run/a.sock", "DD_AGENT_HOST": "agent"}, "unix:///run/a.sock", "DD_TRACE_AGENT_URL"),
        ({"REENACT_URL": "http://r.example/", "DD_TRACE_AGENT_URL": "http://a:1"}, "http://r.example", "REENACT_URL"),
        ({"REENACT_URL": "http://r.example/path", "DD_TRACE_AGENT_URL": "http://a:1"}, "http://a:1", "DD_TRACE_AGENT_URL"),
        ({"DD_AGENT_HOST": "a/b"}, "http://127.0.0.1:8126", "default"),
    ],
)
def test_the_address(environment: dict[str, str], url: str, origin: str) -> None:
    config = read_config({}, environment)
    assert (config["url"], config.origins["url"]) == (url, origin)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"servise": "x"}, "there is no setting `servise`; did you mean `service`?"),
        ({"frames_max": -1}, "`frames_max` is -1, but must be a whole number from 0 to 100"),
        ({"frames_max": True}, "`frames_max` is True, but must be a whole number from 0 to 100"),
        ({"time_budget_ms": "soon"}, "`time_budget_ms` is 'soon', but must be a number from 0.01 to 1000"),
        ({"url": "localhost:8126"}, "`url` is 'localhost:8126', but must be an address such as `http://127.0.0.1:8126`"),
        ({"redaction_mode": "hard"}, "`redaction_mode` is 'hard', but must be one of `targeted`, `strict`"),
        ({"tags": {"a": 1}}, "`tags` is {'a': 1}, but must be texts by name"),
        ({"env": ""}, "`env` is '', but must be a text that is not empty"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_fits(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as error:
        read_config(arguments, {})
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("environment", "is_attached"),
    [
        ({}, True),
        ({"DD_TRACE_AGENT_URL": "http://agent:8126"}, True),
        ({"REENACT_URL": "http://r:8126"}, False),
        ({"REENACT_URL": "http://r:8126", "DD_AGENT_HOST": "r"}, True),
        ({"REENACT_URL": "http://127.0.0.1:9", "DD_TRACE_AGENT_URL": "http://localhost:9/"}, True),
        ({"REENACT_URL": "http://r:8126", "REENACT_DDTRACE": "attach"}, True),
        ({"REENACT_DDTRACE": "apart"}, False),
    ],
)
def test_spans_carry_events_when_they_go_where_captures_go(environment: dict[str, str], is_attached: bool) -> None:
    assert attaches_to_ddtrace(read_config({}, environment), environment) is is_attached


ADDRESSES = [
    "http://a",
    " https://a:1// ",
    "http://[::1]:9",
    "https://ada:pw@ss/w@host",
    "http://@a",
    "unix:///run/a@b.sock",
    "unix:// /run/a",
    "unix://run/a",
    "unix:///",
    "unix://",
    "http://a/path",
    "http://ada@a/path",
    "http://ada:pw@",
    "http://a b",
    "http://a\x85",
    "http://a\x7f",
    "http://a\u2003b",
    "http://",
    "http:///",
    "http:a",
    "HTTP://a",
    "ftp://a",
    "a:8126",
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_is_one_to_the_core_or_to_neither(url: str) -> None:
    def takes(read: Callable[[], object]) -> bool:
        try:
            read()
        except ValueError:
            return False
        return True

    assert takes(lambda: _native.start({"url": url})) is takes(lambda: read_config({"url": url}, {}))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://ada:hunter2@a", "ftp://***@a"),
        ("ada:hunter2@a:8126", "***@a:8126"),
        ("ada:hun://ter2@a", "***@a"),
        ("http://ada:hunter2@a/path", "http://***@a/path"),
        ("http://ada:hun@ter2@", "http://***@"),
        ("unix://run/a@b.sock", "unix://run/a@b.sock"),
    ],
)
def test_a_password_is_not_told_when_the_address_is_wrong(url: str, told: str) -> None:
    assert read_config({}, {"REENACT_URL": url}).problems[0].startswith(f"REENACT_URL is `{told}`, but must be an address")
    with pytest.raises(SettingError, match=re.escape(f"`url` is '{told}', but must be an address")):
        read_config({"url": url}, {})


def test_a_secret_that_is_no_text_is_not_told() -> None:
    with pytest.raises(SettingError, match=r"`api_key` is '\*\*\*', but must be a text"):
        read_config({"api_key": b"k1"}, {})
    with pytest.raises(SettingError) as wrong:
        read_config({"url": b"http://ada:hunter2@a"}, {})
    assert "hunter2" not in str(wrong.value)


def test_the_start_of_an_interpreter_knows_the_words_of_a_switch() -> None:
    # It imports nothing, and so has words of its own.
    assert set(_reenact_start._OFF) == {"", *OFF}


def test_a_wrong_variable_is_a_problem_and_the_next_one_counts() -> None:
    config = read_config({}, {"REENACT_FRAMES_MAX": "x", "DD_EXCEPTION_REPLAY_CAPTURE_MAX_FRAMES": "12", "DD_TRACE_AGENT_PORT": "x"})
    assert (config["frames_max"], config["url"]) == (12, "http://127.0.0.1:8126")
    assert [problem.split(",")[0] for problem in config.problems] == ["REENACT_FRAMES_MAX is `x`", "DD_TRACE_AGENT_PORT is `x`"]


def test_switches_lists_and_tags() -> None:
    environment = {
        "DD_EXCEPTION_DEBUGGING_ENABLED": "1",
        "DD_DYNAMIC_INSTRUMENTATION_REDACTED_IDENTIFIERS": "a, b,,c",
        "DD_TAGS": "team:shop, url:http://x, broken",
    }
    config = read_config({}, environment)
    assert config["enabled"] is True
    assert config["redacted_identifiers"] == ["a", "b", "c"]
    assert config["tags"] == {"team": "shop", "url": "http://x"}
    assert read_config({}, {"DD_TAGS": "a:1 b:2"})["tags"] == {"a": "1", "b": "2"}


def test_hooks_are_left_out_or_chosen() -> None:
    known = ["flask", "logging", "rq"]
    assert hooks_to_install([], known) == known
    assert hooks_to_install(["-logging", "-rq"], known) == ["flask"]
    assert hooks_to_install(["logging"], known) == ["logging"]
    assert hooks_to_install(["all", "-rq"], known) == ["flask", "logging"]
    assert hooks_to_install(["none"], known) == []
    problems: list[str] = []
    assert hooks_to_install(["-celrey"], known, problems) == known
    assert problems == ["there is no hook `celrey`; known are flask, logging, rq"]


def test_a_service_without_a_name_has_that_of_its_program() -> None:
    names = [["/srv/manage.py", "runserver"], ["/usr/bin/gunicorn"], ["/srv/shop/__main__.py"], ["-c"], [""], []]
    assert [default_service(argv) for argv in names] == ["manage", "gunicorn", "shop", "python", "python", "python"]
    assert default_service(None) == "python"


def test_the_core_gets_every_setting_that_is_its_own() -> None:
    found = native_settings(read_config({"env": "test"}, {}))
    assert found["env"] == "test" and "version" not in found and "hooks" not in found
    assert found["library_paths"] and found["implementation"] == "CPython"
    assert any(folder.endswith("site-packages") for folder in found["package_folders"])


def test_each_setting_has_a_meaning_and_an_own_variable_first() -> None:
    for setting in SETTINGS:
        assert setting.meaning and setting.variables[0].startswith("REENACT_"), setting.name


def test_what_the_core_cannot_use_is_an_error_as_argument_and_left_out_as_variable(programs: Programs) -> None:
    done = programs.run_plain(
        """
        import reenact
        try:
            reenact.init(redacted_types=["a\\nb", "--"], redacted_identifiers=["--"])
        except reenact.SettingError as error:
            print(error)
        assert reenact.capture_exception(ValueError(1)) is None
        """,
    )
    assert done.stdout.startswith("setting `redacted_identifiers`"), done.stderr
    done = programs.run_plain(
        """
        import reenact
        assert reenact.capture_exception(ValueError(1))
        print(reenact.status()["settings"]["redacted_identifiers"])
        """,
        REENACT_ENABLED="1",
        REENACT_REDACTED_IDENTIFIERS="--",
    )
    assert done.stdout == "{'value': [], 'origin': 'default'}\n"
    assert (done.returncode, done.stderr.startswith("reenact: REENACT_REDACTED_IDENTIFIERS: setting `redacted_identifiers`")) == (
        0,
        True,
    ), done.stderr
    assert done.the_event()["type"] == "ValueError"


def test_the_key_is_not_shown(programs: Programs) -> None:
    done = programs.run_plain("import reenact; reenact.init(api_key='k1'); print(reenact.status()['settings']['api_key'])")
    assert done.stdout == "{'value': '***', 'origin': 'argument'}\n"
    done = programs.run_plain(
        "import reenact; print(reenact.status()['settings']['url'])", REENACT_ENABLED="1", REENACT_URL="unix:///run/a@b.sock"
    )
    assert done.stdout == "{'value': 'unix:///run/a@b.sock', 'origin': 'REENACT_URL'}\n"
