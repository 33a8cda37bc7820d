"""The native part of the client. Users import `reenact`."""

from collections.abc import Callable
from typing import Any, final

__all__ = [
    "Capture",
    "__version__",
    "_captured_json",
    "after_fork_in_child",
    "capture",
    "complete",
    "flush",
    "set_remote",
    "shutdown",
    "start",
    "status",
    "watch",
]
__version__: str

@final
class Capture:
    """What became of an exception. Holds no object of the application."""

    @property
    def exception_id(self) -> str:
        """Its id: 32 hexadecimal digits."""
    @property
    def captured(self) -> bool:
        """Whether values were captured."""
    @property
    def reason(self) -> str | None:
        """Why not: rate_limited, off, over_budget, lost, third_party, unsupported; "already" when it was captured before."""
    @property
    def frames(self) -> list[tuple[int, str, str, str, int]]:
        """Number over the chain as ddtrace counts, id of the snapshot, function, file, line of each captured frame."""
    @property
    def first(self) -> bool:
        """False when this exception was seen before; exception_id and frames are those of that time."""

def start(config: dict[str, Any]) -> None:
    """Starts the client; no thread begins before the first capture.

    Settings, all optional: enabled, url, api_key, service, env, version, host, commit, repository, tags (texts by name),
    package_folders (list: where modules are imported from), implementation, runtime_version, platform;
    frames_max 8, depth_max 3, items_max 100, text_max 255, fields_max 20, time_budget_ms 2, capture_bytes_max 1 MiB,
    queue_captures_max 64, queue_bytes_max 16 MiB; captures_per_second 1, novel_burst 16, novel_per_second 4,
    events_per_second 50, raises_per_second 20, cpu_share 0.01;
    redacted_identifiers, excluded_identifiers, redacted_types (lists), redaction_mode "targeted" or "strict";
    library_paths, third_party_includes, third_party_excludes (lists), capture_third_party.

    Raises ValueError that names the setting that cannot be used, and ImportError on an interpreter whose memory is not
    laid out as that of CPython 3.9 to 3.13.
    """

def capture(exc: BaseException, context: dict[str, Any] | None = None) -> Capture:
    """Captures the values of an exception, or says why not. Never raises.

    Context, all optional: mechanism, handled (False), own_event (True), trace_id, span_id, resource, request (method, url,
    route, status_code, user_agent, headers), user_id, tags, thread, force (False).
    """

def _captured_json(exc: BaseException, context: dict[str, Any] | None = None) -> str:
    """What would be sent of an exception, as JSON: for tests and for those who want to see it."""

def flush(timeout: float) -> bool:
    """Waits until everything is sent or given up; False when that takes longer than `timeout` seconds."""

def shutdown(timeout: float) -> bool:
    """Takes nothing any more, and waits as `flush` does."""

def status() -> dict[str, Any]:
    """What the client did, as numbers by name, and what went wrong last."""

def complete(*, service: str, package_folders: list[str]) -> None:
    """Says what was not known at the start, in place of what was said then. To be called ahead of the first capture."""

def after_fork_in_child() -> None:
    """To be called in the child of a fork, which sends nothing that its parent has queued."""

def set_remote(config: dict[str, Any]) -> None:
    """Takes over what the server says: enabled, and capture_next: a list of type, function and file."""

def watch(
    *,
    at_raise: bool = False,
    second_chance: bool = False,
    handled_modules: list[str] | None = None,
    context: Callable[[], dict[str, Any]] | None = None,
) -> str | None:
    """Watches raises and calls ahead of the hooks, from now on and as told; `context` gives the context of the event of a
    handled exception. None when it does; else why it does not: "off", or what stands in the way."""
