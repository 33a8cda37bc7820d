"""The second service: jobs that run by the clock, here every few seconds: `ddtrace-run python -m shop.nightly`."""

from __future__ import annotations

import logging
import time
from decimal import Decimal

from shop import database
from shop.settings import read_settings
from shop.tracing import work

log = logging.getLogger("shop.nightly")
PAUSE_SECONDS = 4.0


def restock(path: str, minimum: int) -> list[tuple[str, int]]:
    with database.connect(path) as connection:
        products = database.list_products(connection)
    return [(product.sku, reorder_quantity(product.stock, minimum)) for product in products]


def reorder_quantity(stock: int, minimum: int) -> int:
    cover = stock / minimum
    return 0 if cover > 1 else minimum - stock


def summarise_sales(path: str, customer_id: int) -> dict[str, Decimal]:
    with database.connect(path) as connection:
        rows = connection.execute("SELECT status, total FROM orders WHERE customer_id = ?", (customer_id,)).fetchall()
    totals = {row["status"]: Decimal(row["total"]) for row in rows}
    return {"open": totals["open"], "largest": max(totals.values())}


def close_day(path: str) -> None:
    """Closes the books of every customer; what goes wrong with one of them is reported with its name."""
    try:
        summarise_sales(path, customer_id=2)
    except KeyError as error:
        raise RuntimeError("the day could not be closed for customer 2") from error


TASKS = [
    ("restock", lambda path: restock(path, minimum=10)),
    ("restock-outlet", lambda path: restock(path, minimum=0)),
    ("summarise-sales", lambda path: summarise_sales(path, customer_id=1)),
    ("close-day", close_day),
]


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = read_settings()
    database.create(settings.database_path)
    while True:
        for name, task in TASKS:
            try:
                with work("nightly.task", name, "worker"):
                    task(settings.database_path)
            except Exception as error:
                log.warning("task %s failed: %s", name, type(error).__name__)
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
