"""One running `reenact serve`, its API and its files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests

from polling import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 20


def binary() -> Path:
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    return (ROOT / os.environ.get("REENACT_BIN", f"{target}/release/reenact")).resolve()


class Server:
    """Started on free ports over `directory/data`, behind the command `prefix`; may be stopped, killed and started again."""

    def __init__(self, directory: Path, socket_path: Path | None = None, prefix: tuple[str, ...] = ()) -> None:
        self.prefix = prefix
        self.directory = directory
        self.data_dir = directory / "data"
        self.stderr_path = directory / "stderr.log"
        self.socket_path = socket_path
        self.process: subprocess.Popen[bytes] | None = None
        self.agent = self.ui = ""
        self._session = requests.Session()

    def start(self) -> Server:
        ready_file = self.directory / "ready.json"
        ready_file.unlink(missing_ok=True)
        command = [*self.prefix, str(binary()), "serve", "--data-dir", str(self.data_dir), "--agent-listen", "127.0.0.1:0",
                   "--listen", "127.0.0.1:0", "--ready-file", str(ready_file)]  # fmt: skip
        if self.socket_path:
            command += ["--agent-socket", str(self.socket_path)]
        with self.stderr_path.open("ab") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        wait_until("the server writes its ready file", lambda: self.check_alive() and ready_file.exists(), START_SECONDS)
        addresses = json.loads(ready_file.read_text())
        self.agent, self.ui = addresses["agent"], addresses["ui"]
        return self

    def check_alive(self) -> bool:
        assert self.process is not None, "the server was never started"
        assert self.process.poll() is None, f"the server died with {self.process.returncode}:\n{self.stderr()[-4000:]}"
        return True

    def stop(self) -> None:
        """Stops it as an operator does; anything but exit 0 fails the test."""
        assert self.process is not None, "the server was never started"
        self.check_alive()
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {STOP_SECONDS} s of SIGTERM:\n{self.stderr()[-4000:]}") from None
        assert code == 0, f"the server stopped with exit code {code}:\n{self.stderr()[-4000:]}"

    def kill(self) -> None:
        assert self.process is not None, "the server was never started"
        self.process.kill()
        self.process.wait()

    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    def memory_bytes(self) -> int:
        assert self.process is not None, "the server was never started"
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self._session.get(f"{self.ui}/api/v1{path}", params=parameters, timeout=30)
        assert answer.status_code == 200, f"GET {answer.url}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def issues(self, query: str = "") -> list[dict]:
        return list(self._pages("/issues", "issues", query=query))

    def events(self, query: str = "") -> list[dict]:
        """Every event of every issue that matches, whole."""
        return [
            self.get(f"/events/{summary['id']}")
            for issue in self.issues(query)
            for summary in self._pages(f"/issues/{issue['id']}/events", "events", query=query)
        ]

    def wait_for_events(self, query: str, count: int, seconds: float = 20) -> list[dict]:
        """Waits for so many events, none of them still waiting for its values."""

        def settled() -> list[dict] | None:
            self.check_alive()
            events = self.events(query)
            pending = any(event["values"]["state"] == "pending" for event in events)
            return events if len(events) >= count and not pending else None

        return wait_until(f"{count} events of `{query}` arrive", settled, seconds)

    def outcomes(self) -> dict[str, int]:
        """Counts by outcome over all sources."""
        counts: dict[str, int] = {}
        for row in self.get("/outcomes")["outcomes"]:
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + row["count"]
        return counts

    def dump(self) -> str:
        """Everything stored, decoded: bodies, rows, index terms. Only while the server is stopped."""
        return self.command("dump", "--data-dir", str(self.data_dir)).stdout

    def command(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [str(binary()), *arguments], capture_output=True, text=True, errors="replace", timeout=60,
            cwd=self.directory, env={**os.environ, **environment}, check=False,
        )  # fmt: skip
        assert result.returncode == code, f"`reenact {' '.join(arguments)}` exited {result.returncode}, not {code}: {result.stderr[-2000:]}"
        return result

    def _pages(self, path: str, key: str, **parameters: Any) -> Iterator[dict]:
        cursor = None
        # A range that stands still while pages are turned.
        now = datetime.now(timezone.utc)
        parameters |= {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(minutes=1)).isoformat()}
        while True:
            page = self.get(path, limit=200, **parameters, **({"cursor": cursor} if cursor else {}))
            yield from page[key]
            cursor = page["next_cursor"]
            if cursor is None:
                return
