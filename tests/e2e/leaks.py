"""Looks for secrets everywhere a server could have put them."""

from __future__ import annotations

import json
import sys

import requests

from server import Server

CONTEXT_CHARACTERS = 60


def places_with(secrets: dict[str, str], texts: dict[str, str | bytes]) -> list[str]:
    """One line per secret and place: which secret, where, and what stands around it."""
    found = []
    for place, text in texts.items():
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        for name, secret in secrets.items():
            at = raw.find(secret.encode())
            if at >= 0:
                around = raw[max(0, at - CONTEXT_CHARACTERS) : at + len(secret) + CONTEXT_CHARACTERS]
                found.append(f"{name} in {place}: …{around.decode('utf-8', 'replace')}…")
    return found


def api_texts(server: Server) -> dict[str, str]:
    """Every answer of the API that could show a value."""
    texts = {
        path: json.dumps(server.get(path), ensure_ascii=False) for path in ("/status", "/issues", "/facets", "/histogram", "/versions", "/outcomes")
    }
    texts["metrics"] = requests.get(f"{server.ui}/metrics", timeout=30).text
    for issue in server.issues():
        texts[f"issue {issue['id']}"] = json.dumps(server.get(f"/issues/{issue['id']}"), ensure_ascii=False)
    for event in server.events():
        texts[f"event {event['id']} ({event['service']}, {event['resource']})"] = json.dumps(event, ensure_ascii=False)
    return texts


def stored_texts(server: Server) -> dict[str, str | bytes]:
    """Every file as it lies on the disk, everything decoded, and what the server wrote to its log."""
    texts: dict[str, str | bytes] = {str(path): path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file()}
    texts["dump"] = server.dump()
    texts["log"] = server.stderr()
    return texts


def check_no_leak(server: Server, secrets: dict[str, str], visible: str) -> None:
    """Stops the server. `visible` is a text that must be found, so that an empty search does not pass."""
    answers = api_texts(server)
    server.stop()
    stored = stored_texts(server)
    assert visible in stored["dump"], f"`reenact dump` does not show {visible!r}: the search would prove nothing"
    assert any(visible in text for text in answers.values()), f"no answer shows {visible!r}: the search would prove nothing"
    found = places_with(secrets, {**answers, **stored})
    if found:
        print("\n".join(found), file=sys.stderr)
    names = sorted({line.split(" in ")[0] for line in found})
    assert not found, f"{len(names)} secrets leaked: {names}; first: {found[0]}"
