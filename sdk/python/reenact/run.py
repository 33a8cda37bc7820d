"""`reenact-run COMMAND`: runs a Python program with captures switched on.

It sets environment variables and becomes the command. Child processes inherit them, so workers of
gunicorn or celery capture too. Together with `ddtrace-run` either may come first.
"""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from shutil import which

from reenact import __version__
from reenact.config import Config, read_config
from reenact.settings import shown

EXIT_USAGE, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND = 2, 126, 127
"""Exit codes, as shells use them."""

_DESCRIPTION = """Runs a Python program with captures switched on. Nothing in the program changes."""

_EPILOG = """examples:
  reenact-run python app.py
  reenact-run gunicorn shop.wsgi
  reenact-run uvicorn shop:app
  reenact-run celery -A shop worker
  reenact-run pytest
  reenact-run -m shop.worker --queue fast
  reenact-run ddtrace-run python app.py
  reenact-run --service shop --env prod python app.py
  reenact-run --settings

All settings are environment variables; `--settings` lists them with their values and where these come from.
REENACT_ENABLED=true without reenact-run does the same for a Python that has the wheel among its site packages.
A Python that is started with -S reads none of this; call reenact.init() there."""


def main(arguments: list[str] | None = None) -> int:
    """Becomes the command; returns an exit code only when it cannot."""
    parser = _parser()
    wanted = parser.parse_args(arguments)
    environment = _environment(wanted)
    if wanted.settings:
        return _print_settings(read_config({}, environment))
    command = _command(wanted)
    if not command:
        parser.print_usage(sys.stderr)
        return _fail("a command is missing, such as `reenact-run python app.py`", EXIT_USAGE)
    return _become(command, environment)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="reenact-run",
        usage="reenact-run [options] COMMAND [ARGUMENT …]\n       reenact-run [options] -m MODULE [ARGUMENT …]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--service", metavar="NAME", help="name of the service (REENACT_SERVICE)")
    parser.add_argument("--env", metavar="NAME", help="environment, such as prod (REENACT_ENV)")
    parser.add_argument("--service-version", metavar="TEXT", help="version of the service (REENACT_VERSION)")
    parser.add_argument("--url", metavar="URL", help="address of the Reenact agent or server (REENACT_URL)")
    parser.add_argument("--hooks", metavar="NAMES", help="hooks to leave out (-logging,-celery) or the only ones to use (REENACT_HOOKS)")
    parser.add_argument("--settings", action="store_true", help="print each setting, its value and its origin, and end")
    parser.add_argument("--version", action="version", version=f"reenact-run {__version__}")
    parser.add_argument("-m", dest="module", action="store_true", help="run a module as `python -m` does")
    parser.add_argument("command", nargs=REMAINDER, metavar="COMMAND", help="the program and its arguments")
    return parser


def _environment(wanted: Namespace) -> dict[str, str]:
    environment = dict(os.environ)
    environment.setdefault("REENACT_ENABLED", "true")
    for name, value in (
        ("REENACT_SERVICE", wanted.service),
        ("REENACT_ENV", wanted.env),
        ("REENACT_VERSION", wanted.service_version),
        ("REENACT_URL", wanted.url),
        ("REENACT_HOOKS", wanted.hooks),
    ):
        if value is not None:
            environment[name] = value
    bootstrap = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")
    before = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != bootstrap]
    environment["PYTHONPATH"] = os.pathsep.join([bootstrap, *before])
    return environment


def _command(wanted: Namespace) -> list[str]:
    command = list(wanted.command)
    if command[:1] == ["--"]:
        command = command[1:]
    return [sys.executable, "-m", *command] if wanted.module and command else command


def _become(command: list[str], environment: dict[str, str]) -> int:
    name = command[0]
    path = which(name)
    if path is None:
        return _explain_missing(name)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(path, command, environment)
    except OSError as reason:
        return _fail(f"`{path}` cannot be run: {reason.strerror}", EXIT_NOT_EXECUTABLE)


def _explain_missing(name: str) -> int:
    if os.path.isfile(name):
        if name.endswith(".py"):
            return _fail(f"`{name}` is not executable; did you mean `reenact-run python {name}`?", EXIT_NOT_EXECUTABLE)
        return _fail(f"`{name}` is not executable", EXIT_NOT_EXECUTABLE)
    return _fail(f"there is no command `{name}`; is its environment active?", EXIT_NOT_FOUND)


def _print_settings(config: Config) -> int:
    for name, value in config.values.items():
        text = ",".join(f"{key}:{item}" for key, item in value.items()) if isinstance(value, dict) else shown(name, value)
        text = ",".join(value) if isinstance(value, list) else text
        if text is None and name == "service":
            text = "the name of the program"
        print(f"{name} = {'' if text is None else text}  ({config.origins[name]})")
    for problem in config.problems:
        print(f"reenact-run: {problem}", file=sys.stderr)
    return EXIT_USAGE if config.problems else 0


def _fail(message: str, code: int) -> int:
    print(f"reenact-run: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
