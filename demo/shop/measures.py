"""Weights and sizes as suppliers write them."""

from __future__ import annotations

from decimal import Decimal

GRAMS_PER_UNIT = {"g": Decimal(1), "kg": Decimal(1000), "lb": Decimal("453.592")}
VOLUMETRIC_DIVISOR = 5


def split_quantity(text: str) -> tuple[str, str]:
    amount, unit = text.strip().split(" ")
    return amount, unit.lower()


def to_grams(text: str) -> Decimal:
    amount, unit = split_quantity(text)
    return Decimal(amount) * GRAMS_PER_UNIT[unit]


def volume_grams(dimensions: str) -> Decimal:
    size, _unit = dimensions.rsplit(" ", 1)
    volume = Decimal(1)
    for edge in size.split(" x "):
        volume *= Decimal(edge)
    return volume / VOLUMETRIC_DIVISOR
