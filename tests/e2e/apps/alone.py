"""Crashes of functions that cannot be called again with what was captured, and of functions that read more than their
arguments. Each name in ALONE is one; plain Python, no client and no framework."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
from datetime import datetime

RATES = {"EUR": 1}


class Base:
    def total(self, rows):
        return sum(row["price"] for row in rows)


class Cart(Base):
    def __init__(self):
        self.__rate = 0

    def total(self, rows):
        rows = [row for row in rows if row]
        return (
            super()
            .total(rows)
        )  # fmt: skip

    def per_rate(self, amount):
        amount = amount + 1
        return amount / self.__rate

    async def paid(self, amount):
        amount -= 5
        async with self.connection(amount) as connection:
            return connection

    @contextlib.asynccontextmanager
    async def connection(self, amount):
        yield 1 / amount


def drained(rows):
    while rows:
        rows.pop()
    return rows[0]


def emptied_elsewhere(rows):
    drop(rows)
    first, *rest = rows
    return first, rest


def drop(rows):
    rows.clear()


def looped(pairs):
    pairs = list(pairs) + [(1, 2, 3)]
    for left, right in pairs:
        left + right


def counted(limit):
    limit = limit * 0
    while 1 / limit:
        limit -= 1


def opened(name):
    name = name + ".missing"
    with open(name) as file:
        return file.read()


def nested(amount):
    seen = []

    def add(value):
        nonlocal amount
        amount += 1
        seen.append(value)
        return value / (amount - 6)

    return add(3)


def keyed(rows):
    return sorted(
        rows,
        key=lambda row: row["price"] * row["count"],
    )


def generated(rows, rate):
    return list(row / rate for row in rows)


def unbound(rows):
    rows = rows[1:]
    for last in rows:
        pass
    return last + 1


def several(order, rate):
    rate = rate - 2
    return {
        "id": order["id"],
        "total": order["total"]
        / rate,
    }  # fmt: skip


def yielded(rows):
    rows = iter(rows)
    for row in rows:
        yield 1 / row


def of_the_day(days):
    today = dt.date.today()
    return days[today.isoformat()]


def at_the_time(names):
    now = datetime.now()
    raise ValueError("%s at %s" % (names, now.isoformat()))


def of_the_environment(name):
    region = os.environ["REENACT_E2E_REGION"]
    raise LookupError("no %s in %s" % (name, region))


def not_in_the_environment(name):
    return name, os.environ["REENACT_E2E_MISSING"]


def drawn(rows):
    pick = random.choice(rows)
    raise IndexError("row %s of %s" % (pick, rows))


def on_import():
    import alone_broken  # noqa: F401


def region():
    os.environ["REENACT_E2E_REGION"] = "eu-west"
    try:
        of_the_environment("mug")
    finally:
        del os.environ["REENACT_E2E_REGION"]


def asynchronous():
    import asyncio

    asyncio.run(Cart().paid(5))


ALONE = {
    "super": lambda: Cart().total([{"price": 1}, {"name": "mug"}]),
    "a private name": lambda: Cart().per_rate(5),
    "async with": asynchronous,
    "an argument that is drained": lambda: drained([1, 2]),
    "an argument that another function empties": lambda: emptied_elsewhere([1, 2]),
    "the header of a for": lambda: looped([(1, 2)]),
    "the header of a while": lambda: counted(5),
    "the header of a with": lambda: opened("/nowhere"),
    "a function in a function": lambda: nested(5),
    "a lambda": lambda: keyed([{"price": 1, "count": 2}, {"price": 2}]),
    "a generator expression": lambda: generated([1, 2], 0),
    "a name without a value": lambda: unbound([1]),
    "several lines": lambda: several({"id": 1, "total": 5}, 2),
    "a generator that goes on": lambda: list(yielded([1, 2, 0])),
    "today": lambda: of_the_day({"2001-01-01": 1}),
    "now": lambda: at_the_time(["mug"]),
    "a variable of the environment": region,
    "none of the environment": lambda: not_in_the_environment("mug"),
    "a random choice": lambda: drawn(list(range(90))),
    "the body of a module": on_import,
}
