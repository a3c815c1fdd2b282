"""The simulated city as one thing that is moved on: traffic, terminals and truth together."""

from __future__ import annotations

import numpy as np

from sizao.sim._sampling import DARK
from sizao.sim.city import City
from sizao.sim.city.fences import fences_of
from sizao.sim.fleet import Fleet
from sizao.sim.played import Played, plan
from sizao.sim.terminal import Frames, Terminals
from sizao.sim.traffic import Motion, Traffic
from sizao.sim.truth import Offence, Truth

STEP_S = 600
"""Longest span computed at once, seconds: bounds the memory of a span."""

BEFORE_S = 5 * 3600
"""How far back the stored reports of vehicles that come out of a dead spot may reach."""

_SPEED_WORDS = ("速", "慢", "speed", "slow")
_REST_WORDS = ("休息", "疲劳", "停车", "rest", "stop")


class World:
    """All made-up vehicles at one moment. Times are whole seconds since the epoch, UTC."""

    def __init__(self, traffic: Traffic, terminals: Terminals, truth: Truth) -> None:
        self.traffic = traffic
        self.terminals = terminals
        self.truth = truth
        self.played: Played | None = None
        self.motion: Motion | None = None
        """The last span."""
        self._early: list[Frames] = []

    @classmethod
    def begin(cls, city: City, fleet: Fleet, seed: int, now_s: int, blind: int = 0) -> World:
        """A world first seen at ``now_s``, everybody on their way.

        ``blind`` vehicles, those longest at the wheel, come out of a dead spot a few seconds
        later and then send what they stored for up to five hours.
        """
        fresh = Terminals(city.network, fleet, seed), Truth(city.network, fleet, fences_of(city))
        if not blind:
            return cls(Traffic(city, fleet, seed, now_s), *fresh)
        traffic = Traffic(city, fleet, seed, now_s - BEFORE_S)
        scout, past = traffic.fork(), Truth(city.network, fleet, fences_of(city))
        for seconds in _steps(BEFORE_S):
            past.feed(scout.advance(seconds))
        world = cls(traffic, *fresh)
        driven = past.driving_for_s(now_s)
        driven[driven > BEFORE_S - 60] = 0  # began before the store does
        chosen = np.argsort(-driven, kind="stable")[: min(blind, int((driven > 0).sum()))]
        mask = np.zeros(len(fleet), np.bool_)
        mask[chosen] = True
        world.terminals.blind_until_s[chosen] = now_s + 8
        world.truth.adopt(past, chosen)
        for seconds in _steps(BEFORE_S):
            world._early.append(world.terminals.feed(traffic.advance(seconds), mask))
        return world

    @classmethod
    def scored(cls, city: City, fleet: Fleet, seed: int, now_s: int, seconds: int) -> World:
        """A world in which all that rules look for happens, with terminals watched, too."""
        terminals = Terminals(city.network, fleet, seed)
        played = plan(city, fleet, seed, now_s, seconds, terminals.fault)
        terminals.fault[played.plates.dark] = DARK
        terminals.staged = True
        traffic = Traffic(city, fleet, seed, now_s, jams=played.jams)
        world = cls(traffic, terminals, Truth(city.network, fleet, played.fences))
        world.truth.watch(seed, terminals.fault)
        world.played = played
        return world

    @classmethod
    def resume(cls, city: City, fleet: Fleet, seed: int, began_s: int, now_s: int) -> World:
        """The world of :meth:`begin` at ``began_s``, as it is at ``now_s``; nobody reported
        in between and nobody was told anything."""
        traffic = Traffic(city, fleet, seed, began_s - BEFORE_S)
        truth = Truth(city.network, fleet, fences_of(city))
        world = cls(traffic, Terminals(city.network, fleet, seed), truth)
        nobody = np.zeros(len(fleet), np.bool_)
        for seconds in _steps(now_s - traffic.now_s):
            motion = traffic.advance(seconds)
            world.terminals.feed(motion, nobody)
            if motion.start_s >= began_s:
                world.truth.feed(motion)
        return world

    @property
    def now_s(self) -> int:
        return self.traffic.now_s

    def advance(self, seconds: int) -> tuple[list[Frames], list[Offence]]:
        """Move on. Frames that went out meanwhile, in order, and offences that ended."""
        frames, self._early = self._early, []
        offences: list[Offence] = []
        for span in _steps(seconds):
            self.motion = self.traffic.advance(span)
            if self.played is not None:
                self.played.cast.apply(self.motion)
            frames.append(self.terminals.feed(self.motion))
            offences += self.truth.feed(self.motion)
        return [part for part in frames if len(part)], offences

    def tell(self, vehicle: int, text: str) -> str:
        """The terminal speaks a text to the driver: "slow", "rest" or "" is what it led to."""
        low = text.lower()
        if any(word in low for word in _REST_WORDS):
            self.traffic.calm(vehicle)
            self.traffic.rest(vehicle)
            return "rest"
        if any(word in low for word in _SPEED_WORDS):
            self.traffic.calm(vehicle)
            return "slow"
        return ""


def _steps(seconds: int) -> list[int]:
    whole, rest = divmod(seconds, STEP_S)
    return [STEP_S] * whole + ([rest] if rest else [])
