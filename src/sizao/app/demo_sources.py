"""The registry of sources of a demonstration: every way into the schematic city.

Written once; what somebody changed in the file afterwards stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sizao.core import durable
from sizao.log.datadir import DataDir
from sizao.log.roadside import PLACE

if TYPE_CHECKING:
    from sizao.sim.city import City

_HEAD = """\
# Who sends what, how often, how complete. docs/reference/sources.md explains each field;
# `sizao sources check` says what is wrong. Read again within a second of a change.
# This is the schematic city of the demonstration: parties and stations are made up.
"""

_POLICE = {"party": "市交警支队科技科（虚构）", "role": "平台值班员", "contact": "内线 2101"}
_ROADS = {"party": "市公路治超办（虚构）", "role": "站点值班室", "contact": "内线 2210"}
_WEATHER = {"party": "市气象台（虚构）", "role": "预警发布岗", "contact": "内线 2305"}
_PROVINCE = {"party": "省级平台（虚构）", "role": "平台值班员", "contact": "内线 2108"}
_PUBLIC = {"party": "市交警支队指挥中心（虚构）", "role": "接处警席", "contact": "内线 2122"}


def write_sources(city: City, data: DataDir) -> None:
    """Make ``sources.yaml`` if the folder has none."""
    if data.sources.exists():
        return
    text = yaml.safe_dump(
        {"sources": demo_sources(city)}, allow_unicode=True, sort_keys=False, width=100
    )
    durable.replace(data.sources, (_HEAD + text).encode())


def write_roadside(city: City, data: DataDir) -> None:
    """Make ``roadside.yaml``, where the city's devices stand, if the folder has none."""
    if data.roadside.exists():
        return
    from sizao.sim.sections import sections

    places = {
        site["code"]: {name: site[name] for name in PLACE if site.get(name) is not None}
        for site in (*city.checkpoints, *city.weigh_stations)
    }
    for code, begun in sections().items():
        places[code]["sections"] = begun
    text = yaml.safe_dump(places, allow_unicode=True, sort_keys=False, width=100)
    durable.replace(data.roadside, text.encode())


def demo_sources(city: City) -> list[dict[str, Any]]:
    """Entries as ``sources.yaml`` has them."""
    return [
        {
            "id": "jt808",
            "name_zh": "车载终端直连",
            "name_en": "Terminals connected directly",
            "owner": _POLICE,
            "contract": [
                {
                    "topic": "positions",
                    # As most simulated terminals are set; parked ones report more rarely.
                    "interval_s": 15,
                    "per": "vehicle",
                    "complete": 0.95,
                    "max_delay_s": 60,
                    "silence_s": 300,
                },
                {"topic": "driver_cards"},
            ],
        },
        *(
            {
                "id": f"gat1400:{site['code']}",
                "name_zh": site["name"],
                "name_en": f"Checkpoint {site['code']}",
                "owner": _POLICE,
                "contract": [{"topic": "passages", "max_delay_s": 60, "silence_s": 7200}],
                "quota": {"records_per_hour": 20_000, "bytes_per_hour": 20_000_000_000},
            }
            for site in city.checkpoints
        ),
        *(
            {
                "id": f"weigh:{site['code']}",
                "name_zh": site["name"],
                "name_en": f"Weigh station {site['code']}",
                "owner": _ROADS,
                "contract": [{"topic": "weighings", "max_delay_s": 300, "silence_s": 14_400}],
                "quota": {"records_per_hour": 5_000, "bytes_per_hour": 10_000_000_000},
            }
            for site in city.weigh_stations
        ),
        *(
            {
                "id": f"check:{site['code']}",
                "name_zh": f"{site['name']}执勤点",
                "name_en": f"Roadside checks at {site['code']}",
                "owner": _POLICE,
                # Irregular: there is a check when somebody checks.
                "contract": [{"topic": "roadside_checks"}],
                "quota": {"records_per_hour": 2_000, "bytes_per_hour": 10_000_000},
            }
            for site in city.checkpoints
            if site.get("check_station")
        ),
        {
            "id": "jt809:province",
            "name_zh": "省级平台链路",
            "name_en": "Link to the provincial platform",
            "owner": _PROVINCE,
            # Irregular: duty checks and supervision orders come when they come.
            "contract": [{"topic": "platform_messages"}],
        },
        {
            "id": "weather:city",
            "name_zh": "市气象台",
            "name_en": "City weather service",
            "owner": _WEATHER,
            "contract": [
                {"topic": "weather_notices"},
                {
                    "topic": "weather_readings",
                    # Nine stations, a reading each five minutes.
                    "per_hour": 108,
                    "complete": 0.95,
                    "max_delay_s": 900,
                    "silence_s": 3600,
                },
            ],
            "quota": {"records_per_hour": 5_000, "bytes_per_hour": 100_000_000},
        },
        {
            "id": "reports",
            "name_zh": "群众网页上报",
            "name_en": "Reports by the page for everybody",
            "owner": _PUBLIC,
            "contract": [{"topic": "reports"}],
        },
        {
            "id": "reports:demo",
            "name_zh": "群众应用上报",
            "name_en": "Reports by an app",
            "owner": _PUBLIC,
            "contract": [{"topic": "reports"}],
            "quota": {"records_per_hour": 600, "bytes_per_hour": 2_000_000_000},
        },
        *(
            {
                "id": source,
                "name_zh": name_zh,
                "name_en": name_en,
                "owner": owner,
                "contract": [{"topic": "reports"}],
            }
            for source, name_zh, name_en, owner in (
                ("reports:road_staff-demo", "路政巡查员上报", "Reports from road staff", _ROADS),
                ("reports:persuader-demo", "劝导站上报", "Reports from persuaders", _PUBLIC),
            )
        ),
    ]
