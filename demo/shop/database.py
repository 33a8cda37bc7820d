"""The SQLite database: schema, sample rows, and queries that return models."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from shop.models import Address, CartLine, Customer, Order, Product

SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, loyalty_points INTEGER NOT NULL DEFAULT 0,
    street TEXT, city TEXT, postcode TEXT);
CREATE TABLE IF NOT EXISTS categories (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent_id INTEGER REFERENCES categories (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE IF NOT EXISTS products (
    sku TEXT PRIMARY KEY, name TEXT NOT NULL, price TEXT NOT NULL, category_id INTEGER NOT NULL, stock INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), total TEXT NOT NULL,
    placed_on TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open');
CREATE TABLE IF NOT EXISTS order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL REFERENCES products (sku), quantity INTEGER NOT NULL);
"""

CUSTOMERS = [
    (1, "Ada Marlow", "ada@shop.example", 240, "Lindenstr. 4", "Leipzig", "04109"),
    (2, "Bo Quist", "bo@shop.example", 15, None, None, None),
    (3, "Carla Venn", "carla@shop.example", 0, "Hafenweg 11", "Kiel", "24103"),
]
# Garden tools and Outdoor name each other as parent: the row that nobody meant to write.
CATEGORIES = [(1, "Kitchen", None), (2, "Coffee", 1), (3, "Outdoor", 4), (4, "Garden tools", 3)]
PRODUCTS = [
    ("MUG-01", "Stoneware mug", "12.50", 2, 40),
    ("GRND-7", "Burr grinder", "89.00", 2, 6),
    ("SPADE-2", "Ash spade", "34.90", 4, 12),
    ("FILT-100", "Paper filters", "3.20", 2, 300),
]
ORDERS = [(1001, 1, "114.50", "2026-11-02", "open"), (1002, 3, "34.90", "2026-11-09", "open"), (1003, 2, "0.00", "2026-11-12", "free")]
ORDER_LINES = [(1001, "MUG-01", 2), (1001, "GRND-7", 1), (1002, "SPADE-2", 1)]


@contextmanager
def connect(path: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def create(path: str) -> None:
    with connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.executemany("INSERT OR IGNORE INTO customers VALUES (?, ?, ?, ?, ?, ?, ?)", CUSTOMERS)
        connection.executemany("INSERT OR IGNORE INTO categories VALUES (?, ?, ?)", CATEGORIES)
        connection.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?, ?)", PRODUCTS)
        connection.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?)", ORDERS)
        if connection.execute("SELECT count(*) FROM order_lines").fetchone()[0] == 0:
            connection.executemany("INSERT INTO order_lines VALUES (?, ?, ?)", ORDER_LINES)


def find_customer(connection: sqlite3.Connection, customer_id: int) -> Customer | None:
    row = connection.execute("SELECT * FROM customers WHERE id = ?", (customer_id,)).fetchone()
    if row is None:
        return None
    address = Address(row["street"], row["city"], row["postcode"]) if row["street"] else None
    return Customer(row["id"], row["name"], row["email"], row["loyalty_points"], address)


def find_product(connection: sqlite3.Connection, sku: str) -> Product | None:
    row = connection.execute("SELECT * FROM products WHERE sku = ?", (sku,)).fetchone()
    return _product(row) if row else None


def list_products(connection: sqlite3.Connection) -> list[Product]:
    return [_product(row) for row in connection.execute("SELECT * FROM products ORDER BY sku")]


def find_order(connection: sqlite3.Connection, order_id: int) -> Order | None:
    row = connection.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
    if row is None:
        return None
    lines = [
        CartLine(_product(line), line["quantity"])
        for line in connection.execute(
            "SELECT p.*, l.quantity FROM order_lines l JOIN products p USING (sku) WHERE l.order_id = ?", (order_id,)
        )
    ]
    customer = find_customer(connection, row["customer_id"])
    return Order(row["id"], customer, lines, Decimal(row["total"]), date.fromisoformat(row["placed_on"]), row["status"])


def _product(row: sqlite3.Row) -> Product:
    return Product(row["sku"], row["name"], Decimal(row["price"]), row["category_id"], row["stock"])
