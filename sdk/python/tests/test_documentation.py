"""The documentation names every setting and every hook as they are."""

from __future__ import annotations

from pathlib import Path

from reenact.hooks import hook_names
from reenact.settings import SETTINGS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "python.md").read_text()


def test_each_setting_is_documented_with_its_variables_and_its_default() -> None:
    rows = {row.split("`")[1]: row for row in PAGE.splitlines() if row.startswith("| `")}
    for setting in SETTINGS:
        cells = [cell.strip() for cell in rows[setting.name].strip("|").split(" | ")]
        assert cells[1] == " ".join(f"`{variable}`" for variable in setting.variables)
        assert cells[2].replace(",", "") == shown(setting.default)
        assert cells[3] == setting.meaning


def test_each_hook_is_documented() -> None:
    for name in hook_names():
        assert f"| `{name}` | " in PAGE


def shown(default: object) -> str:
    if default is None or default == [] or default == {}:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
