"""RQ: exceptions with which a job fails."""

from __future__ import annotations

from reenact import work
from reenact.capture import report
from reenact.guard import never_raise
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

EXIT_FLUSH_SECONDS = 2.0
"""How long the end of a work horse waits for what is to be sent."""


def watch_workers(module: ModuleType) -> None:
    """Watches all workers; `module` is `rq.worker`."""
    for kind in type.mro(module.Worker):
        replace(kind, "perform_job", _during_job)
        replace(kind, "handle_exception", _before_handle_exception)


def _during_job(original: Callable[..., Any]) -> Callable[..., Any]:
    def perform_job(self: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        token = work.enter(_RqJob(job))
        try:
            return original(self, job, *args, **kwargs)
        finally:
            work.leave(token)
            _flush_in_horse(self)

    return perform_job


def _before_handle_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle_exception(self: Any, job: Any, *exc_info: Any) -> Any:
        report(exc_info[1] if len(exc_info) > 1 else None, "rq", passes_on=True)
        return original(self, job, *exc_info)

    return handle_exception


@never_raise("hook rq")
def _flush_in_horse(worker: Any) -> None:
    # A work horse ends without running exit handlers.
    if work.attribute(worker, "_is_horse"):
        from reenact.lifecycle import flush

        flush(EXIT_FLUSH_SECONDS)


class _RqJob(work.Work):
    """A job of RQ, whose function is known once the worker has read it."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def resource(self) -> str | None:
        name = work.attribute(self._job, "_func_name")
        return name if type(name) is str else "rq"

    def tags(self) -> dict[str, str]:
        job_id = work.attribute(self._job, "_id")
        return {"job.id": job_id} if type(job_id) is str else {}
