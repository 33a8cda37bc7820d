"""The virtual environment that the crashes happen in: the pinned packages, ddtrace, and the wheel of our own client."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REQUIREMENTS = HERE / "requirements.txt"
INSTALL_SECONDS = 900


@dataclass(frozen=True)
class Environment:
    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin/python"

    def version(self, package: str) -> str:
        """The pinned version of a package; `?` where it is not pinned."""
        return pins().get(normalized(package), "?")


def normalized(package: str) -> str:
    return package.lower().replace("_", "-").replace(".", "-")


def pins() -> dict[str, str]:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if "==" in line and not line.startswith("#")]
    return {normalized(line.split("==")[0]): line.split("==")[1].strip() for line in lines}


def wheel() -> Path:
    """The newest wheel of our client for this Python."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    found = sorted((ROOT / ".build/wheels").glob(f"reenact-*-{tag}-{tag}-*.whl"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"no wheel of the client for {tag} in .build/wheels; run `make sdk`")
    return found[-1]


def made() -> Environment:
    """The environment, made anew whenever the Python, a pin or the wheel changed."""
    environment = Environment(ROOT / ".build/venv/corpus")
    client = wheel()
    key = f"{sys.version} {hashlib.sha256(REQUIREMENTS.read_bytes() + client.read_bytes()).hexdigest()}"
    stamp = environment.directory / ".made-from"
    if stamp.exists() and stamp.read_text() == key:
        return environment
    print(f"==> corpus: Python environment ({len(pins())} packages)", file=sys.stderr, flush=True)
    base = getattr(sys, "_base_executable", sys.executable)
    _run(base, "-m", "venv", "--clear", str(environment.directory))
    pip = (str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    _run(*pip, "--only-binary", ":all:", "-r", str(REQUIREMENTS))
    _run(*pip, "--no-index", str(client))
    stamp.write_text(key)
    return environment


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
