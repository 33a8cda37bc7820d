"""Fixtures: a server per module or test, and the applications of the client matrix."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.register_assert_rewrite("comparison", "leaks", "payloads", "server")

from clients import CLIENTS, WAYS, App, Client, present  # noqa: E402
from server import Server, binary  # noqa: E402


def pytest_configure() -> None:
    if not binary().exists():
        raise pytest.UsageError(f"no binary at {binary()}; run `make build`, or name one with REENACT_BIN")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module; they keep apart by service name."""
    server = Server(tmp_path_factory.mktemp("server"))
    try:
        yield server.start()
        server.stop()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may stop, kill or restart it."""
    server = Server(tmp_path, socket_path=tmp_path / "agent.socket")
    try:
        yield server.start()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()


@pytest.fixture(scope="session", params=[*CLIENTS, *WAYS[1:]], ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    """Every client: each ddtrace alone, and our own in its three ways."""
    return present(request.param)


@pytest.fixture(scope="session", params=WAYS, ids=lambda client: client.way)
def way(request: pytest.FixtureRequest) -> Client:
    """The current clients: ddtrace alone, and our own in its three ways."""
    return present(request.param)


@pytest.fixture
def current_client() -> Client:
    return CLIENTS[0]


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[callable]:
    """Starts applications that end with the test."""
    apps: list[App] = []

    def start(client: Client, script: str, service: str, agent: str, *arguments: str, **environment: str) -> App:
        apps.append(App(client, script, service, agent, tmp_path, arguments, **environment))
        return apps[-1]

    yield start
    for app in apps:
        app.stop()
