"""What the program runs on: interpreter, platform, installed packages, folders of other people's code."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PACKAGES_MAX = 2_000
"""Installed packages that are named."""

_LIBRARY_FOLDERS = ("site-packages", "dist-packages")


def runtime_facts() -> dict[str, Any]:
    """The settings of the core that describe the process."""
    uname = os.uname() if hasattr(os, "uname") else None
    facts: dict[str, Any] = {
        "implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name),
        "runtime_version": ".".join(str(part) for part in sys.version_info[:3]),
        "platform": f"{sys.platform}-{uname.machine}" if uname is not None else sys.platform,
        "packages": packages(),
        "library_paths": library_paths(),
    }
    if uname is not None and uname.nodename:
        facts["host"] = uname.nodename
    return facts


def library_paths() -> list[str]:
    """The folders of the standard library, of installed packages, and of this package."""
    found = [os.path.dirname(os.path.abspath(os.__file__)), os.path.dirname(os.path.abspath(__file__))]
    found += [entry for entry in sys.path if os.path.basename(entry.rstrip("/\\")) in _LIBRARY_FOLDERS]
    return list(dict.fromkeys(found))


def packages() -> dict[str, str]:
    """Versions of the installed packages, by the names of their folders: no file is opened."""
    found: dict[str, str] = {}
    for folder in library_paths():
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            if not entry.endswith((".dist-info", ".egg-info")) or len(found) == PACKAGES_MAX:
                continue
            name, dash, version = entry.rpartition(".")[0].partition("-")
            if dash:
                found.setdefault(name.replace("_", "-").lower(), version.partition("-")[0])
    return found
