"""Customers: greeting, signing up, signing in."""

from __future__ import annotations

import sqlite3

from shop import database


def shipping_label(connection: sqlite3.Connection, customer_id: int) -> str:
    customer = database.find_customer(connection, customer_id)
    address = customer.address
    return f"{customer.name}, {address.street}, {address.postcode} {address.city}"


def sign_up(connection: sqlite3.Connection, profile: dict[str, str]) -> int:
    cursor = connection.execute("INSERT INTO customers (name, email) VALUES (?, ?)", (profile["name"], profile["email"]))
    return cursor.lastrowid


def sign_in(directory_url: str, credentials: dict[str, str]) -> str:
    """Asks the company directory; the shop itself keeps no passwords."""
    user_name = credentials["user"]
    user_password = credentials["password"]
    login_query = f"user={user_name}&password={user_password}"
    return directory_lookup(directory_url, login_query)


def directory_lookup(directory_url: str, login_query: str) -> str:
    if not directory_url.startswith("ldaps://"):
        raise ConnectionRefusedError(f"directory {directory_url} refused {login_query}")
    return login_query.split("&")[0]
