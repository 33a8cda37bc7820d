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
DIRECTORY = ROOT / ".build/venv/corpus"
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
    """The environment, made anew whenever the Python or a pin changed; the wheel is installed whenever it changed."""
    environment = Environment(DIRECTORY)
    client = wheel()
    pip = (str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    if _is_new(environment, "packages", f"{sys.version} {_hash(REQUIREMENTS)}"):
        print(f"==> corpus: Python environment ({len(pins())} packages)", file=sys.stderr, flush=True)
        base = getattr(sys, "_base_executable", sys.executable)
        _run(base, "-m", "venv", "--clear", str(environment.directory))
        _run(*pip, "--only-binary", ":all:", "-r", str(REQUIREMENTS))
        _note(environment, "packages", f"{sys.version} {_hash(REQUIREMENTS)}")
    if _is_new(environment, "client", _hash(client)) or not (environment.directory / "bin/reenact-run").exists():
        _run(*pip, "--no-index", "--force-reinstall", str(client))
        _note(environment, "client", _hash(client))
    return environment


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stamp(environment: Environment, what: str) -> Path:
    return environment.directory / f".{what}-made-from"


def _is_new(environment: Environment, what: str, key: str) -> bool:
    stamp = _stamp(environment, what)
    return not stamp.exists() or stamp.read_text() != key


def _note(environment: Environment, what: str, key: str) -> None:
    _stamp(environment, what).write_text(key)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
