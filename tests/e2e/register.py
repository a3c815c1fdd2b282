"""A vehicle comes into the register as a clerk brings it there: by a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import expect

from tests.feeds.tables import files

from .conftest import Demo, Desk, wait_until


def register(
    demo: Demo, desk: Desk, folder: Path, header: Sequence[str], row: Sequence[str]
) -> None:
    """Import one vehicle through the pages, and wait until detection goes by it too: what its
    terminal said before would be judged as of a vehicle of an unknown kind."""
    log = demo.data / "logs" / "pipeline.log"
    before = log.read_text(encoding="utf-8").count("register.parquet:")
    file = folder / "vehicles.csv"
    file.write_bytes(files.csv_bytes(header, [tuple(row)], "utf-8"))
    page = desk.page
    desk.open("/imports/")
    page.select_option("[name=kind]", "vehicle")
    page.fill("[name=source]", "运管登记")
    page.set_input_files("[name=file]", file)
    page.click(".sz-import-new button[type=submit]")
    expect(page.locator("[data-state=mapping]")).to_be_attached()
    page.click("[name=action][value=check]")
    expect(page.locator("[data-state=checked]")).to_be_attached()
    page.click("[name=action][value=confirm]")
    expect(page.locator("[data-state=done]")).to_be_attached()
    wait_until(
        lambda: log.read_text(encoding="utf-8").count("register.parquet:") > before,
        30,
        "the pipeline to read the register",
    )
