"""Delivery dates and offers of the carriers."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

CARRIERS = {
    "parcelo": {"base": "4.90", "per_kg": "0.80", "zones": {"DE": 1, "AT": 2}},
    "swiftbox": {"base": "6.50", "per_kg": "0.55", "zones": {"DE": 1, "AT": 1, "CH": 3}},
    "norderfracht": {"base": "3.90", "per_kg": "1.20", "zones": {"DE": 1}},
}


def parse_delivery_date(text: str) -> date:
    day, month, year = (int(part) for part in text.split("."))
    return date(year, month, day)


def delivery_window(wished: str, days: int = 2) -> tuple[date, date]:
    first = parse_delivery_date(wished)
    return first, first + timedelta(days=days)


async def carrier_quote(carrier: str, country: str, weight_kg: Decimal) -> tuple[str, Decimal]:
    tariff = CARRIERS[carrier]
    await asyncio.sleep(0.005)
    zone = tariff["zones"][country]
    return carrier, (Decimal(tariff["base"]) + Decimal(tariff["per_kg"]) * weight_kg) * zone


async def best_quote(country: str, weight_kg: Decimal) -> tuple[str, Decimal]:
    tasks = [asyncio.create_task(carrier_quote(carrier, country, weight_kg)) for carrier in CARRIERS]
    try:
        quotes = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return min(quotes, key=lambda quote: quote[1])


def check_address(payload: dict) -> str:
    address = payload["address"]
    return f"{address['street']}, {address['postcode']} {address['city']}"
