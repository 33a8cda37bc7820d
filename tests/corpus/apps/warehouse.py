"""A warehouse: crashes on values of every kind."""

from __future__ import annotations

import datetime
import enum
import struct
from collections import ChainMap, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import attrs
import numpy
import pandas
import pydantic


class Handling(enum.Flag):
    NONE = 0
    FRAGILE = enum.auto()
    COLD = enum.auto()
    UPRIGHT = enum.auto()


class Zone(enum.IntEnum):
    GATE = 1
    HALL = 2
    YARD = 7


class Place(NamedTuple):
    zone: Zone
    shelf: str
    level: int = 0

    def above(self, levels):
        heights = {"A": 3, "B": 5}
        if self.level + levels > heights[self.shelf]:
            raise IndexError(f"{self.shelf} in {self.zone.name.lower()} has no level {self.level + levels}")
        return self._replace(level=self.level + levels)


@dataclass(frozen=True)
class Pallet:
    number: int
    place: Place
    weight: Decimal = Decimal("0")
    handling: Handling = Handling.NONE
    marks: tuple = ()


@dataclass
class Truck:
    name: str
    limit: Decimal
    pallets: list = field(default_factory=list)
    stops: dict = field(default_factory=dict)

    def load(self, pallet):
        free = self.limit - sum((loaded.weight for loaded in self.pallets), Decimal(0))
        if pallet.weight > free:
            raise OverflowError(f"{pallet.number} weighs {pallet.weight}, {self.name} has {free} left")
        self.pallets.append(pallet)


@attrs.define
class Scale:
    serial: str = attrs.field(validator=attrs.validators.instance_of(str))
    readings: list = attrs.field(factory=list)
    offset: float = 0.0

    def mean(self, last):
        chosen = self.readings[-last:] if last else []
        return sum(chosen) / len(chosen) - self.offset


@attrs.frozen(slots=False)
class Tolerance:
    low: float
    high: float

    def position(self, value):
        return (value - self.low) / (self.high - self.low)


class Item(pydantic.BaseModel):
    article: str
    count: int
    price: Decimal


class Delivery(pydantic.BaseModel):
    supplier: str
    items: list[Item]
    due: datetime.date | None = None

    def days_late(self, today):
        return (today - self.due).days

    def value_per_piece(self):
        return sum(item.price * item.count for item in self.items) / sum(item.count for item in self.items)


class Base:
    __slots__ = ("code",)

    def __init__(self, code):
        self.code = code


class Bin(Base):
    __slots__ = ("content", "spare", "__dict__")

    def __init__(self, code, content):
        super().__init__(code)
        self.content = content
        self.note = "new"

    def take(self, article, count):
        left = self.content[article] - count
        if left < 0:
            raise ValueError(f"{self.code} ({self.note}) lacks {-left} of {article}, spare {self.spare}")
        self.content[article] = left
        return left


class Worker:
    def __init__(self, name):
        self.name = name
        self.lead = None
        self.team = []

    def add(self, *workers):
        for worker in workers:
            worker.lead = self
            self.team.append(worker)
        return self


def chain_of_command(worker):
    seen = []
    while worker is not None:
        if worker in seen:
            raise RuntimeError(" -> ".join(person.name for person in seen) + f" -> {worker.name}")
        seen.append(worker)
        worker = worker.lead
    return seen


def transfer(accounts, source, target, amount):
    source["balance"] -= amount
    target["balance"] += amount
    total = sum(account["balance"] for account in accounts.values())
    if source is target or total != 100:
        raise ArithmeticError(f"the sum is {total} after {source['name']} to {target['name']}")


def read_label(content):
    kind, length = struct.unpack_from(">BH", content)
    body = memoryview(content)[3 : 3 + length]
    return kind, body.tobytes().decode("ascii")


def arrival(departure, hours, zone):
    local = (departure + datetime.timedelta(hours=hours)).astimezone(ZoneInfo(zone))
    if local.hour < 6:
        raise ValueError(f"closed at {local:%H:%M %Z}, open from {datetime.time(6)}")
    return local


def overlap(shifts):
    for (start, end), (following, _) in zip(shifts, shifts[1:]):
        if following < end:
            raise ValueError(f"{following.isoformat()} is before {end.isoformat()} ({end - following}) of {start.date()}")
    return len(shifts)


def tax(amounts, rate):
    with localcontext() as context:
        context.prec = 6
        return [(amount * rate).quantize(Decimal("0.01")) for amount in amounts]


def ratio(parts, total):
    shares = [Fraction(part, total) for part in parts]
    return [1 / (share - Fraction(1, 3)) for share in shares]


def route(hosts, networks):
    return {host: next(network for network in networks if host in network) for host in hosts}


def file_of(root, name):
    path = Path(root) / name
    return path.relative_to(Path(root) / "archive")


def setting(layers, name):
    merged = ChainMap(*layers)
    return merged[name] + merged["suffix"]


def restock(counts, wanted):
    missing = defaultdict(int)
    for article, count in wanted.items():
        missing[article] += max(0, count - counts[article])
    return dict(missing)


def handled(pallets):
    by_handling = {Handling.FRAGILE: "foam", Handling.COLD: "ice", Handling.FRAGILE | Handling.COLD: "foam and ice"}
    return [by_handling[pallet.handling] for pallet in pallets]


def drift(readings, window):
    frames = numpy.lib.stride_tricks.sliding_window_view(readings, window)
    return frames.mean(axis=1) - readings


def heaviest(weights, mask):
    chosen = weights[mask]
    return int(chosen.argmax())


def turnover(orders, by):
    table = pandas.DataFrame(orders)
    return table.groupby(by)["amount"].sum()


def in_stock(table, article):
    row = table.loc[table["article"] == article].iloc[0]
    return int(row["count"]) // int(row["pack"])


def first_error(errors):
    worst = max(errors, key=lambda error: error.args[1])
    raise LookupError(f"{type(worst).__name__} {worst.args[0]} of {len(errors)}") from worst


def mixed_up(numbers):
    total = 0
    for number in numbers:
        total += {int: 1, float: 0.5, complex: 1j, bool: 2}[type(number)]
    return total
