"""The ``sizao`` command. Commands load when called, so that ``sizao decode`` starts at once."""

from __future__ import annotations

import importlib
import sys

import click

from sizao import __version__
from sizao.core.errors import SizaoError
from sizao.core.kernel_cache import use_kernel_cache
from sizao.core.tied import watch_parent

COMMANDS: dict[str, str] = {
    "demo": "Everything on one machine: database, simulated city over real TCP, web.",
    "serve": "The web process: pages, API, warning desk.",
    "gateway": "Listen for terminals and write what they report to the log.",
    "intake": "Take records of checkpoints, weigh and weather stations over HTTP.",
    "pipeline": "Read the log, match roads, run the rules, write detections.",
    "archive": "Keep positions for half a year, check what is kept.",
    "sim": "Run the simulated city against a gateway.",
    "detect": "Run the rules over recorded positions in a Parquet file.",
    "score": "Score detections against the simulated city's ground truth.",
    "terminal": "Be one terminal: sign in, report, answer, send evidence.",
    "replay": "Play recorded frames into a running gateway.",
    "link": "Check platform links (JT/T 809), or play the other platform.",
    "decode": "Decode hex frames to JSON, a line each.",
    "sources": "Register sources of data, check the registry, make keys.",
    "quarantine": "Look at what could not be used; decode it again; replay it.",
    "roads": "Import and inspect road networks.",
    "cap": "Look into CAP warnings and hand files to the intake.",
    "crashes": "Import crash records.",
    "register": "Import the registers of vehicles and enterprises.",
    "assess": "Assess the installation's roads by its crash register.",
    "screen": "Rank road edges by the crashes to be expected on them.",
    "exposure": "The fleet's own flow and behaviour by road and hour of the day.",
    "forecast": "Expected crashes of every road edge in every hour of the week.",
    "backtest": "Judge the ranking of road edges by a later year.",
    "enterprises": "How enterprises keep their duties, small fleets not by their raw rate.",
    "effects": "Judge a treatment of sites, before against after.",
    "patrol": "Plan patrols and checks for some days, drawn so that nobody can learn them.",
    "junction": "Judge a junction's signal plan, find a better one, try both in SUMO.",
    "audit": "Check that nobody changed the audit log or a case's timeline.",
    "token": "Print an API token for an account.",
    "bench": "Run a benchmark and print its figures as JSON.",
    "doctor": "Check the installation and say what to mend.",
}
"""Name and help of every command; ``commands/NAME.py`` has a click object called ``command``."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"sizao.app.commands.{name}")
        loaded: click.Command = module.command
        loaded.short_help = COMMANDS[name]
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Lazy)
@click.version_option(__version__, prog_name="sizao")
def cli() -> None:
    """Sizao (四早): discover early, warn early, control early, resolve early."""


def main() -> None:
    """Run the command line; an error of ours is one clear line, not a traceback."""
    watch_parent()
    use_kernel_cache()
    try:
        cli(standalone_mode=True)
    except SizaoError as error:
        click.echo(f"sizao: {error}", err=True)
        sys.exit(1)
