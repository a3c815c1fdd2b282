"""What the database knows, for a check: keys, plates, enterprises, moments of other sources."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping
from sizao.roads.network import Network
from sizao.web.clock import feed_now
from sizao.web.fleet.models import Enterprise, Vehicle
from sizao.web.imports.models import Crash


def known_for(mapping: TableMapping, source: str, network: Network | None) -> Known:
    """Facts for checking one source's table."""
    now, zone = feed_now(), ZoneInfo(mapping.zone)
    if mapping.kind == "crash":
        mine = Crash.objects.filter(source=source).order_by()
        return Known(
            now,
            zone,
            keys=set(mine.values_list("number", flat=True)),
            moments=_moments(source),
            network=network,
        )
    enterprises = dict(Enterprise.objects.order_by().values_list("pk", "name"))
    if mapping.kind == "enterprise":
        return Known(now, zone, keys=set(enterprises), enterprises=enterprises)
    pairs = list(Vehicle.objects.order_by().values_list("pk", "plate"))
    plates = {_bare(plate): key for key, plate in pairs if plate}
    return Known(now, zone, keys={key for key, _ in pairs}, plates=plates, enterprises=enterprises)


def _bare(plate: str) -> str:
    """A plate as imports have it; earlier registers kept the dot."""
    return plate.replace("·", "")


def _moments(source: str) -> dict[int, list[tuple[float, float, str]]]:
    found: dict[int, list[tuple[float, float, str]]] = {}
    others = Crash.objects.exclude(source=source).filter(hour_known=True, lat__isnull=False)
    columns = ("time", "lat", "lon", "source", "number")
    for at, lat, lon, name, number in others.order_by().values_list(*columns).iterator():
        found.setdefault(int(at.timestamp() // 60), []).append((lat, lon, f"{name}/{number}"))
    return found
