"""Reads the settings from arguments and environment, and remembers where each came from."""

from __future__ import annotations

import os

from reenact.runtime import runtime_facts
from reenact.settings import BY_NAME, DEFAULT_ADDRESS, SETTINGS, SettingError, address, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from reenact.settings import Setting

DDTRACE_SOCKET = "/var/run/datadog/apm.socket"
"""Where ddtrace sends to when it is told nothing and this exists."""


WATCHED = ("at_raise", "handled_modules", "second_chance")
"""Settings of what is watched ahead of the hooks."""


class Config:
    """The settings in force. ``values`` by name, ``origins`` by name (`argument`, a variable, `default`)."""

    def __init__(self, values: dict[str, Any], origins: dict[str, str], problems: list[str]) -> None:
        self.values = values
        self.origins = origins
        self.problems = problems

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def read_config(arguments: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    """Reads all settings.

    An argument that is wrong is a mistake in the program that calls, and raises. A variable that is
    wrong must not take a service down: it counts as not set, and `Config.problems` says so.

    Raises:
        SettingError: an argument has no such setting, or a value that does not fit.
    """
    _check_names(arguments)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[str] = []
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = _read(setting, arguments, environment, problems)
    if origins["url"] == "default":
        _read_agent_host(values, origins, environment, problems)
    return Config(values, origins, problems)


def native_settings(config: Config) -> dict[str, Any]:
    """The settings that the core needs, as `_native.start` takes them, with what it cannot find out itself."""
    left_out = ("hooks", "log_level", "ddtrace", "remote_config", *WATCHED)
    found = {name: value for name, value in config.values.items() if name not in left_out and value is not None}
    for name, value in runtime_facts().items():
        found.setdefault(name, value)
    found["enabled"] = True
    return found


def attaches_to_ddtrace(config: Config, environment: Mapping[str, str]) -> bool:
    """Whether the spans of ddtrace go where the captures go, so that they may carry the event.

    Else ddtrace is left as it is, with its own Exception Replay, and events are not told by spans.
    """
    if config["ddtrace"] != "auto":
        return bool(config["ddtrace"] == "attach")
    theirs = {name: value for name, value in environment.items() if name.startswith("DD_")}
    told = read_config({}, theirs)
    if told.origins["url"] == "default" and os.path.exists(DDTRACE_SOCKET):
        return False
    return _as_numbers(config["url"]) == _as_numbers(told["url"])


def _as_numbers(url: str) -> str:
    return str(url).replace("://localhost", "://127.0.0.1")


def is_enabled_by_environment() -> bool:
    """Whether a variable switches captures on."""
    return bool(_read(BY_NAME["enabled"], {}, os.environ, [])[0])


def _check_names(arguments: Mapping[str, Any]) -> None:
    for name in arguments:
        if name not in BY_NAME:
            import difflib

            near = difflib.get_close_matches(name, BY_NAME, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(BY_NAME)}"
            raise SettingError(f"there is no setting `{name}`{hint}")


def _read(setting: Setting, arguments: Mapping[str, Any], environment: Mapping[str, str], problems: list[str]) -> tuple[Any, str]:
    if arguments.get(setting.name) is not None:
        try:
            return setting.read(arguments[setting.name]), "argument"
        except ValueError as expected:
            value = shown(setting.name, arguments[setting.name])
            raise SettingError(f"`{setting.name}` is {value!r}, but must be {expected}") from None
    for variable in setting.variables:
        value = environment.get(variable, "")
        if not value.strip():
            continue
        try:
            return setting.read(value), variable
        except ValueError as expected:
            problems.append(f"{variable} is `{shown(setting.name, value)}`, but must be {expected}; it is left out")
    return setting.default, "default"


def _read_agent_host(values: dict[str, Any], origins: dict[str, str], environment: Mapping[str, str], problems: list[str]) -> None:
    """Reads `DD_AGENT_HOST` and `DD_TRACE_AGENT_PORT`, which name the address in two parts."""
    host, port = environment.get("DD_AGENT_HOST", "").strip(), environment.get("DD_TRACE_AGENT_PORT", "").strip()
    if not host and not port:
        return
    if port and not (port.isdigit() and 0 < int(port) < 65_536):
        problems.append(f"DD_TRACE_AGENT_PORT is `{port}`, but must be a port number; it is left out")
        port = ""
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    default_host, default_port = DEFAULT_ADDRESS.split("://")[1].split(":")
    found, origin = f"http://{host or default_host}:{port or default_port}", "DD_AGENT_HOST" if host else "DD_TRACE_AGENT_PORT"
    try:
        values["url"], origins["url"] = address(found), origin
    except ValueError as expected:
        problems.append(f"{origin} makes `{shown('url', found)}`, but the address must be {expected}; it is left out")


def hooks_to_install(wanted: list[str], known: list[str], problems: list[str] | None = None) -> list[str]:
    """Which hooks are used, by the setting `hooks`.

    `-name` leaves one out; a name without a sign means: these alone. Unknown names are a problem,
    not an error.
    """
    chosen = [name for name in wanted if not name.startswith("-")]
    refused = {name[1:] for name in wanted if name.startswith("-")}
    for name in [*chosen, *sorted(refused)]:
        if name not in known and name not in ("all", "none") and problems is not None:
            problems.append(f"there is no hook `{name}`; known are {', '.join(known)}")
    if "none" in chosen or "all" in refused:
        return []
    if "all" in chosen:
        chosen = []
    return [name for name in known if name not in refused and (not chosen or name in chosen)]
