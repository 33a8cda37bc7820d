"""Products, categories and what suppliers send about them."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal

from shop import database, measures


def category_path(parents: dict[int, tuple[str, int | None]], category_id: int) -> list[str]:
    """Names from the top category down to this one."""
    name, parent_id = parents[category_id]
    if parent_id is None:
        return [name]
    return category_path(parents, parent_id) + [name]


def load_category_path(connection: sqlite3.Connection, category_id: int) -> list[str]:
    rows = connection.execute("SELECT id, name, parent_id FROM categories")
    parents = {row["id"]: (row["name"], row["parent_id"]) for row in rows}
    return category_path(parents, category_id)


def import_feed(connection: sqlite3.Connection, supplier: str, body: str) -> int:
    """Takes over stock and weights from a supplier's feed; returns how many articles it named."""
    feed = json.loads(body)
    articles = feed["articles"]
    for position, article in enumerate(articles):
        update_article(connection, supplier, position, article)
    return len(articles)


def update_article(connection: sqlite3.Connection, supplier: str, position: int, article: dict) -> None:
    shipping = shipping_attributes(article)
    connection.execute("UPDATE products SET stock = ? WHERE sku = ?", (article.get("stock", 0), article["sku"]))
    article["billable_grams"] = max(shipping["grams"], shipping["volume_grams"])


def shipping_attributes(article: dict) -> dict[str, Decimal]:
    dimensions = article.get("dimensions", "0 x 0 x 0 cm")
    return {
        "grams": measures.to_grams(article["weight"]),
        "volume_grams": measures.volume_grams(dimensions),
    }


def recommend(connection: sqlite3.Connection, sku: str, purchases: list[str]) -> list[str]:
    """Other products of the category that was bought most often."""
    bought = [database.find_product(connection, purchase) for purchase in purchases]
    categories = [product.category_id for product in bought]
    favourite = max(set(categories), key=categories.count)
    return [p.sku for p in database.list_products(connection) if p.category_id == favourite and p.sku != sku]
