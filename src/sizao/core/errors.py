"""Every exception Sizao raises, as one tree.

    SizaoError
    ├── ConfigError        a setting, rule file or register is wrong; the message says where
    │   ├── AreaError      a polygon cannot be asked about; carries why
    │   └── SaidError      the same for people: in both languages
    ├── ColumnError        a batch breaks the schema that two of our stages agreed on
    ├── LogError           the durable log cannot be read or written
    │   └── UnansweredError    nothing is damaged, but a question got no answer; carries why
    ├── EvidenceError      a piece of evidence cannot be kept or was changed
    │   └── NoRoomError    the disk has too little free space for another piece
    ├── TransitionError    a case may not take this step now; carries why
    └── ConflictError      somebody else changed the object first; carries who and when

Bad *input* (malformed frames, late points, unknown vehicles) is not an exception: it is ordinary
data and becomes a quarantine record. Exceptions are for broken promises between our own parts
and for people who asked for something that cannot be done.
"""

from __future__ import annotations

_STOPS = ("。", "！", "？", "…")
_STOPS_EN = (".", "!", "?", "…", ".)")


class SizaoError(Exception):
    """Base of all errors raised on purpose."""


class ConfigError(SizaoError):
    """A setting, rule file or register is wrong."""


class AreaError(ConfigError):
    """A polygon cannot be asked about.

    ``code``, for whoever has to say so in words: ``shape`` (no polygon), ``corners`` (too few or
    too many), ``crosses`` (itself, or has no area), ``globe`` (outside it), ``size``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SaidError(ConfigError):
    """What somebody entered cannot be; ``zh`` and ``en`` say what, and what could be."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class ColumnError(SizaoError):
    """A batch does not have the columns, types or lengths its schema promises."""


class LogError(SizaoError):
    """The durable log cannot be read or written."""


class UnansweredError(LogError):
    """A question got no answer this time, though no file is damaged.

    ``code``, for whoever has to say so in words: ``memory`` (it needs more than it may take),
    ``interrupted``, ``changing`` (files are merged faster than they can be read).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class EvidenceError(SizaoError):
    """A piece of evidence cannot be kept, is missing, or is not what its name says."""


class NoRoomError(EvidenceError):
    """The disk has too little free space left for another piece of evidence."""


class TransitionError(SizaoError):
    """A case may not take this step now.

    ``zh`` and ``en`` say why and what is possible instead; a full stop that one lacks is put.
    ``code`` is for programs: ``state``, ``role``, ``same_person``, ``missing_reason``,
    ``missing_units``, ``unknown_action``.
    """

    def __init__(self, zh: str, en: str, *, code: str = "") -> None:
        super().__init__(f"{zh} ({en})")
        self.zh = zh if zh.endswith(_STOPS) else f"{zh}。"
        self.en = en if en.endswith(_STOPS_EN) else f"{en}."
        self.code = code


class ConflictError(SizaoError):
    """Somebody else changed the object since it was read."""
