"""What positions are judged by, described, and kept until it no longer matters.

Roads, register, fences, limits and rules are files that somebody may replace while the pipeline is
down. What it had judged and reported since its last save must then be judged again by what was in
force at that time. So the files are copied before they are read, by the digest of their content,
and a description of them all is saved with the state (``embedded/checkpoint.py``).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from sizao.core.durable import sync_folder
from sizao.core.errors import ConfigError
from sizao.detect.context import Context

_CHUNK = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Described:
    """files : name of a file that was there to the digest of its content
    versions : rule id to the version of its code with its parameters
    """

    files: Mapping[str, str]
    versions: Mapping[str, str]

    def text(self) -> str:
        """As the checkpoint holds it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of(cls, text: str) -> Described:
        """What :meth:`text` gave."""
        return cls(**json.loads(text))

    def other_files(self, other: Described) -> list[str]:
        """Names of files that differ."""
        return _differing(self.files, other.files)

    def other_rules(self, other: Described) -> list[str]:
        """Ids of rules that are in one only, or whose version differs."""
        return _differing(self.versions, other.versions)


class Contexts(Protocol):
    """Where the pipeline has its contexts from: roads, register, fences, limits and rules."""

    def __call__(self) -> Context:
        """What is in force now: the same object as long as nothing changed."""
        ...

    def described(self) -> Described:
        """What the context last answered is made of."""
        ...

    def restored(self, described: Described) -> Context:
        """A context of what was in force. Raises ConfigError if it cannot be had any more."""
        ...

    def forget_others(self) -> None:
        """Nothing but what the context last answered is made of will be asked for again."""
        ...


class Kept:
    """Copies of files in a folder of the installation, ``DIGEST/NAME``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, path: Path) -> tuple[str, Path] | None:
        """The digest of a file's content, and a copy of just that; None if there is no file.

        Raises ConfigError if it cannot be read or copied.
        """
        try:
            digest = _digest(path)
            if not self._at(digest, path.name).exists():
                digest = self._put(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise ConfigError(
                    f"{self._folder}: no room for a copy of {path.name}"
                    f" ({path.stat().st_size / 1e6:.1f} MB), which positions are judged by:"
                    f" {error.strerror}. Free room on this disk and start again"
                ) from error
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        return digest, self._at(digest, path.name)

    def lay_out(self, described: Described, folder: Path) -> None:
        """Make ``folder`` hold these files by their names. Raises ConfigError if one is not kept,
        or not as it was."""
        for name, digest in described.files.items():
            copy = self._at(digest, name)
            try:
                if _digest(copy) != digest:
                    raise ConfigError(f"{copy}: damaged")
            except OSError as error:
                raise ConfigError(f"{copy}: {error.strerror or error}") from error
            (folder / name).symlink_to(copy.resolve())

    def forget_others(self, described: Described) -> None:
        """Delete every copy but of these files."""
        for one in self._folder.iterdir() if self._folder.exists() else ():
            if one.name not in described.files.values():
                shutil.rmtree(one, ignore_errors=True)

    def _at(self, digest: str, name: str) -> Path:
        return self._folder / digest / name

    def _put(self, path: Path) -> str:
        """Copy a file as it is now, perhaps no longer as it was when looked at. It is on the disk
        before anything says that it is in force."""
        draft = self._folder / "draft" / path.name
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        shutil.copy(path, draft)  # with its mode: the copy is read by nobody else
        digest = _digest(draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        copy = self._at(digest, path.name)
        copy.parent.mkdir(exist_ok=True)
        draft.replace(copy)
        for folder in (copy.parent, self._folder, self._folder.parent):
            sync_folder(folder)
        return digest


def _digest(path: Path) -> str:
    state = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
