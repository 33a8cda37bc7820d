"""Runs the whole demo: server, shop and nightly jobs under a client, and the driver.

Stays in the foreground until Ctrl-C, then stops everything it started.
With --once it stops by itself: exit 0 as soon as issues with values are visible and no secret is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import invented_secrets

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
READY_SECONDS = 60
ISSUES_SECONDS = 120
STOP_SECONDS = 10
ISSUES_WANTED = 8
# The driver sends its request with most secrets near the end of a round: once it shows, all of them were sent.
LATE_ISSUE = "SignatureMismatch"
ISSUES_WITH_VALUES_WANTED = 4


# Each client with the commands that come before `python`; our own alone is switched on by a variable.
CLIENTS = {
    "ddtrace": ["ddtrace-run"],
    "ddtrace+reenact": ["reenact-run", "ddtrace-run"],
    "opentelemetry+reenact": ["reenact-run", "opentelemetry-instrument"],
    "reenact": [],
}
# Our own client keeps the values of every exception that it has not seen before, however fast they come.
OWN_PAUSE_SECONDS = 0.3


class DemoFailed(Exception):
    """Something did not start or did not show; the message says what and where to look."""


class Child:
    """One started process: its output goes to a log file, and it is stopped with the demo."""

    def __init__(self, name: str, command: list[str], log_path: Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.log_path = log_path
        with log_path.open("ab") as log:
            # A session of its own: Ctrl-C reaches this script alone, which then stops its children in order.
            self.process = subprocess.Popen(
                command, cwd=HERE, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            tail = "\n".join(self.log_path.read_text(errors="replace").splitlines()[-15:])
            raise DemoFailed(f"{self.name} ended with exit code {self.process.returncode}; its last output ({self.log_path}):\n{tail}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def port_or_free(wanted: int, purpose: str) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
            return probe.getsockname()[1]
        except OSError:
            pass
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    say(f"port {wanted} ({purpose}) is taken; using {port} instead")
    return port


def wait_until(what: str, seconds: float, children: list[Child], ask):
    """Asks again until there is an answer; a child that died ends the waiting."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for child in children:
            child.check_alive()
        answer = ask()
        if answer:
            return answer
        time.sleep(0.2)
    raise DemoFailed(f"{what} did not happen within {seconds:.0f} s; logs are in {children[0].log_path.parent}")


def get_json(url: str):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def read_ready(path: Path):
    return json.loads(path.read_text()) if path.exists() else None


def start_server(binary: str, data_dir: Path, logs: Path, ports: tuple[int, int]) -> tuple[Child, dict[str, str]]:
    agent_port, ui_port = ports
    ready_file = data_dir.parent / "ready.json"
    ready_file.unlink(missing_ok=True)
    command = [binary, "serve", "--data-dir", str(data_dir), "--agent-listen", f"127.0.0.1:{agent_port}",
               "--listen", f"127.0.0.1:{ui_port}", "--ready-file", str(ready_file)]  # fmt: skip
    server = Child("reenact", command, logs / "reenact.log")
    try:
        return server, wait_until("the start of the server", READY_SECONDS, [server], lambda: read_ready(ready_file))
    except BaseException:
        server.stop()
        raise


def watched(options: argparse.Namespace, *program: str) -> list[str]:
    """The command that runs a program under the client."""
    binaries = Path(options.python).parent
    runners = [binaries / runner for runner in CLIENTS[options.client]]
    for needed in runners or [binaries / "reenact-run"]:
        if not needed.exists():
            why = f"`make demo CLIENT={options.client}` did not run, or Python is not 3.9 to 3.13"
            raise DemoFailed(f"no {needed.name} beside {options.python}: {why}")
    return [*map(str, runners), options.python, *program]


def shop_environment(
    options: argparse.Namespace, service: str, version: str, agent_url: str, shop_port: int, work_dir: Path
) -> dict[str, str]:
    return {
        **client_environment(options.client, service, version, agent_url),
        "SHOP_CLIENT": options.client,
        "SHOP_PORT": str(shop_port),
        "SHOP_DATABASE": str(work_dir / "shop.sqlite"),
        **invented_secrets.SETTINGS,
    }


