"""Celery: exceptions with which a task fails. A retry is no failure."""

from __future__ import annotations

from reenact import work
from reenact.capture import report
from reenact.guard import never_raise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from types import ModuleType
    from typing import Any

EXIT_FLUSH_SECONDS = 2.0
"""How long the end of a worker process waits for what is to be sent."""

_tokens: dict[str, Token[work.Work | None]] = {}


def watch_tasks(module: ModuleType) -> None:
    """Watches all tasks; `module` is `celery.signals`."""
    module.task_prerun.connect(_on_prerun, weak=False, dispatch_uid="reenact")
    module.task_failure.connect(_on_failure, weak=False, dispatch_uid="reenact")
    module.task_postrun.connect(_on_postrun, weak=False, dispatch_uid="reenact")
    module.worker_process_shutdown.connect(_on_worker_exit, weak=False, dispatch_uid="reenact")


@never_raise("hook celery")
def _on_prerun(sender: Any = None, task_id: Any = None, **_: Any) -> None:
    if type(task_id) is str:
        _tokens[task_id] = work.enter(_job(sender, task_id))


@never_raise("hook celery")
def _on_failure(sender: Any = None, task_id: Any = None, exception: object = None, **_: Any) -> None:
    job = _job(sender, task_id)
    report(exception, "celery", passes_on=True, resource=job.resource(), tags=job.tags())


@never_raise("hook celery")
def _on_postrun(task_id: Any = None, **_: Any) -> None:
    token = _tokens.pop(task_id, None)
    if token is not None:
        work.leave(token)


@never_raise("hook celery")
def _on_worker_exit(**_: Any) -> None:
    # Worker processes end without running exit handlers.
    from reenact.lifecycle import flush

    flush(EXIT_FLUSH_SECONDS)


def _job(task: Any, task_id: Any) -> work.Job:
    name = getattr(task, "name", None)
    return work.Job(name if type(name) is str else "celery", {"task.id": task_id} if type(task_id) is str else {})
