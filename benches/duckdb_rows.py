"""The yardstick of `make bench NAME=queries`: the same rows and questions in DuckDB.

    duckdb_rows.py load DATABASE            rows as CSV on standard input
    duckdb_rows.py ask DATABASE RUNS        questions as JSON on standard input, answers as JSON on standard output
"""

import json
import sys
import time

import duckdb

COLUMNS = {
    "id": "VARCHAR", "ts": "BIGINT", "issue": "VARCHAR", "service": "VARCHAR", "env": "VARCHAR",
    "version": "VARCHAR", "error_type": "VARCHAR", "host": "VARCHAR", "resource": "VARCHAR", "user_id": "VARCHAR",
    "cause": "VARCHAR",
    "handled": "BOOLEAN", "has_values": "BOOLEAN", "message": "VARCHAR", "stack": "VARCHAR", "tags": "VARCHAR",
}
FACETS = ["service", "env", "version", "error_type", "handled", "cause", "host", "resource"]


def load(path):
    database = duckdb.connect(path, config={"threads": 1, "memory_limit": "2GB"})
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    database.execute(f"""
        CREATE TABLE event AS
        SELECT id::UUID AS id, ts, issue, service, env, version, error_type, host, resource, user_id, cause, handled,
               has_values, message, stack,
               map_from_entries([{{k: split_part(tag, '=', 1), v: split_part(tag, '=', 2)}}
                                 FOR tag IN string_split(tags, ';')]) AS tags
        FROM read_csv('/dev/stdin', header = false, delim = ',', quote = '', escape = '', columns = {{{columns}}})
    """)
    database.execute("CHECKPOINT")
    database.close()


def condition(where):
    """SQL and its parameters for the parts of a question's filter."""
    parts, values = ["ts >= ? AND ts < ?"], [where["from"], where["to"]]
    for key in ("service", "issue"):
        if where.get(key):
            parts.append(f"{key} = ?")
            values.append(where[key])
    if where.get("tag"):
        name, value = where["tag"]
        parts.append("tags[?] = ?")
        values += [name, value]
    if where.get("word"):
        parts.append("(contains(message, ?) OR contains(stack, ?))")
        values += [f" {where['word']} "] * 2
    return " AND ".join(parts), values


def issues(database, where):
    sql, values = condition(where)
    width = -(-(where["to"] - where["from"]) // 24)
    rows = database.execute(
        f"""WITH matching AS (SELECT * FROM event WHERE {sql}),
                 listed AS (SELECT issue, count(*) AS events, count(DISTINCT user_id) AS users, max(ts) AS newest,
                                   bool_and(handled) AS handled, list_sort(list(DISTINCT env)) AS envs,
                                   list_sort(list(DISTINCT version)) AS versions, bool_or(has_values) AS captured,
                                   count(*) OVER () AS total
                            FROM matching GROUP BY issue ORDER BY events DESC, issue LIMIT 50),
                 bars AS (SELECT issue, (ts - {where['from']}) // {width} AS bucket, count(*) AS events
                          FROM matching WHERE issue IN (SELECT issue FROM listed) GROUP BY ALL)
            SELECT l.*, (SELECT map_from_entries(list((bucket, b.events))) FROM bars b WHERE b.issue = l.issue)
            FROM listed l ORDER BY events DESC, issue""",
        values,
    ).fetchall()
    shown = [[row[0], row[1], row[2], row[4], row[5], row[6], row[7]] for row in rows]
    return {"total": rows[0][8] if rows else 0, "issues": shown,
            "bars": [sorted([int(at), events] for at, events in row[9].items()) for row in rows]}


def facets(database, where):
    sql, values = condition(where)
    fields = ", ".join(FACETS)
    sets = ", ".join(f"({field})" for field in FACETS)
    rows = database.execute(
        f"""SELECT grouping({fields}) AS absent, {fields}, count(*), count(DISTINCT issue) FROM event WHERE {sql}
            GROUP BY GROUPING SETS ({sets})""", values
    ).fetchall()
    answer = {field: [] for field in FACETS}
    for row in rows:
        # One bit for each field that is not grouped by.
        at = next(at for at in range(len(FACETS)) if not row[0] >> (len(FACETS) - 1 - at) & 1)
        value = str(row[1 + at]).lower() if FACETS[at] == "handled" else row[1 + at]
        if value is not None:
            answer[FACETS[at]].append([value, row[-2], row[-1]])
    return {field: sorted(found, key=lambda row: (-row[1], row[0]))[:10] for field, found in answer.items()}


def histogram(database, where):
    sql, values = condition(where)
    width = -(-(where["to"] - where["from"]) // 60)
    rows = database.execute(
        f"""SELECT service, (ts - {where['from']}) // {width} AS bucket, count(*) FROM event WHERE {sql}
            GROUP BY ALL""", values
    ).fetchall()
    bars = {}
    for service, bucket, count in rows:
        bars.setdefault(service, [0] * 60)[bucket] += count
    ordered = sorted(bars.items(), key=lambda bar: (-sum(bar[1]), bar[0]))
    rest = [sum(column) for column in zip(*(bar for _, bar in ordered[5:]))]
    return {"total": sum(map(sum, bars.values())),
            "series": [[name, bar] for name, bar in ordered[:5]] + ([["other", rest]] if rest else [])}


def latest(database, where):
    sql, values = condition(where)
    total = database.execute(f"SELECT count(*) FROM event WHERE {sql}", values).fetchone()[0]
    rows = database.execute(
        f"""SELECT id, ts, service, env, version, host, resource, message, handled, user_id FROM event WHERE {sql}
            ORDER BY ts DESC, id DESC LIMIT 50""", values
    ).fetchall()
    return {"total": total, "ids": [row[0].hex for row in rows]}


def event(database, where):
    row = database.execute("SELECT id, issue FROM event WHERE id = ?::UUID", [where["id"]]).fetchone()
    return {"id": row[0].hex, "issue": row[1]}


VERBS = {"issues": issues, "facets": facets, "histogram": histogram, "latest": latest, "event": event}


def ask(path, runs):
    database = duckdb.connect(path, read_only=True, config={"threads": 2, "memory_limit": "4GB"})
    answers = []
    for question in json.load(sys.stdin):
        verb, times = VERBS[question["verb"]], []
        for _ in range(runs + 1):
            started = time.perf_counter()
            answer = verb(database, question["where"])
            times.append((time.perf_counter() - started) * 1e3)
        answers.append({"answer": answer, "ms": times[1:]})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(sys.argv[2])
    else:
        ask(sys.argv[2], int(sys.argv[3]))