def client_environment(client: str, service: str, version: str, agent_url: str) -> dict[str, str]:
    if client.startswith("ddtrace"):
        return {
            "DD_SERVICE": service,
            "DD_ENV": "demo",
            "DD_VERSION": version,
            "DD_TRACE_AGENT_URL": agent_url,
            "DD_EXCEPTION_REPLAY_ENABLED": "true",
        }
    return {
        "REENACT_ENABLED": "true",
        "REENACT_SERVICE": service,
        "REENACT_ENV": "demo",
        "REENACT_VERSION": version,
        "REENACT_URL": agent_url,
        # Its spans go nowhere: the server takes no OTLP yet.
        **{f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")},
    }


def shop_answers(port: int) -> bool:
    return get_json(f"http://127.0.0.1:{port}/products") is not None


def set_up_repository(ui_url: str) -> None:
    """The shop's source is this clone; without one there are no suspect commits, and the demo goes on."""
    known = get_json(f"{ui_url}/api/v1/repositories") or {"repositories": []}
    if known["repositories"] or not (ROOT / ".git").exists():
        return
    body = json.dumps({"name": "shop", "path": str(ROOT), "services": ["shop", "shop-*"]}).encode()
    request = urllib.request.Request(f"{ui_url}/api/v1/repositories", body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
        say("the shop's source is this clone: issues have a suspect commit")
    except OSError as error:
        say(f"the repository of the shop could not be set up: {error}")


def visible_issues(ui_url: str, must_show: str):
    """The list of issues once there are enough of them, with values and without, one of them of the type `must_show`."""
    issues = get_json(f"{ui_url}/api/v1/issues?limit=200")
    if issues is None or len(issues["issues"]) < ISSUES_WANTED:
        return None
    if not any(must_show in issue["type"] for issue in issues["issues"]):
        return None
    with_values = [issue for issue in issues["issues"] if issue["has_values"]]
    return issues["issues"] if len(with_values) >= ISSUES_WITH_VALUES_WANTED else None


def check_no_secret(data_dir: Path, logs: Path, ui_url: str, issues: list[dict]) -> None:
    """Searches files, the server's log and the API's answers for every invented secret."""
    texts = {str(path): path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    texts["the server's log"] = (logs / "reenact.log").read_bytes()
    for issue in issues:
        details = get_json(f"{ui_url}/api/v1/issues/{issue['id']}") or {}
        event_id = details.get("latest_event_with_values_id") or details.get("latest_event_id")
        texts[f"issue {issue['id']}"] = json.dumps([issue, details, get_json(f"{ui_url}/api/v1/events/{event_id}")]).encode()
    found = [(place, secret) for place, text in texts.items() for secret in invented_secrets.ALL if secret.encode() in text]
    if found:
        raise DemoFailed("secrets were found: " + ", ".join(f"{secret!r} in {place}" for place, secret in found))


def run(options: argparse.Namespace, stack: ExitStack) -> None:
    binary = shutil.which(options.binary)
    if binary is None:
        raise DemoFailed(f"no binary at {options.binary}; build it with `make build`, or name one with --binary")
    watched(options)

    work_dir = Path(tempfile.mkdtemp(prefix="reenact-demo-")) if options.once else options.work_dir.resolve()
    if options.once:
        stack.callback(shutil.rmtree, work_dir, ignore_errors=True)
    data_dir, logs = work_dir / "data", work_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)

    ports = port_or_free(options.agent_port, "agent intake"), port_or_free(options.ui_port, "user interface")
    server, addresses = start_server(str(Path(binary).resolve()), data_dir, logs, ports)
    stack.callback(server.stop)
    say(f"server is up, data in {data_dir}")
    set_up_repository(addresses["ui"])

    shop_port = port_or_free(options.shop_port, "shop")
    children = [server]

    def start(name: str, command: list[str], environment: dict[str, str]) -> None:
        child = Child(name, command, logs / f"{name}.log", environment)
        stack.callback(child.stop)
        children.append(child)

    def environment(service: str, version: str) -> dict[str, str]:
        return shop_environment(options, service, version, addresses["agent"], shop_port, work_dir)

    pause = ["--pause", str(OWN_PAUSE_SECONDS)] if "reenact" in options.client and options.once else []
    start("shop", watched(options, "-m", "shop"), environment("shop", "1.4.2"))
    wait_until("the start of the shop", READY_SECONDS, children, lambda: shop_answers(shop_port))
    start("shop-worker", watched(options, "-m", "shop.nightly"), environment("shop-worker", "1.4.1"))
    start("driver", [options.python, "driver.py", "--url", f"http://127.0.0.1:{shop_port}", *pause], {"PYTHONUNBUFFERED": "1"})
    say(f"under {options.client}: shop, its nightly worker and the driver are running; waiting for the first issues (about 20 s)")

    must_show = LATE_ISSUE if options.once else ""
    issues = wait_until(
        "the appearance of issues with values", ISSUES_SECONDS, children, lambda: visible_issues(addresses["ui"], must_show)
    )
    with_values = sum(issue["has_values"] for issue in issues)
    say(f"{len(issues)} issues, {with_values} of them with values")
    if options.once:
        check_no_secret(data_dir, logs, addresses["ui"], issues)
        say("no secret of the demo was stored or answered")
        return

    print(f"\n    Open  {addresses['ui']}\n\n    agent {addresses['agent']}\n    shop  http://127.0.0.1:{shop_port}"
          f"\n    data  {data_dir}\n    logs  {logs}\n\n    Ctrl-C stops everything.\n", flush=True)  # fmt: skip
    while True:
        for child in children:
            child.check_alive()
        time.sleep(1)


def parse_options() -> argparse.Namespace:
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("REENACT_BIN", f"{target}/release/reenact"))
    parser.add_argument("--client", choices=CLIENTS, default="ddtrace", help="what the shop runs under (default: ddtrace)")
    parser.add_argument("--python", help="a Python with demo/requirements.txt, and with our own client where that is wanted")
    parser.add_argument("--work-dir", type=Path, default=ROOT / "reenact-data/demo", help="data and logs (a temporary one with --once)")
    parser.add_argument("--agent-port", type=int, default=8126)
    parser.add_argument("--ui-port", type=int, default=9126)
    parser.add_argument("--shop-port", type=int, default=8000)
    parser.add_argument("--once", action="store_true", help="prove that issues with values appear, then stop")
    options = parser.parse_args()
    environment = "demo" if options.client == "ddtrace" else "sdk"
    options.python = options.python or str(ROOT / f".build/venv/{environment}/bin/python")
    return options


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        try:
            run(parse_options(), stack)
        except KeyboardInterrupt:
            say("stopping")
        except DemoFailed as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
