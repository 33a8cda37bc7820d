"""The table of outcomes, as Markdown, and its place in the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crashes import CRASHES, Crash

if TYPE_CHECKING:
    from environment import Environment
    from run import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs/reproduction.md"
BEGIN, END = "<!-- corpus: begin, written by `make corpus ARGS=--write` -->", "<!-- corpus: end -->"
CELL_MAX = 160
GROUPS = (
    ("real, in released packages", lambda crash: crash.package is not None),
    ("made, of each kind", lambda crash: crash.package is None),
    ("all", lambda crash: True),
)


def masked(message: str) -> str:
    """A message without addresses of objects."""
    return re.sub(r"0x[0-9a-fA-F]+", "0x", message)


def summary(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Counts per client and group of crashes."""
    rows = []
    for client in sorted({outcome.client for outcome in outcomes}, reverse=True):
        for name, belongs in GROUPS:
            mine = [outcome for outcome in outcomes if outcome.client == client and belongs(CRASHES[outcome.crash])]
            if not mine:
                continue
            count = {kind: sum(outcome.outcome == kind for outcome in mine) for kind in ("call", "statement", "partial", "not", "false")}
            without = sum(outcome.outcome == "call" and outcome.inputs == 0 for outcome in mine)
            rows.append({"client": client, "crashes": name, "count": len(mine), **count, "without_input": without})
    return rows


def markdown(outcomes: list[Outcome], environment: Environment) -> str:
    lines = [
        "| client | crashes | by calling a function | with a statement as well | partial | not | false | of them without any input |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in summary(outcomes):
        call, either, count = row["call"], row["call"] + row["statement"], row["count"]
        lines.append(
            f"| {row['client']} | {count} {row['crashes']} | {call} ({share(call, count)}) | {either} ({share(either, count)}) "
            f"| {row['partial']} | {row['not']} | {row['false']} | {row['without_input']} |"
        )
    lines += ["", "| crash | package | exception | function, input | Reenact's client | ddtrace |", "|---|---|---|---|---|---|"]
    by_crash: dict[str, dict[str, Outcome]] = {}
    for outcome in outcomes:
        by_crash.setdefault(outcome.crash, {})[outcome.client] = outcome
    lines += [_row(CRASHES[name], found, environment) for name, found in by_crash.items()]
    return "\n".join(lines)


def _row(crash: Crash, found: dict[str, Outcome], environment: Environment) -> str:
    package = f"{crash.package} {environment.version(crash.package)}" if crash.package else ""
    exception = next((outcome.exception for outcome in found.values() if outcome.exception), "?")
    name = crash.name.partition(": ")[2] if crash.package else crash.name
    cells = [name, package, exception, f"{crash.function}, {crash.input}", _said(found.get("reenact")), _said(found.get("ddtrace"))]
    return "| " + " | ".join(cells) + " |"


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.outcome in ("call", "statement"):
        return f"**{outcome.outcome}** of {_cell(outcome.called)}"
    return _cell(f"{outcome.outcome}: {outcome.reason}")


def _cell(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
    return text if len(text) <= CELL_MAX else text[: CELL_MAX - 1].rstrip("\\") + "…"


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def write(outcomes: list[Outcome], environment: Environment) -> None:
    """Replaces what stands between the marks of the page."""
    page = PAGE.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} has no place for the table: {BEGIN}")
    PAGE.write_text(f"{before}{BEGIN}\n\n{markdown(outcomes, environment)}\n\n{END}{after}")
