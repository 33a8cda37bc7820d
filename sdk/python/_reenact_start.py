# mypy: ignore-errors
"""Imported by `reenact.pth` at the start of each interpreter whose environment has a variable that switches captures on.

Nothing is raised, and nothing is imported that the start would not import anyway, unless captures
are to be on.
"""

import os
import sys

_OFF = ("", "0", "f", "false", "n", "no", "off")


def _is_wanted():
    if "REENACT_ENABLED" in os.environ:
        return os.environ["REENACT_ENABLED"].strip().lower() not in _OFF
    # The variables of ddtrace mean ddtrace's own product where that is installed; then `reenact-run` or an import takes over.
    from importlib.machinery import PathFinder

    return PathFinder.find_spec("ddtrace") is None


def _switch_on():
    try:
        if _is_wanted():
            import reenact  # noqa: F401
    except Exception as failure:
        sys.stderr.write(f"reenact: captures are off: {failure}\n")


_switch_on()
