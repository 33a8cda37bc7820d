"""What the program runs on: interpreter, platform, installed packages, folders of other people's code."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIBRARY_FOLDERS = ("site-packages", "dist-packages")


def runtime_facts() -> dict[str, Any]:
    """The settings of the core that describe the process."""
    uname = os.uname() if hasattr(os, "uname") else None
    facts: dict[str, Any] = {
        "implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name),
        "runtime_version": ".".join(str(part) for part in sys.version_info[:3]),
        "platform": f"{sys.platform}-{uname.machine}" if uname is not None else sys.platform,
        "package_folders": package_folders(),
        "library_paths": library_paths(),
    }
    if uname is not None and uname.nodename:
        facts["host"] = uname.nodename
    return facts


def is_main_interpreter() -> bool:
    """Whether this is no subinterpreter, as mod_wsgi makes them."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters: Any = __import__(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() == interpreters.get_main())
    return True


def library_paths() -> list[str]:
    """The folders of the standard library, of installed packages, and of this package."""
    found = [os.path.dirname(os.path.abspath(os.__file__)), os.path.dirname(os.path.abspath(__file__))]
    found += [entry for entry in sys.path if os.path.basename(entry.rstrip("/\\")) in _LIBRARY_FOLDERS]
    return list(dict.fromkeys(found))


def package_folders() -> list[str]:
    """The folders that modules are imported from; the core reads there, later and elsewhere, which packages are installed."""
    found = [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]
    return list(dict.fromkeys(found))
