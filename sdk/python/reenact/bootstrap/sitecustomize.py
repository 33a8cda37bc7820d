# mypy: ignore-errors
# Put on PYTHONPATH by `reenact-run`: Python imports it before the program.
# Any Python may find it here, also an old one or one without the package, so the syntax is plain and
# nothing is raised. Another `sitecustomize` further down the path is run afterwards.
import os
import sys


def _switch_on():
    try:
        import reenact  # noqa: F401
    except ImportError:
        # A child that is another interpreter.
        if os.environ.get("REENACT_DEBUG"):
            sys.stderr.write(f"reenact: not installed for {sys.executable}\n")
    except Exception as failure:
        sys.stderr.write(f"reenact: captures are off: {failure}\n")


def _run_next():
    here = os.path.dirname(os.path.abspath(__file__))
    own = sys.modules.pop("sitecustomize", None)
    path = list(sys.path)
    sys.path[:] = [entry for entry in path if os.path.abspath(entry) != here]
    try:
        import sitecustomize  # noqa: F401
    except ImportError as missing:
        if getattr(missing, "name", None) not in (None, "sitecustomize"):
            raise
        if own is not None:
            sys.modules["sitecustomize"] = own
    finally:
        # What the other one has put on the path stays there.
        added = [entry for entry in sys.path if entry not in path]
        sys.path[:] = added + [entry for entry in path if entry in sys.path or os.path.abspath(entry) == here]


_switch_on()
_run_next()
