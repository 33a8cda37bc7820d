"""Fixtures: programs in processes of their own, under `reenact-run` or as they are."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from recorder import Recorder  # noqa: E402

RUN_SECONDS = 30
REENACT_RUN = [sys.executable, "-m", "reenact.run"]


class Finished:
    """What a program did."""

    def __init__(self, returncode: int, stdout: str, stderr: str, observed: Path) -> None:
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self._observed = observed

    @property
    def seen(self) -> list[dict[str, Any]]:
        return read_observed(self._observed)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each exception once, with the context that made its event."""
        return [one for one in self.seen if one["first"] and one["context"].get("own_event", True)]

    def the_event(self) -> dict[str, Any]:
        assert len(self.events) == 1, (self.seen, self.stderr)
        return self.events[0]


def read_observed(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Programs:
    """Runs programs against the recorder."""

    def __init__(self, directory: Path, recorder: Recorder) -> None:
        self.directory = directory
        self.recorder = recorder
        self.observed = directory / "observed.jsonl"
        self._running: list[subprocess.Popen[str]] = []

    def write(self, source: str, name: str = "app.py") -> Path:
        path = self.directory / name
        path.write_text(textwrap.dedent(source))
        return path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REENACT_", "DD_", "OTEL_", "PYTHON"))}
        paths = [str(HERE / "observer"), *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else [])]
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "REENACT_OBSERVED": str(self.observed),
            "REENACT_URL": self.recorder.url,
            **more,
        }

    def run(self, source: str, *arguments: str, command: list[str] | None = None, **environment: str) -> Finished:
        """Runs a program under `reenact-run` and waits for its end."""
        program = self.write(source)
        return self.run_command([*REENACT_RUN, *(command or ["python"]), str(program), *arguments], **environment)

    def run_plain(self, source: str, **environment: str) -> Finished:
        """Runs a program that switches captures on by itself, or not at all."""
        return self.run_command([sys.executable, str(self.write(source))], **environment)

    def run_command(self, command: list[str], **environment: str) -> Finished:
        done = subprocess.run(
            _with_this_python(command),
            cwd=self.directory,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
        return Finished(done.returncode, done.stdout, done.stderr, self.observed)

    @contextlib.contextmanager
    def serving(self, command: list[str], port: int, **environment: str) -> Iterator[Callable[[str], int]]:
        """Runs a web server; gives a function that asks for a path and returns the status."""
        log = (self.directory / "server.log").open("w")
        process = subprocess.Popen(
            _with_this_python([*REENACT_RUN, *command]),
            cwd=self.directory,
            env=self.environment(**environment),
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            self._wait_for(process, port)
            yield lambda path, **headers: ask(port, path, headers)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            log.close()

    def finished(self) -> Finished:
        """What a program of `serving` did so far."""
        log = self.directory / "server.log"
        return Finished(0, "", log.read_text() if log.exists() else "", self.observed)

    def wait_for_events(self, count: int) -> list[dict[str, Any]]:
        """The events of a program of `serving`: servers answer before they hand an exception on."""
        events = wait_until(f"there are {count} events", lambda: self.finished().events[count - 1 :] and self.finished().events)
        assert len(events) == count, events
        return events

    def _wait_for(self, process: subprocess.Popen[str], port: int) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, (self.directory / "server.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        raise AssertionError((self.directory / "server.log").read_text())


def _with_this_python(command: list[str]) -> list[str]:
    """Commands of this environment by their path, whether or not it is active."""
    folder = Path(sys.executable).parent
    return [str(folder / part) if (folder / part).exists() and "/" not in part else part for part in command]


def ask(port: int, path: str, headers: dict[str, str]) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=names)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def wait_until(what: str, check: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s: {what}")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def programs(tmp_path: Path, recorder: Recorder) -> Programs:
    return Programs(tmp_path, recorder)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def unwatched() -> Iterator[None]:
    """Ends what a test has watched; nothing may have gone wrong, and no tool id is kept."""
    from reenact import _native

    yield
    assert _native.status()["internal_errors"] == 0
    _native.watch()
    assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == [None, None]
