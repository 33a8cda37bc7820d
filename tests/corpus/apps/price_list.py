"""The body of a module that fails when it is imported."""

from __future__ import annotations

COLUMNS = ("article", "price", "tax")
LINES = ["mug;4.90;19", "spade;12.50"]

PRICES = {line.split(";")[0]: dict(zip(COLUMNS, line.split(";"))) for line in LINES}
for article in PRICES:
    PRICES[article]["gross"] = float(PRICES[article]["price"]) * (1 + int(PRICES[article]["tax"]) / 100)
