"""Every setting of the web process, in one typed list: name, unit, default, one sentence.

Read from the environment. ``docs/reference/settings.md`` is checked against this list.

>>> config.port.default
8000
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sizao.core.errors import ConfigError


@dataclass(frozen=True)
class Setting:
    """One setting. ``kind`` is str, int, float, bool, Path or list (comma separated)."""

    name: str
    kind: type
    unit: str
    default: Any
    sentence: str

    def read(self, env: Mapping[str, str] | None = None) -> Any:
        """Its value. Raises ConfigError if the text is not of the kind."""
        text = (os.environ if env is None else env).get(self.name, "").strip()
        if not text:
            return self.default
        try:
            if self.kind is bool:
                return {"1": True, "true": True, "yes": True, "0": False, "false": False,
                        "no": False}[text.lower()]  # fmt: skip
            if self.kind is list:
                return [part.strip() for part in text.split(",") if part.strip()]
            return self.kind(text)
        except (KeyError, ValueError):
            raise ConfigError(f"{self.name}={text!r} is not a {self.kind.__name__}") from None


class config:
    """The list. An attribute each, so that a misspelt name fails at once."""

    data = Setting(
        "SIZAO_DATA",
        Path,
        "",
        Path("demo-data"),
        "Data folder of the installation; see log/datadir.py for what it holds.",
    )
    secret = Setting(
        "SIZAO_SECRET",
        str,
        "",
        "",
        "Signing key of sessions and CSRF; without it a random one is kept in the "
        "data folder, readable by its owner only.",
    )
    demo = Setting(
        "SIZAO_DEMO",
        bool,
        "",
        False,
        "Demo mode: made-up accounts whose passwords the sign-in page shows.",
    )
    hosts = Setting(
        "SIZAO_ALLOWED_HOSTS",
        list,
        "",
        ["localhost", "127.0.0.1", "[::1]"],
        "Host names under which the site answers.",
    )
    database_url = Setting(
        "SIZAO_DATABASE_URL",
        str,
        "",
        "",
        "postgresql://user:password@host:port/name; empty uses SQLite in the data folder.",
    )
    https = Setting(
        "SIZAO_HTTPS",
        bool,
        "",
        False,
        "The site is reached over HTTPS: secure cookies, redirect and HSTS.",
    )
    session_hours = Setting(
        "SIZAO_SESSION_HOURS", int, "h", 12, "A sign-in lasts this long: one shift."
    )
    token_days = Setting(
        "SIZAO_TOKEN_DAYS", int, "day", 90, "An API token expires after this time."
    )
    login_tries = Setting(
        "SIZAO_LOGIN_TRIES",
        int,
        "count",
        8,
        "Failed sign-ins of one account from one address before a pause.",
    )
    login_pause_min = Setting("SIZAO_LOGIN_PAUSE_MIN", int, "min", 15, "Length of that pause.")
    streams_per_user = Setting(
        "SIZAO_STREAMS_PER_USER",
        int,
        "count",
        12,
        "Live streams one account may hold open at once.",
    )
    text_expiry_min = Setting(
        "SIZAO_TEXT_EXPIRY_MIN",
        int,
        "min",
        5,
        "A text to a terminal is not sent any more after this time.",
    )
    offline_min = Setting(
        "SIZAO_OFFLINE_MIN",
        int,
        "min",
        5,
        "A vehicle that reported nothing for this long is shown as offline.",
    )
    heartbeat_s = Setting(
        "SIZAO_HEARTBEAT_S",
        int,
        "s",
        10,
        "A part whose heartbeat is older than this makes /healthz answer 503.",
    )
    cap_sender = Setting(
        "SIZAO_CAP_SENDER",
        str,
        "",
        "cap@sizao.invalid",
        "Who our CAP documents say they come from: an address under a domain of yours, without "
        "spaces or commas, unique in the world.",
    )
    report_form = Setting(
        "SIZAO_REPORT_FORM",
        bool,
        "",
        True,
        "Anybody may report from the page /report without an account.",
    )
    reports_per_hour = Setting(
        "SIZAO_REPORTS_PER_HOUR",
        int,
        "count",
        20,
        "Reports taken in an hour from one address by the page /report.",
    )
    reports_per_hour_key = Setting(
        "SIZAO_REPORTS_PER_HOUR_KEY",
        int,
        "count",
        600,
        "Reports taken in an hour by Open311 with one key.",
    )
    report_contact_days = Setting(
        "SIZAO_REPORT_CONTACT_DAYS",
        int,
        "day",
        30,
        "A reporter's name, phone and mail address are deleted after this time.",
    )
    jurisdiction = Setting(
        "SIZAO_JURISDICTION",
        str,
        "",
        "",
        "jurisdiction_id of the Open311 server; empty takes any.",
    )
    province = Setting(
        "SIZAO_PROVINCE",
        str,
        "",
        "",
        "Two digits of GB/T 2260 (32 Jiangsu, 64 Ningxia): whose table grades the state of roads; "
        "empty or a province without one takes the national table.",
    )
    port = Setting("SIZAO_PORT", int, "", 8000, "TCP port of the web process.")


def settings_list() -> list[Setting]:
    """All settings in the order above."""
    return [item for item in vars(config).values() if isinstance(item, Setting)]


def secret_key(data: Path) -> str:
    """The signing key: from the environment, else from ``secret`` in the data folder.

    The file is made on first use with mode 600. While the folder itself does not exist (a check
    of the settings, a test) the key lives as long as the process. Raises ConfigError if the file
    cannot be read.
    """
    given: str = config.secret.read()
    if given:
        return given
    path = data / "secret"
    if not data.is_dir():
        return secrets.token_urlsafe(50)
    try:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return path.read_text(encoding="utf-8").strip()
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            key = secrets.token_urlsafe(50)
            file.write(key)
        return key
    except OSError as error:
        raise ConfigError(f"cannot keep the signing key in {path}: {error}") from error
