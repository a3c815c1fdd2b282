"""The form of an entry: what was typed, as an entry, and an entry as what is typed."""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict

from sizao.core.errors import TransitionError

FIELDS = ("kind", "name", "rule", "numbers", "dates", "from", "until", "lat", "lon", "radius_m",
          "ratio", "basis")  # fmt: skip


def echoed(post: QueryDict) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: post.get(name, "").strip() for name in FIELDS}


def entry_of(given: dict[str, str]) -> dict[str, Any]:
    """The entry that was typed; what was left empty is left out.

    Raises TransitionError for what is no number. Everything else is checked by the calendar.
    """
    entry: dict[str, Any] = {"kind": given["kind"]}
    for name in ("name", "from", "until", "basis"):
        if given[name]:
            entry[name] = given[name]
    if given["rule"]:
        digits = re.findall(r"\d+", given["numbers"])
        entry["rule"] = {given["rule"]: sorted({int(one) for one in digits})}
    else:
        entry["dates"] = re.split(r"[\s,，、;；]+", given["dates"]) if given["dates"] else []
    for name in ("lat", "lon", "radius_m", "ratio"):
        if given[name]:
            try:
                entry[name] = float(given[name])
            except ValueError:
                raise TransitionError(
                    f"“{given[name]}”不是数", f"{given[name]} is no number"
                ) from None
    return entry


def fields_of(entry: dict[str, Any]) -> dict[str, str]:
    """An entry as the form shows it."""
    found = {name: str(entry.get(name, "")) for name in FIELDS}
    found["dates"] = "\n".join(map(str, entry.get("dates", ())))
    if "rule" in entry:
        ((found["rule"], numbers),) = entry["rule"].items()
        found["numbers"] = " ".join(map(str, numbers))
    return found
