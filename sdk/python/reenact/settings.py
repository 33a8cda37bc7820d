"""The settings: their names, units, defaults, and the environment variables that set them.

Precedence: argument of `reenact.init` > environment > default. Of several variables for one
setting the first that is set and not empty counts; `DD_*` and `OTEL_*` names are aliases, so that
a service that runs under ddtrace or OpenTelemetry needs no second set.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

DEFAULT_ADDRESS = "http://127.0.0.1:8126"
"""Where a Reenact agent or server listens unless told otherwise."""


class SettingError(ValueError):
    """A setting has a value that it cannot have; the message names the setting, the value and what fits."""


class Setting:
    """One setting: its name in `reenact.init`, its kind, its default, its environment variables."""

    def __init__(self, name: str, read: Callable[[Any], Any], default: Any, variables: str, meaning: str) -> None:
        self.name = name
        self.read = read
        self.default = default
        self.variables = tuple(variables.split())
        self.meaning = meaning


ON = ("true", "1", "yes", "on", "t", "y")
"""Words that switch something on."""
OFF = ("false", "0", "no", "off", "f", "n")
"""Words that switch something off."""


def switch(value: Any) -> bool:
    """Reads on or off."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ON:
        return True
    if text in OFF:
        return False
    raise ValueError("`true` or `false`")


def text(value: Any) -> str:
    """Reads a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ValueError("a text that is not empty")


def address(value: Any) -> str:
    """Reads the address of the agent or server: `http://`, `https://` or `unix://`, as the core reads it."""
    found = text(value).rstrip("/")
    scheme, _, rest = found.partition("://")
    host = rest.rpartition("@")[2]
    if scheme == "unix" and rest.startswith("/"):
        return found
    if scheme in ("http", "https") and host and not any(_is_no_part_of_a_host(character) for character in host):
        return found
    raise ValueError("an address such as `http://127.0.0.1:8126`, `https://reenact.example` or `unix:///run/reenact.sock`")


def _is_no_part_of_a_host(character: str) -> bool:
    # Blanks, and what controls a terminal.
    return character == "/" or character.isspace() or character < " " or "\x7f" <= character < "\xa0"


def whole(low: int, high: int) -> Callable[[Any], int]:
    """Reads a whole number between two bounds, both included."""

    def read(value: Any) -> int:
        try:
            number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return read


def number(low: float, high: float) -> Callable[[Any], float]:
    """Reads a number between two bounds, both included."""

    def read(value: Any) -> float:
        try:
            found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
        except ValueError:
            found = None
        if found is None or not low <= found <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return found

    return read


def names(value: Any) -> list[str]:
    """Reads a list of names: a sequence of texts, or one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple, set, frozenset)) or not all(isinstance(part, str) for part in parts):
        raise ValueError("names, separated by commas")
    return [part.strip() for part in parts if part.strip()]


def pairs(value: Any) -> dict[str, str]:
    """Reads tags: a mapping of texts, or `key:value` separated by commas or spaces."""
    if isinstance(value, dict):
        if all(isinstance(part, str) for pair in value.items() for part in pair):
            return dict(value)
        raise ValueError("texts by name")
    if not isinstance(value, str):
        raise ValueError("tags such as `team:shop,region:eu`")
    found = {}
    separator = "," if "," in value else None
    for part in value.split(separator):
        name, colon, content = part.strip().partition(":")
        if name and colon:
            found[name.strip()] = content.strip()
    return found


def one_of(*choices: str) -> Callable[[Any], str]:
    """Reads one of some words."""

    def read(value: Any) -> str:
        found = str(value).strip().lower()
        if found in choices:
            return found
        raise ValueError("one of " + ", ".join(f"`{choice}`" for choice in choices))

    return read


_DI = "DD_DYNAMIC_INSTRUMENTATION_"

