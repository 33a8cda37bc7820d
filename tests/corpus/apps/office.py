"""An office: crashes in every kind of function, and in what surrounds a program."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import datetime
import functools
import os
import random
import re
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

RATES = {"EUR": 1, "USD": 1.09}
VISITS = []


def audited(role):
    """A decorator with an argument, which says what it wraps."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            VISITS.append((role, function.__name__))
            return function(*args, **kwargs)

        return wrapper

    return decorate


class Retry:
    """A decorator that is an object, and does not say what it wraps."""

    def __init__(self, function):
        self.function = function
        self.tries = 0

    def __call__(self, *args):
        self.tries += 1
        return self.function(*args)


@audited("clerk")
def signed(document, *, by):
    return document["signatures"][by]["date"]


@Retry
def posted(letter, stamp):
    return letter["weight"] / stamp["value"]


class Positive:
    """A descriptor."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, owner, kind=None):
        return self if owner is None else getattr(owner, self.name)

    def __set__(self, owner, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} of {owner.title} would be {value}")
        setattr(owner, self.name, value)


class Invoice:
    amount = Positive()
    currency = "EUR"

    def __init__(self, title, amount):
        self.title = title
        self.amount = amount

    @property
    def converted(self):
        return self.amount / RATES[self.currency]

    @functools.cached_property
    def parts(self):
        name, year, number = self.title.split("-")
        return name, int(year), int(number)

    @classmethod
    def parse(cls, line, *, separator=";"):
        title, amount = line.split(separator)
        return cls(title, float(amount))

    @staticmethod
    def rounded(amount, places):
        return round(amount, places).hex()

    def __add__(self, other):
        return type(self)(self.title, self.amount + other.amount)

    def __getitem__(self, key):
        return {"title": self.title, "amount": self._amount}[key]

    def reminders(self, days):
        for day in days:
            yield datetime.date(2024, 1, 31).replace(month=day)


class ForeignInvoice(Invoice):
    currency = "CHF"

    def __init__(self, title, amount, *, country):
        super().__init__(title, amount)
        self.country = country
        self.prefix = {"CH": "41", "LI": "423"}[country]


class Agenda:
    """A context manager and an iterator."""

    def __init__(self, points):
        self.points = points
        self.at = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.points = None

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= len(self.points):
            raise StopIteration
        point = self.points[self.at]
        self.at += 1
        return point["title"], point["minutes"] / point["speakers"]


def held(points):
    with Agenda(points) as agenda:
        return list(agenda)


def priced(tariff):
    """A function inside a function, with variables of the outer one."""
    base, steps = tariff["base"], tariff["steps"]

    def price(pages):
        step = max(limit for limit in steps if limit <= pages)
        return base + steps[step] * pages

    return price


def by_priority(tasks):
    return sorted(tasks, key=lambda task: (-task["priority"], task["due"] or 0))


def initials(people):
    return [person["name"].split()[1][0] for person in people if person["active"]]


def totals(ledger):
    return {month: sum(row["amount"] for row in rows) / len(rows) for month, rows in ledger.items()}


def numbered(text, numbers):
    return re.sub(r"\{(\w+)\}", lambda match: numbers[match.group(1)], text)


def running_mean(values, window):
    recent = []
    for value in values:
        recent = [*recent, value][-window:]
        yield sum(recent) / len(recent)


@contextlib.contextmanager
def reserved(rooms, name):
    room = rooms[name]
    room["free"] = False
    try:
        yield room["seats"]
    finally:
        room["free"] = True


def seated(rooms, name, guests):
    with reserved(rooms, name) as seats:
        return [seats // guests for _ in range(2)]


async def fetched(pages, number):
    await asyncio.sleep(0)
    return pages[number]["text"].upper()


async def all_fetched(pages, numbers):
    return await asyncio.gather(*(fetched(pages, number) for number in numbers))


async def chunks(lines, size):
    for start in range(0, len(lines), size):
        await asyncio.sleep(0)
        yield "".join(lines[start : start + size])


async def printed(lines, size):
    return [chunk async for chunk in chunks(lines, size)]


@functools.singledispatch
def shown(value, width):
    raise TypeError(f"no way to show {value!r} in {width}")


@shown.register
def _(value: list, width):
    return " ".join(shown(entry, width // len(value)) for entry in value)


@functools.lru_cache(maxsize=16)
def depth(path):
    head, _, tail = path.partition("/")
    return 1 / len(head) + (depth(tail) if tail else 0)


def worked(jobs, workers):
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(functools.partial(finished, budget=10), jobs))


def finished(job, budget):
    return job["done"] * 100 // (job["total"] - budget)


def counted_down(stock, orders):
    while orders:
        order = orders.pop()
        stock[order["article"]] -= order["count"]
    return stock["total"]


def shortened(name, limit):
    name = name.strip().lower()
    limit = limit - len(name)
    return name[limit]


def region_rate():
    region = os.environ["OFFICE_REGION"]
    return {"north": 1, "south": 2}[region]


def drawn_winner(names):
    place = random.SystemRandom().randrange(10**9)
    raise LookupError(f"nobody at {place} of {len(names)}")


def shuffled(names):
    random.shuffle(names)
    return names[len(names)]


def overdue(limit):
    now = time.time()
    if now > limit:
        raise TimeoutError(f"{now - limit:.3f} seconds late")


def age_of(born):
    today = datetime.date.today()
    return 100 / (today - today + (born - born)).days


def order_of(cursor, number):
    cursor.execute("select total from orders where number = ?", (number,))
    return cursor.fetchone()[0]


def balance_of(connection, owner):
    rows = connection.execute("select amount from accounts where owner = :owner", {"owner": owner}).fetchall()
    return sum(amount for (amount,) in rows) / len(rows)


def sent(connection, text):
    connection.sendall(text.encode())
    return connection.recv(16)


def rows_of(lines, columns):
    return [{name: row[name].strip() for name in columns} for row in csv.DictReader(lines)]


def header_of(file):
    title = file.readline().rstrip()
    version = file.readline().partition("=")[2]
    return title, int(version)


def logged_in(user, password, sessions):
    if len(password) < 12:
        raise PermissionError(f"{user}: {len(password)} characters are too few, {len(sessions)} sessions")
    return sessions[user]


def summary(text, words):
    return text.split()[words]


def column_sum(rows, column):
    return sum(row[column] for row in rows)


def connected():
    return socket.socketpair()[0]


def database(*statements):
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    return connection
