"""The clients of clients/matrix.txt, and applications that run under them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from polling import wait_until
from server import ROOT

HERE = Path(__file__).resolve().parent
START_SECONDS = 60


@dataclass(frozen=True)
class Faults:
    # Types sent as objects without fields, that is without their value.
    empty_types: frozenset[str]
    # Variables shared with an inner function are left out.
    cells_missing: bool
    # The printed traceback keeps the first 30 frames of an exception, not the last.
    first_frames_only: bool


@dataclass(frozen=True)
class Client:
    name: str
    pythons: str
    major: int
    version: str

    @property
    def directory(self) -> Path:
        return ROOT / ".build/venv" / f"client-{self.name}"

    @property
    def faults(self) -> Faults:
        """What this client is known not to send, so that no server could show it."""
        if self.major < 2:
            return Faults(frozenset({"Decimal", "complex", "deque"}), cells_missing=True, first_frames_only=True)
        if self.major < 3:
            return Faults(frozenset({"Decimal"}), cells_missing=False, first_frames_only=True)
        return Faults(frozenset(), cells_missing=False, first_frames_only=False)

    @property
    def captures_library_frames(self) -> bool:
        return self.major < 2

    def missing(self) -> str | None:
        """Why this client cannot run here."""
        return None if (self.directory / "bin/python").exists() else f"no Python of {self.pythons} for ddtrace {self.version}"


def read_matrix() -> list[Client]:
    clients = []
    for line in (HERE / "clients/matrix.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, pythons, requirements = line.split()
        pins = (HERE / "clients" / requirements).read_text().splitlines()
        version = next(pin.split("==")[1] for pin in pins if pin.startswith("ddtrace=="))
        clients.append(Client(name, pythons, int(version.split(".")[0]), version))
    return clients


CLIENTS = read_matrix()


class App:
    """One application under `ddtrace-run`; what it records and says is kept in `directory`."""

    def __init__(
        self,
        client: Client,
        script: str,
        service: str,
        agent: str,
        directory: Path,
        arguments: tuple[str, ...] = (),
        **environment: str | None,
    ) -> None:
        self.service = service
        self.truth_path = directory / f"{service}.truth"
        self.log_path = directory / f"{service}.log"
        self.said: dict[str, Any] = {}
        settings = {
            "DD_SERVICE": service,
            "DD_ENV": "e2e",
            "DD_VERSION": "7.8.9",
            "DD_TRACE_AGENT_URL": agent,
            "DD_EXCEPTION_REPLAY_ENABLED": "true",
            "DD_EXCEPTION_DEBUGGING_ENABLED": "true",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
            "TRUTH_FILE": str(self.truth_path),
            **environment,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "PYTHON"))}
        environment = kept | {name: value for name, value in settings.items() if value is not None}
        binaries = client.directory / "bin"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [str(binaries / "ddtrace-run"), str(binaries / "python"), str(HERE / "apps" / script), *arguments],
                cwd=HERE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            if line.startswith(b"{"):
                self.said.update(json.loads(line))

    def wait_for(self, key: str, seconds: float = START_SECONDS) -> Any:
        """Waits until the application has said `key`."""

        def said() -> bool:
            code = self.process.poll()
            assert code is None or key in self.said, f"{self.service} ended with {code}:\n{self.log_path.read_text()[-3000:]}"
            return key in self.said

        wait_until(f"{self.service} says `{key}`", said, seconds)
        return self.said[key]

    def request(self, path: str, **more: Any) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.wait_for('port')}{path}", timeout=30, **more)

    def truths(self) -> list[dict]:
        """What the application held, one record per exception."""
        return [json.loads(line) for line in self.truth_path.read_text().splitlines()] if self.truth_path.exists() else []

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            if "port" in self.said:
                self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._listener.join(5)
        self.process.stdout.close()
