"""The clients: each ddtrace of clients/matrix.txt alone, and our own in three ways; and applications that run under them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
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


DDTRACE, OPENTELEMETRY, ALONE = "ddtrace", "opentelemetry+reenact", "reenact"
ATTACHED = "ddtrace+reenact"


@dataclass(frozen=True)
class Client:
    """One way to watch an application.

    What is true of one way and not of another is said here and nowhere else.
    """

    name: str
    way: str
    # The virtual environment, and why it may be missing.
    environment: str
    hint: str
    major: int
    version: str

    @property
    def directory(self) -> Path:
        return ROOT / ".build/venv" / self.environment

    @property
    def is_ours(self) -> bool:
        """Our own client captures: the novel first, types with their modules, one level deeper than ddtrace."""
        return self.way != DDTRACE

    @property
    def pace_seconds(self) -> float:
        """Time between two captures. ddtrace refills its budget with at least half a capture per second and process."""
        return 0.3 if self.is_ours else 2.1

    @property
    def starves_the_second(self) -> bool:
        """Whether the second exception within a second goes without values although it was never seen before."""
        return not self.is_ours

    @property
    def depth_max(self) -> int:
        """A variable, its children and its grandchildren; ours goes one further."""
        return 3 if self.is_ours else 2

    @property
    def is_traced(self) -> bool:
        """Without a tracer there are no ids of a trace, and a job has the name that the program gives it."""
        return self.way != ALONE

    @property
    def knows_survival(self) -> bool:
        """OpenTelemetry records what leaves an inner span before anybody knows that the outer one survives it."""
        return self.way != OPENTELEMETRY

    @property
    def told_as(self) -> dict[str, str]:
        """The client of an event: with ddtrace events are those of its spans."""
        return {"name": "ddtrace" if self.way in (DDTRACE, ATTACHED) else "reenact", "version": self.version}

    @property
    def faults(self) -> Faults:
        """What this client is known not to send, so that no server could show it."""
        if self.is_ours:
            return Faults(frozenset(), cells_missing=False, first_frames_only=False)
        if self.major < 2:
            return Faults(frozenset({"Decimal", "complex", "deque"}), cells_missing=True, first_frames_only=True)
        if self.major < 3:
            return Faults(frozenset({"Decimal"}), cells_missing=False, first_frames_only=True)
        return Faults(frozenset(), cells_missing=False, first_frames_only=False)

    @property
    def captures_library_frames(self) -> bool:
        return self.major < 2 and not self.is_ours

    def command(self, *program: str) -> list[str]:
        """How the program is started in this way."""
        binaries = self.directory / "bin"
        before = {
            DDTRACE: ["ddtrace-run"],
            ATTACHED: ["reenact-run", "ddtrace-run"],
            OPENTELEMETRY: ["reenact-run", "opentelemetry-instrument"],
            # A variable alone.
            ALONE: [],
        }
        return [*(str(binaries / name) for name in before[self.way]), str(binaries / "python"), *program]

    def settings(self, service: str, agent: str) -> dict[str, str]:
        """The variables of this way: with ddtrace its own names, for ours as well."""
        # How busy this machine is, is not under test.
        ours = {"REENACT_CPU_SHARE": "1", "REENACT_TIME_BUDGET_MS": "100"}
        if self.way in (DDTRACE, ATTACHED):
            return {
                **ours,
                "DD_SERVICE": service,
                "DD_ENV": "e2e",
                "DD_VERSION": "7.8.9",
                "DD_TRACE_AGENT_URL": agent,
                "DD_EXCEPTION_REPLAY_ENABLED": "true",
                "DD_EXCEPTION_DEBUGGING_ENABLED": "true",
                "DD_REMOTE_CONFIGURATION_ENABLED": "false",
            }
        ours |= {"REENACT_ENABLED": "true", "REENACT_URL": agent, "REENACT_ENV": "e2e", "REENACT_VERSION": "7.8.9"}
        if self.way == ALONE:
            return {**ours, "REENACT_SERVICE": service}
        # The server takes no OTLP yet.
        exporters = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
        # The one of Django is switched on by the application, once it has its settings.
        return {**ours, **exporters, "OTEL_SERVICE_NAME": service, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "django"}

    def missing(self) -> str | None:
        """Why this client cannot run here."""
        runner = "reenact-run" if self.is_ours else "ddtrace-run"
        return None if (self.directory / "bin" / runner).exists() else f"{self.hint} for {self.name}"

    @property
    def is_sure(self) -> bool:
        """Whether every machine that was set up has this client: the current ddtrace, and ours where its Python is supported."""
        if self.is_ours:
            return any(has_python(self.directory, minor) for minor in OWN_MINORS)
        return self.environment == "client-current"


# Those of CPython 3 that our own client supports.
OWN_MINORS = range(9, 14)


def has_python(directory: Path, minor: int) -> bool:
    """Whether this is a virtual environment of Python 3 with this minor version."""
    return (directory / f"lib/python3.{minor}").is_dir()


def present(client: Client) -> Client:
    """The client, if it can run here. One that may be missing skips the test; one that must not fails it."""
    if reason := client.missing():
        if client.is_sure:
            pytest.fail(f"{client.environment} has no client: {reason}")
        pytest.skip(reason)
    return client


def pinned(requirements: Path, package: str) -> str:
    """The version of a package that a file of requirements asks for."""
    return next(pin.split("==")[1] for pin in requirements.read_text().splitlines() if pin.startswith(f"{package}=="))


def read_matrix() -> list[Client]:
    clients = []
    for line in (HERE / "clients/matrix.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, pythons, requirements = line.split()
        version = pinned(HERE / "clients" / requirements, "ddtrace")
        hint = f"no Python of {pythons}"
        clients.append(Client(name, DDTRACE, f"client-{name}", hint, int(version.split(".")[0]), version))
    return clients


def own_clients() -> list[Client]:
    """Our own client in its three ways, in the environment of its tests."""
    own = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
    with_ddtrace = pinned(ROOT / "sdk/python/tests/requirements.txt", "ddtrace")
    versions = {ATTACHED: with_ddtrace, OPENTELEMETRY: own, ALONE: own}
    return [
        Client(way, way, "sdk", "scripts/setup and scripts/sdk make it", int(version.split(".")[0]), version)
        for way, version in versions.items()
    ]  # fmt: skip


CLIENTS = read_matrix()
WAYS = [CLIENTS[0], *own_clients()]


class App:
    """One application under a client; what it records and says is kept in `directory`."""

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
        self.client = client
        self.service = service
        self.truth_path = directory / f"{service}.truth"
        self.log_path = directory / f"{service}.log"
        self.said: dict[str, Any] = {}
        settings = {
            **client.settings(service, agent),
            "WAY": client.way,
            "PACE_SECONDS": str(client.pace_seconds),
            "TRUTH_FILE": str(self.truth_path),
            **environment,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "OTEL_", "PYTHON", "REENACT_"))}
        environment = kept | {name: value for name, value in settings.items() if value is not None}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                client.command(str(HERE / "apps" / script), *arguments),
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
