"""Handlers of AWS Lambda and of platforms like it.

@reenact.aws_lambda.handler
def handle(event, context): ...
"""

from __future__ import annotations

from reenact import work
from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

FLUSH_SECONDS = 2.0
"""How long an invocation that failed waits for what is to be sent: afterwards the process is frozen."""


def handler(function: Callable[..., Any]) -> Callable[..., Any]:
    """Captures what leaves a handler, sends it, and raises it again.

    The resource of the event is the name of the function that the platform runs; the id of the
    request is a tag. The invocation's `event` is a variable of the handler's frame and so among the values.
    """

    def watched(event: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        token = work.enter(_invocation(function, context))
        try:
            return function(event, context, *args, **kwargs)
        except Exception as error:
            report(error, "aws_lambda", passes_on=True)
            raise
        finally:
            work.leave(token)
            _send()

    watched.__name__ = getattr(function, "__name__", "watched")
    watched.__doc__ = function.__doc__
    watched.__wrapped__ = function  # type: ignore[attr-defined]
    return watched


def _invocation(function: Callable[..., Any], context: Any) -> work.Job:
    name, request_id = work.attribute(context, "function_name"), work.attribute(context, "aws_request_id")
    return work.Job(
        name if type(name) is str else getattr(function, "__name__", "handler"),
        {"request.id": request_id} if type(request_id) is str else {},
    )


def _send() -> None:
    from reenact.lifecycle import flush

    flush(FLUSH_SECONDS)