SETTINGS = (
    Setting(
        "enabled",
        switch,
        False,
        "REENACT_ENABLED DD_EXCEPTION_REPLAY_ENABLED DD_EXCEPTION_DEBUGGING_ENABLED",
        "whether anything is captured; `reenact.init()` means yes unless told otherwise",
    ),
    Setting("url", address, DEFAULT_ADDRESS, "REENACT_URL DD_TRACE_AGENT_URL", "address of the Reenact agent or server"),
    Setting(
        "ca_file",
        text,
        None,
        "REENACT_CA_FILE",
        "certificates, in PEM, by which an `https://` address is trusted; else the system's, or those of `SSL_CERT_FILE`",
    ),
    Setting("api_key", text, None, "REENACT_API_KEY", "key of the project, where the server wants one"),
    Setting("service", text, None, "REENACT_SERVICE DD_SERVICE OTEL_SERVICE_NAME", "name of the service; else that of the program"),
    Setting("env", text, None, "REENACT_ENV DD_ENV", "environment, such as `prod`"),
    Setting("version", text, None, "REENACT_VERSION DD_VERSION", "version of the service"),
    Setting("host", text, None, "REENACT_HOST DD_HOSTNAME", "name of the host; else that of the machine"),
    Setting("commit", text, None, "REENACT_GIT_COMMIT DD_GIT_COMMIT_SHA", "git commit that runs"),
    Setting("repository", text, None, "REENACT_GIT_REPOSITORY DD_GIT_REPOSITORY_URL", "address of the git repository"),
    Setting("tags", pairs, {}, "REENACT_TAGS DD_TAGS", "tags of each event, `key:value` with commas"),
    Setting("hooks", names, [], "REENACT_HOOKS", "hooks to leave out (`-logging,-celery`), or the only ones to use (`flask,excepthook`)"),
    Setting(
        "log_level",
        one_of("warning", "error", "critical", "off"),
        "error",
        "REENACT_LOG_LEVEL",
        "level from which logged exceptions are events",
    ),
    Setting(
        "ddtrace",
        one_of("auto", "attach", "apart"),
        "auto",
        "REENACT_DDTRACE",
        "`attach` values to the spans of ddtrace, stay `apart` from it, or `auto`: attach when both send to the same address",
    ),
    Setting("remote_config", switch, True, "REENACT_REMOTE_CONFIG", "whether the server may switch captures and ask for the next one"),
    Setting(
        "frames_max",
        whole(0, 100),
        8,
        "REENACT_FRAMES_MAX DD_EXCEPTION_REPLAY_CAPTURE_MAX_FRAMES",
        "frames with values per exception",
    ),
    Setting("depth_max", whole(0, 20), 3, "REENACT_DEPTH_MAX", "levels of nested values"),
    Setting("items_max", whole(0, 10_000), 100, "REENACT_ITEMS_MAX", "elements or entries per collection"),
    Setting("text_max", whole(0, 65_536), 255, "REENACT_TEXT_MAX", "characters per text"),
    Setting("fields_max", whole(0, 1_000), 20, "REENACT_FIELDS_MAX", "attributes per object"),
    Setting(
        "time_budget_ms", number(0.01, 1_000), 2.0, "REENACT_TIME_BUDGET_MS", "time of one capture in the raising thread, milliseconds"
    ),
    Setting("capture_bytes_max", whole(1_024, 16_777_216), 1_048_576, "REENACT_CAPTURE_BYTES_MAX", "size of one capture, bytes"),
    Setting("queue_captures_max", whole(1, 10_000), 64, "REENACT_QUEUE_CAPTURES_MAX", "captures that wait to be sent"),
    Setting("queue_bytes_max", whole(65_536, 1 << 30), 16_777_216, "REENACT_QUEUE_BYTES_MAX", "size of what waits to be sent, bytes"),
    Setting(
        "captures_per_second",
        number(0, 1e6),
        1.0,
        "REENACT_CAPTURES_PER_SECOND",
        "captures with values of exceptions that were seen before, per process",
    ),
    Setting("novel_burst", number(0, 1e6), 16.0, "REENACT_NOVEL_BURST", "captures of exceptions not seen before, at once"),
    Setting("novel_per_second", number(0, 1e6), 4.0, "REENACT_NOVEL_PER_SECOND", "how fast that burst refills"),
    Setting("events_per_second", number(0, 1e6), 50.0, "REENACT_EVENTS_PER_SECOND", "events, with values or without, per process"),
    Setting("raises_per_second", number(0, 1e6), 20.0, "REENACT_RAISES_PER_SECOND", "raises that `at_raise` looks at, per process"),
    Setting("cpu_share", number(0, 100), 0.01, "REENACT_CPU_SHARE", "share of wall time that capturing may take; 0.01 is 1 %"),
    Setting("capture_third_party", switch, False, "REENACT_CAPTURE_THIRD_PARTY", "whether frames of installed packages carry values too"),
    Setting(
        "third_party_includes",
        names,
        [],
        "REENACT_THIRD_PARTY_INCLUDES DD_THIRD_PARTY_DETECTION_INCLUDES",
        "packages to count as third-party",
    ),
    Setting(
        "third_party_excludes",
        names,
        [],
        "REENACT_THIRD_PARTY_EXCLUDES DD_THIRD_PARTY_DETECTION_EXCLUDES",
        "installed packages to count as the service's own code",
    ),
    Setting(
        "redaction_mode",
        one_of("targeted", "strict"),
        "targeted",
        "REENACT_REDACTION_MODE",
        "`strict` sends numbers and booleans only",
    ),
    Setting(
        "redacted_identifiers",
        names,
        [],
        f"REENACT_REDACTED_IDENTIFIERS {_DI}REDACTED_IDENTIFIERS",
        "further names whose values are removed",
    ),
    Setting(
        "redacted_types",
        names,
        [],
        f"REENACT_REDACTED_TYPES {_DI}REDACTED_TYPES",
        "types whose values are removed; `*` matches any text",
    ),
    Setting(
        "excluded_identifiers",
        names,
        [],
        f"REENACT_REDACTION_EXCLUDED_IDENTIFIERS {_DI}REDACTION_EXCLUDED_IDENTIFIERS",
        "names that stay although they are on the list",
    ),
    Setting("at_raise", switch, False, "REENACT_AT_RAISE", "values as they were at the raise too (Python 3.12 and later)"),
    Setting(
        "handled_modules",
        names,
        [],
        "REENACT_HANDLED_MODULES",
        "modules whose handled exceptions are events, with those below them; `*` for all of the service's own (Python 3.12 and later)",
    ),
    Setting(
        "second_chance",
        switch,
        False,
        "REENACT_SECOND_CHANCE",
        "whether a function that raised is watched, so that its next exception has its arguments at entry (Python 3.12 and later)",
    ),
)
"""Every setting, in the order in which the documentation lists them."""

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}


def shown(name: str, value: Any) -> Any:
    """The value of a setting as it may be printed, whether or not it fits: without keys and passwords."""
    if name == "api_key" and value:
        return "***"
    url = str(value).strip()
    if name == "url" and "@" in url and not url.startswith("unix://"):
        scheme, separator, _ = url.partition("://")
        # What stands before `://` may be a part of a password, in what is no address.
        return (scheme + separator if scheme.isalnum() else "") + "***@" + url.rpartition("@")[2]
    return value


def default_service(argv: list[str] | None) -> str:
    """The name of the program, for services that have none: `manage` for `python manage.py runserver`."""
    program = (argv or [""])[0].replace("\\", "/").rstrip("/")
    parts = program.split("/")
    name = parts[-2] if parts[-1] in ("__main__.py", "__init__.py") and len(parts) > 1 else parts[-1]
    name = name[:-3] if name.endswith(".py") else name
    return name if name and not name.startswith("-") else "python"
