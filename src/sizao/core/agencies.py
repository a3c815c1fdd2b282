"""Partner agencies (联动单位): who else is told and asked when the roads are in trouble.

The city's own duty office is one of them: it is told, it commands no patrols. Codes go into routing
tables, response plans and accounts; names into pages.

Source: 《道路交通安全法实施条例》 and local joint-response plans name transport, highway operators,
weather, emergency management, health, fire and rescue; schools answer to education. The list of a
city's own agreement may be longer; the codes are the project's.
"""

from __future__ import annotations

from collections.abc import Mapping

CITY = "city"

AGENCIES: Mapping[str, tuple[str, str]] = {
    CITY: ("市级值班", "City duty office"),
    "transport": ("交通运输", "Transport"),
    "highway": ("高速公路经营管理", "Highway operator"),
    "weather": ("气象", "Weather service"),
    "emergency": ("应急管理", "Emergency management"),
    "health": ("卫生健康", "Health"),
    "fire": ("消防救援", "Fire and rescue"),
    "education": ("教育", "Education"),
}
"""Agency to Chinese and English name."""
