"""Tables, sheets and charts of the numbers of a shop."""

from __future__ import annotations

import io

import asciichartpy
import plotille
import prettytable
import tablib
import tabulate
import terminaltables
import texttable
import xlsxwriter
from humanfriendly.tables import format_robust_table
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator


class Report:
    def __init__(self, title, columns):
        self.title = title
        self.columns = columns
        self.rows = []

    def add(self, *cells):
        self.rows.append(cells)
        return self

    def as_text(self, alignment):
        return self.title + "\n" + tabulate.tabulate(self.rows, headers=self.columns, colalign=alignment)

    def sorted_by(self, column):
        table = prettytable.PrettyTable(self.columns)
        table.add_rows(self.rows)
        return table.get_string(sortby=column)

    def in_a_frame(self, column):
        table = terminaltables.AsciiTable([self.columns, *self.rows], self.title)
        return table.table, table.column_max_width(column)

    def as_robust_table(self):
        return format_robust_table(self.rows, column_names=self.columns)


def table_of_json(text):
    return prettytable.from_json(text).get_string()


def drawn(rows, types):
    table = texttable.Texttable(max_width=60)
    table.set_cols_dtype(types)
    table.add_rows(rows, header=False)
    return table.draw()


def tokens_of(formula):
    return [token.value for token in Tokenizer(formula).items]


def moved(formula, origin, target):
    return Translator(formula, origin=origin).translate_formula(target)


def workbook_of(rows, columns):
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet("orders")
    sheet.add_table(0, 0, len(rows), len(columns) - 1, {"data": rows, "columns": columns})
    book.close()
    return content.getvalue()


def sheets_of(text):
    book = tablib.Databook()
    book.load(text, "json")
    return [sheet.title for sheet in book.sheets()]


def chart(series, colors):
    return asciichartpy.plot(series, {"height": 6, "colors": colors})


def distribution(prices, bins):
    counts = [price for price in prices if price is not None]
    return plotille.hist(counts, bins=bins)
