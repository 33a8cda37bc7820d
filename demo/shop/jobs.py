"""Background jobs: a queue and the thread that works on it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from shop import database, payments
from shop.models import Order
from shop.settings import Settings
from shop.tracing import work

log = logging.getLogger("shop.jobs")


@dataclass
class Job:
    name: str
    arguments: dict
    attempt: int = 1
    history: list[str] = field(default_factory=list)


class JobQueue:
    def __init__(self, handlers: dict[str, Callable[..., object]]) -> None:
        self._handlers = handlers
        self._pending: queue.Queue[Job] = queue.Queue(maxsize=1000)

    def start(self) -> None:
        threading.Thread(target=self._work, name="shop-jobs", daemon=True).start()

    def put(self, name: str, **arguments: object) -> None:
        self._pending.put_nowait(Job(name, dict(arguments)))

    def _work(self) -> None:
        while True:
            job = self._pending.get()
            try:
                with work("job.run", job.name, "worker"):
                    self._handlers[job.name](**job.arguments)
            except Exception as error:
                log.warning("job %s failed: %s", job.name, type(error).__name__)


def make_handlers(settings: Settings) -> dict[str, Callable[..., object]]:
    def send_invoice(order_id: int, smtp: dict[str, str]) -> str:
        with database.connect(settings.database_path) as connection:
            order = database.find_order(connection, order_id)
        return render_invoice(order, smtp["sender"])

    def settle_refund(order_id: int, refunded: str) -> str:
        with database.connect(settings.database_path) as connection:
            order = database.find_order(connection, order_id)
        share = payments.refund_share(Decimal(refunded), order)
        return f"{share:.0%} of order {order_id} refunded"

    return {"send_invoice": send_invoice, "settle_refund": settle_refund}


def render_invoice(order: Order, sender: str) -> str:
    first_line = order.lines[0]
    text = [f"From {sender}", f"Order {order.id}, {order.placed_on:%d.%m.%Y}"]
    text += [f"{line.quantity} x {line.product.name}" for line in order.lines]
    text.append(f"Thank you for buying {first_line.product.name}")
    return "\n".join(text)
