"""Repositories of services: a service whose clone has commits, under the real client; what pages and terminal say of it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import requests

from clients import CLIENTS, App, Client
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from polling import wait_until
from server import Server

GATEWAY = '''\
class GatewayTimeout(Exception):
    pass


def charge(amount):
    if amount > 100:
        raise GatewayTimeout(f"no answer for {amount}")
    return amount
'''
MAIN = '''\
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    from ddtrace.trace import tracer
except ImportError:
    from ddtrace import tracer
from shop import gateway

try:
    with tracer.trace("job", resource="charge"):
        gateway.charge(250)
except gateway.GatewayTimeout:
    pass
tracer.flush()
time.sleep(3)
'''
HOUR = 3600


class Clone:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, author: str = "Ada", hours_ago: float = 0) -> str:
        when = f"@{int(time.time() - hours_ago * HOUR)} +0000"
        environment = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": author, "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when,
        }  # fmt: skip
        return subprocess.run(["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str, files: dict[str, str], author: str = "Ada", hours_ago: float = 0) -> str:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, author=author, hours_ago=hours_ago)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "clone")
    owners = "*  @everybody\n/shop/  @org/payments\n"
    clone.commit("Begin", {"main.py": MAIN, "shop/__init__.py": "", "shop/gateway.py": GATEWAY, "CODEOWNERS": owners}, hours_ago=100)
    clone.git("remote", "add", "origin", "git@github.com:example/shop.git")
    return clone


def add(server: Server, clone: Clone, **more: object) -> requests.Response:
    body = {"name": "shop", "path": str(clone.folder), "services": ["source-*"], **more}
    return requests.post(f"{server.ui}/api/v1/repositories", json=body, timeout=30)


def run(server: Server, client: Client, clone: Clone, directory: Path, service: str, **environment: str) -> dict:
    """Runs the service once; its event."""
    app = App(client, str(clone.folder / "main.py"), service, server.agent, directory, (), **environment)
    try:
        assert app.process.wait(60) == 0, app.log_path.read_text()
        return server.wait_for_events(f"service:{service}", 1)[0]
    finally:
        app.stop()


@pytest.mark.parametrize("client", CLIENTS[:1], ids=lambda client: client.name)
def test_an_error_leads_to_the_commit_that_brought_it_and_to_its_owners(own_server: Server, client: Client, clone: Clone, tmp_path: Path) -> None:
    changed = GATEWAY.replace("amount > 100", "amount > 200").replace("no answer", "no answer at all")
    suspect = clone.commit("Charge more at once (#12)\n\nNobody asked for it.", {"shop/gateway.py": changed}, author="Grace <script>", hours_ago=3)
    clone.git("tag", "v7.8.9")
    later = clone.commit("Later", {"README.md": "x\n", "shop/gateway.py": "# moved\n" * 30 + changed}, hours_ago=1)
    assert add(own_server, clone).status_code == 201

    event = run(own_server, client, clone, tmp_path, "source-shop", DD_GIT_COMMIT_SHA="")
    # What ran is the newest commit, which the version's tag is not: lines that differ are not taken.
    source = own_server.get(f"/events/{event['id']}/source")
    assert source["commit"]["id"] == suspect and source["commit"]["is_exact"]
    assert [frame["state"] for frame in source["exceptions"][0]] == ["found", "unreadable"], source

    clone.git("tag", "--force", "v7.8.9", later)
    source = own_server.get(f"/events/{event['id']}/source")
    frames = source["exceptions"][0]
    assert [frame["state"] for frame in frames] == ["found", "found"]
    assert frames[-1]["path"] == "shop/gateway.py"
    line = event["exceptions"][0]["frames"][-1]["line_number"]
    assert frames[-1]["url"] == f"https://github.com/example/shop/blob/{later}/shop/gateway.py#L{line}"
    shown = frames[-1]["source"]
    assert shown["lines"][line - shown["first_line_number"]].strip().startswith("raise GatewayTimeout")
    assert len(shown["lines"]) == 7, "five before, and what follows to the end of the file"

    issue = own_server.get(f"/issues/{event['issue_id']}")
    assert issue["cause"] == "timeout" and "GatewayTimeout" in issue["cause_why"]
    assert [one["id"] for one in own_server.issues("cause:timeout")] == [issue["id"]]
    assert own_server.issues("cause:network") == []

    found = own_server.get(f"/issues/{event['issue_id']}/source")
    commits = found["suspect"]["commits"]
    assert commits[0]["id"] == suspect, commits
    assert commits[0]["why"] == f"Changed line {line} of shop/gateway.py, the line that raised, 3 hours before the first occurrence."
    assert commits[0]["pull_request"] == {"number": 12, "url": "https://github.com/example/shop/pull/12"}
    assert commits[0]["author"].startswith("Grace")
    assert found["ownership"]["owners"] == ["@org/payments"]
    assert found["ownership"]["rules"][0] | {"url": None} == {
        "pattern": "/shop/", "owners": ["@org/payments"], "file": "CODEOWNERS", "line_number": 2, "url": None, "section": None,
    }  # fmt: skip

    show = own_server.command("show", event["id"], "--server", own_server.ui).stdout
    assert f"from the repository at {later[:10]}" in show and f"> {line:>5}  " in show
    told = own_server.command("issue", event["issue_id"], "--server", own_server.ui).stdout
    assert f"suspect   {suspect[:10]}  Charge more at once (#12)" in told and "@org/payments" in told and "timeout" in told


@pytest.mark.parametrize("client", CLIENTS[:1], ids=lambda client: client.name)
def test_reasons_are_given_where_nothing_is_found(own_server: Server, client: Client, clone: Clone, tmp_path: Path) -> None:
    event = run(own_server, client, clone, tmp_path, "source-bare")
    source = own_server.get(f"/issues/{event['issue_id']}/source")
    assert source["suspect"]["state"] == source["ownership"]["state"] == "no_repository"
    assert own_server.get(f"/events/{event['id']}/source")["state"] == "no_repository"

    added = add(own_server, clone, services=["source-bare"], mappings=[{"prefix": str(tmp_path), "folder": "elsewhere"}]).json()
    source = own_server.get(f"/issues/{event['issue_id']}/source")
    assert source["suspect"]["state"] == "not_in_repository" and "elsewhere/clone/shop/gateway.py" in source["suspect"]["reason"]

    change = {key: added[key] for key in ("name", "path", "services", "references", "line_url", "commit_url", "version")}
    url = f"{own_server.ui}/api/v1/repositories/{added['id']}"
    assert requests.put(url, json=change, timeout=30).status_code == 200
    source = own_server.get(f"/issues/{event['issue_id']}/source")
    assert source["suspect"]["state"] == "found" and "cause may be elsewhere" not in source["suspect"]["reason"]
    assert source["suspect"]["commits"][0]["subject"] == "Begin"
    assert requests.put(url, json=change, timeout=30).json()["error"]["code"] == "conflict"

    (clone.folder / ".git").rename(clone.folder / "git")
    source = own_server.get(f"/issues/{event['issue_id']}/source")
    assert source["suspect"]["state"] == "unreadable" and "no git repository" in source["suspect"]["reason"]
    assert own_server.get("/repositories")["repositories"][0]["problem"]


def test_what_cannot_be_a_repository_is_refused_with_its_field(own_server: Server, clone: Clone) -> None:
    def error(**change: object) -> tuple[int, str, str | None]:
        answer = add(own_server, clone, **change)
        detail = answer.json()["error"]
        return answer.status_code, detail["code"], detail.get("field")

    assert error(path="/nonexistent") == (400, "settings_invalid", "path")
    assert error(path="relative") == (400, "settings_invalid", "path")
    assert error(path=str(clone.folder / "shop")) == (400, "settings_invalid", "path")
    assert error(name=" ") == (400, "settings_invalid", "name")
    assert error(services=[]) == (400, "settings_invalid", "services")
    assert error(mappings=[{"prefix": "/srv", "folder": "../x"}]) == (400, "settings_invalid", "mappings.0")
    assert error(references=["release"]) == (400, "settings_invalid", "references.0")
    assert error(line_url="javascript:alert(1)//{path}") == (400, "settings_invalid", "line_url")
    assert error(other=1) == (400, "body_invalid", None)
    assert add(own_server, clone).status_code == 201
    assert error() == (409, "name_taken", None)
    listed = own_server.command("repository", "list", "--server", own_server.ui).stdout
    assert listed.startswith("shop  ") and "Begin (Ada)" in listed
    own_server.command("repository", "change", "shop", "--rename", "store", "--map", "/srv/=shop", "--server", own_server.ui)
    assert own_server.get("/repositories")["repositories"][0]["mappings"] == [{"prefix": "/srv/", "folder": "shop"}]
    own_server.command("repository", "remove", "store", "--server", own_server.ui)
    assert own_server.get("/repositories")["repositories"] == []
    actions = [entry["action"] for entry in own_server.get("/audit")["entries"]]
    assert actions == ["repository.deleted", "repository.changed", "repository.added"]


def test_clones_lie_where_the_configuration_allows(tmp_path: Path, clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    monkeypatch.setenv("REENACT_SOURCE_ROOTS", str(allowed))
    server = Server(tmp_path).start()
    try:
        outside, missing = (add(server, clone, path=path).json()["error"]["message"] for path in (str(clone.folder), "/nonexistent"))
        assert outside == missing and "source.roots" in outside
        (allowed / "link").symlink_to(clone.folder)
        assert add(server, clone, path=str(allowed / "link")).status_code == 400, "links are followed first"
        clone.folder.rename(allowed / "clone")
        assert add(server, clone, path=str(allowed / "clone")).status_code == 201
    finally:
        server.kill()


def raised(server: Server, service: str, path: str) -> None:
    """One event whose own frame lies in this file."""
    span = error_span(service, f"from {path}")
    span["meta"]["error.stack"] = span["meta"]["error.stack"].replace(f"/srv/{service}/billing.py", path)
    assert post_traces(server.agent, traces_body(span)).ok


def test_issues_are_found_by_their_owners(own_server: Server, clone: Clone) -> None:
    server = own_server
    files = {"lib/tools.py": "", "free/gift.py": "", "CODEOWNERS": "*  @everybody\n/shop/  @org/payments Ada@example.org\n/free/\n"}
    clone.commit("Owners", files, hours_ago=3)
    for path in ("/app/shop/gateway.py", "/app/lib/tools.py", "/app/free/gift.py", "/app/nowhere/lost.py"):
        raised(server, "source-owned", path)
    raised(server, "bare", "/app/shop/gateway.py")

    def found(query: str) -> list[str]:
        culprits = [issue["culprit"]["file"] for issue in server.issues(query)]
        return sorted(path.removeprefix("/app/") for path in culprits)

    assert found("owner:*") == [] and len(found("owner:unknown")) == 5, "no repository is set up"
    assert server.get("/facets/owner/values")["values"] == [{"value": "unknown", "issues": 5, "events": 5}]
    assert add(server, clone).status_code == 201
    wait_until("owners are found", lambda: found("owner:*") == ["lib/tools.py", "shop/gateway.py"])
    assert found("owner:@org/payments") == found("owner:@ORG/*") == found("owner:ada@example.org") == ["shop/gateway.py"]
    assert found('owner:(@everybody OR "@org/payments") service:source-owned') == ["lib/tools.py", "shop/gateway.py"]
    assert found("owner:none") == ["free/gift.py"], "a rule takes ownership away"
    assert found("owner:unknown") == ["nowhere/lost.py", "shop/gateway.py"], "a file that is not there, a service without a repository"
    assert found("-owner:* service:source-owned") == ["free/gift.py", "nowhere/lost.py"]
    values = server.get("/facets/owner/values", query="service:source-owned")["values"]
    assert {value["value"]: value["issues"] for value in values} == {
        "@everybody": 1, "@org/payments": 1, "Ada@example.org": 1, "none": 1, "unknown": 1,
    }  # fmt: skip
    assert [value["value"] for value in server.get("/facets/owner/values", prefix="@org")["values"]] == ["@org/payments"]
    # New issues are looked up at once, new rules a moment after they are fetched.
    raised(server, "source-owned", "/app/main.py")
    assert found("owner:@everybody") == ["lib/tools.py", "main.py"]
    clone.commit("Other owners", {"CODEOWNERS": "*.py  @org/python\n", "nowhere/lost.py": ""}, hours_ago=1)
    wait_until("the new rules are read", lambda: len(found("owner:@org/python")) == 5)
    assert found("owner:@everybody") == [] and found("owner:unknown") == ["shop/gateway.py"]
    listed = server.command("issues", "--query", "owner:@org/python service:source-owned", "--server", server.ui).stdout
    assert "lib/tools.py" in listed and "main.py" in listed
    keys = {key["key"]: key["values"] for key in server.get("/query/keys")["keys"]}
    assert keys["owner"] == ["none", "unknown"]
    refused = requests.get(f"{server.ui}/api/v1/issues", params={"query": "owner:>5"}, timeout=30)
    assert refused.status_code == 400 and refused.json()["error"]["code"] == "query_invalid"


def test_a_test_of_an_exception_knows_the_source_of_the_commit_that_ran(own_server: Server, clone: Clone) -> None:
    head = "class Ledger:\n    @staticmethod\n    def settle(rows, entry):\n        rows.pop()\n"
    text = head + "        pass\n" * (40 - head.count("\n")) + "        post(entry)\n"
    commit = clone.commit("Settle", {"billing.py": text}, hours_ago=2)
    clone.commit("Later", {"billing.py": "# moved\n" + text}, hours_ago=1)
    assert add(own_server, clone).status_code == 201
    made, events = {}, {}
    for service, named in (("source-exact", {"git.commit.sha": commit}), ("source-guessed", {})):
        span = captured_span(service, "no entry", service)
        span["meta"] |= named
        rows = {"type": "list", "elements": [], "size": 0}
        assert post_snapshots(own_server.agent, json.dumps([snapshot(service, service, rows=rows, entry={"type": "int", "value": "5"})])).ok
        assert post_traces(own_server.agent, traces_body(span)).ok
        [events[service]] = own_server.wait_for_events(f"service:{service}", 1)
        made[service] = own_server.get(f"/events/{events[service]['id']}/reproduction", mode="call")
    exact, guessed = made["source-exact"], made["source-guessed"]
    assert exact["frame"]["function"] == "Ledger.settle" and "raised(Ledger.settle, rows=rows, entry=entry)" in exact["text"]
    assert exact["fidelity"][0] == {"kind": "argument", "name": "rows", "state": "changed", "why": "`rows` is changed on line 4, before the raise"}
    # A commit that nobody names may be another one.
    assert guessed["frame"]["function"] == "settle" and guessed["fidelity"][0]["state"] == "exact"
    # What the caller has counts before what the repository has.
    own = {"file": exact["frame"]["file"], "text": text.replace("rows.pop()", "pass")}
    url = f"{own_server.ui}/api/v1/events/{events['source-exact']['id']}/reproduction"
    told = requests.post(url, json={"sources": [own], "mode": "call"}, timeout=30).json()
    assert told["frame"]["function"] == "Ledger.settle" and told["fidelity"][0]["state"] == "exact", told
