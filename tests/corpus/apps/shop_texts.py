"""Texts that people wrote, and texts for people: markup, templates, numbers, names."""

from __future__ import annotations

import chevron
import humanize
import inflection
import markdown
import stdnum.isbn
from babel.dates import parse_date
from babel.plural import PluralRule
from bs4 import BeautifulSoup
from html5lib import HTMLParser
from stdnum import numdb


def field_name(label):
    words = label.strip().replace(" ", "_").lower()
    return inflection.camelize(words, False)


def page_of(text, depth):
    return markdown.markdown(text, extensions=["toc"], extension_configs={"toc": {"toc_depth": depth}})


def indented_page_of(text, width):
    return markdown.markdown(text, tab_length=width)


def card(template, values, partials=None):
    return chevron.render(template, values, partials_dict=partials or {})


def boxed(html, tag):
    soup = BeautifulSoup(html, "html.parser")
    return str(soup.p.wrap(tag))


def cleaned(html):
    soup = BeautifulSoup(html, "html.parser")
    for script in soup.find_all("script"):
        script.decompose()
    return soup.decode()


def fragment_of(html, container):
    return HTMLParser(namespaceHTMLElements=False).parseFragment(html, container=container)


def day_of(text, locale):
    return parse_date(text.strip(), locale=locale)


def plural_form(rules, count):
    return PluralRule(rules)(count)


def weight_for_people(grams):
    return humanize.metric(grams, "g")


def parts_of_isbn(number):
    return [part for part in stdnum.isbn.split(number.replace(" ", "")) if part]


def prefixes_of(lines):
    database = numdb.read(lines)
    return database.prefixes
