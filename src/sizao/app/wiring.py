"""The only place where the web meets the runtime: ports built from a data folder."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir

if TYPE_CHECKING:
    from sizao.web.ports import Ports

logger = logging.getLogger(__name__)


def setup_django(data: DataDir, *, demo: bool | None = None) -> None:
    """Set Django up on a data folder, which is made if it does not exist.

    ``demo`` sets demo mode; None leaves the environment's word. Call once, before anything
    imports a model.
    """
    data.create()
    os.environ["SIZAO_DATA"] = str(data.root)
    if demo is not None:
        os.environ["SIZAO_DEMO"] = "1" if demo else "0"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sizao.web.settings")
    import django

    django.setup()


def build_ports(data: DataDir) -> Ports:
    """Readers of what the other parts write, and the one writer of orders.

    Raises LogError if another process writes the command log: only one web process may run on a
    folder.
    """
    from sizao.roads.network import Network
    from sizao.roads.routing import Router
    from sizao.runtime.archive.held import young
    from sizao.runtime.archive.questions import ArchiveQuestions
    from sizao.runtime.archive.tracks import Tracks
    from sizao.runtime.embedded.log import SqliteLog
    from sizao.runtime.embedded.quarantine import LogQuarantine
    from sizao.runtime.embedded.tally_reader import LogTallies
    from sizao.runtime.platforms.config import load as load_links
    from sizao.runtime.platforms.rereading import link_readers
    from sizao.runtime.tracks import TrackReader
    from sizao.web.ports import Ports

    try:
        links = load_links(data.links, data.secrets)
        readers = link_readers(links, data.register)
    except ConfigError as error:
        # The gateway refuses to start with it and says so; the pages must work meanwhile.
        logger.error("platform links are not shown: %s", error)
        links, readers = [], {}
    network = Network.load(data.network) if data.network.exists() else None
    feeds = SqliteLog(data.feeds_log)
    intake = SqliteLog(data.intake_log)
    commands = SqliteLog(data.commands_log, writer=True)
    log_of_tracks = SqliteLog(data.feeds_log)
    archive = ArchiveQuestions(data.archive, lambda found: list(young(log_of_tracks, found)))
    return Ports(
        data=data,
        clock=load_clock(data.clock),
        detections=SqliteLog(data.detect_log),
        results=feeds,
        commands=commands,
        tracks=Tracks(TrackReader(log_of_tracks), archive),
        presence=archive,
        network=network,
        routing=Router(network) if network is not None else None,
        tallies=[LogTallies(log) for log in (feeds, intake, commands)],
        quarantines={"feeds": LogQuarantine(feeds), "intake": LogQuarantine(intake)},
        evidence={"feeds": feeds, "intake": intake, "commands": commands},
        platform_links={one.params.name: one.role for one in links},
        link_readers=readers,
    )


def wire(data: DataDir) -> Ports:
    """Build the ports and give them to the web."""
    from sizao.web.ports import install

    ports = build_ports(data)
    install(ports)
    return ports
