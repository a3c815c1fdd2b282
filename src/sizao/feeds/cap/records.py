"""What a CAP document says, as values. Field order is the order of the elements.

Texts that are not there are empty, times, numbers and whole elements ``None`` or ``()``.
Times are aware. Places are WGS-84 degrees, latitude first, as CAP writes them.

Source: OASIS CAP 1.2, clause 3.2 (alert 3.2.1, info 3.2.2, resource 3.2.3, area 3.2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
RESPONSE_TYPES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")


class Pair(NamedTuple):
    """``valueName`` and ``value`` of an eventCode, parameter or geocode."""

    name: str
    value: str


class Circle(NamedTuple):
    """A centre and a radius in kilometres."""

    lat: float
    lon: float
    radius_km: float


class Reference(NamedTuple):
    """An earlier document that this one is about.

    GB/T 35965.1 gives the identifier alone: the sender is empty and the time ``None`` then.
    """

    sender: str
    identifier: str
    sent: datetime | None


Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """Where. Several shapes mean all of them together."""

    description: str
    polygons: tuple[tuple[Point, ...], ...] = ()
    """Closed rings of (lat, lon): at least four points, the last as the first."""
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None


@dataclass(frozen=True)
class Resource:
    """A file that goes with the warning."""

    description: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Info:
    """The warning itself, in one language and for one event."""

    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = ""
    """RFC 3066; the standard reads an empty one as ``en-US``."""
    response_types: tuple[str, ...] = ()
    audience: str = ""
    event_codes: tuple[Pair, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True)
class Alert:
    """One document."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()
