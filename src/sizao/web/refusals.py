"""Refusals for errors that have no words of their own for people."""

from __future__ import annotations

from sizao.core.errors import SaidError, TransitionError


def untranslated(zh: str, en: str, error: Exception) -> TransitionError:
    """A refusal that says in the reader's language what is wrong, and then what the program said
    of it; in the reader's language as well where the error has both.

    ``zh`` and ``en`` are clauses without a stop at their end.
    """
    if isinstance(error, SaidError):
        return TransitionError(f"{zh}：{error.zh}", f"{en}: {error.en}")
    return TransitionError(
        f"{zh}，请改正。程序给出的原因：{error}",
        f"{en}; correct it. What the program says: {error}",
    )
