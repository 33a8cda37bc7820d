"""Searches, queries, limits and small calculations."""

from __future__ import annotations

import bitmath
import cachetools
import pypika
import simpleeval
import sqlglot
import tenacity
import textdistance
import webob
from rank_bm25 import BM25Okapi
from uncertainties import ufloat


class Index:
    def __init__(self, texts):
        self.texts = [text.split() for text in texts]
        self.ranking = BM25Okapi(self.texts)

    def best(self, words):
        return self.ranking.get_top_n(words.split(), self.texts, n=1)


class Prices:
    def __init__(self, size):
        self.known = cachetools.LRUCache(size, getsizeof=lambda price: price["weight"])

    def remember(self, article, **price):
        self.known[article] = price
        return len(self.known)


def table_for(name, columns):
    return pypika.Query.create_table(name).columns(*columns).get_sql()


def changes(before, after):
    return sqlglot.diff(sqlglot.parse_one(before), after and sqlglot.parse_one(after))


def discount(formula, **names):
    return simpleeval.simple_eval(formula, names=names)


def share(part, whole):
    return ufloat(*part) / ufloat(*whole)


def size_for_people(count):
    return str(bitmath.Byte(count).best_prefix())


def fetch(address, pause):
    @tenacity.retry(wait=pause, stop=tenacity.stop_after_attempt(2))
    def once():
        raise ConnectionError(address)

    return once()


def answer(status):
    response = webob.Response(status=status)
    response.text = "sorry"
    return response.status_int


def distance(left, right):
    return textdistance.gotoh(left, right)
