"""Settings: typed, documented, and the signing key kept to its owner."""

from __future__ import annotations

import re
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from sizao.core.errors import ConfigError
from sizao.web.config import Setting, config, secret_key, settings_list

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_is_in_the_reference_with_its_default():
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(SIZAO_\w+)` \|(.*)\|$", page, re.MULTILINE))
    assert set(rows) == {setting.name for setting in settings_list()}
    for setting in settings_list():
        cells = [cell.strip() for cell in rows[setting.name].split("|")]
        assert cells[0] == setting.kind.__name__, setting.name
        assert cells[1] == (setting.unit or "–"), setting.name
        assert cells[3] == setting.sentence, setting.name


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(int, "7", 7), (bool, "yes", True), (bool, "0", False), (list, "a, b,", ["a", "b"]),
     (str, "", "default")],
)  # fmt: skip
def test_values_are_read_by_kind(kind: type, text: str, value: object):
    setting = Setting("X", kind, "", "default", "")
    assert setting.read({"X": text}) == value


@pytest.mark.parametrize(("kind", "text"), [(int, "seven"), (bool, "perhaps")])
def test_a_wrong_value_is_named(kind: type, text: str):
    with pytest.raises(ConfigError, match=f"X='{text}'"):
        Setting("X", kind, "", None, "").read({"X": text})


def test_the_signing_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    first = secret_key(tmp_path)
    assert secret_key(tmp_path) == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_looking_at_the_settings_makes_no_folder(tmp_path: Path):
    secret_key(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_environment_overrides_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(config.secret.name, "given")
    assert secret_key(tmp_path) == "given"


@pytest.mark.django_db
def test_every_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.parametrize(
    ("url", "ok"),
    [("postgresql://u:p%40ss@db:5432/sizao", True), ("mysql://x/y", False), ("nonsense", False)],
)
def test_a_database_url(url: str, ok: bool, monkeypatch: pytest.MonkeyPatch):
    from sizao.web import settings

    monkeypatch.setenv(config.database_url.name, url)
    if not ok:
        with pytest.raises(ConfigError, match="SIZAO_DATABASE_URL"):
            settings._database()
        return
    made = settings._database()
    assert (made["NAME"], made["PASSWORD"], made["HOST"]) == ("sizao", "p@ss", "db")
