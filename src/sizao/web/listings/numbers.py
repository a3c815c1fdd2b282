"""Document numbers: a series an office and year, without gaps, two people at once or not.

The row of the series is locked until the transaction that issues the document ends: a document
that is not issued takes no number with it.
"""

from __future__ import annotations

from datetime import date

from sizao.web.listings.documents.official import document_number
from sizao.web.listings.models import Office, Series
from sizao.web.units.models import Unit


def office_of(unit: Unit) -> Office:
    """In whose name a unit issues; its own until somebody enters another in the admin."""
    office, _ = Office.objects.get_or_create(
        unit=unit, defaults={"name": unit.name_zh[:40], "prefix": "交隐督"}
    )
    return office


def take_number(office: Office, day: date) -> str:
    """The next number, within the caller's transaction."""
    Series.objects.get_or_create(office=office, year=day.year)
    series = Series.objects.select_for_update().get(office=office, year=day.year)
    series.last += 1
    series.save(update_fields=["last"])
    return document_number(office.prefix, day.year, series.last)
