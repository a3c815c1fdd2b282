"""Refusals for errors that have no words of their own for people."""

from __future__ import annotations

from sizao.core.errors import SaidError, SizaoError, TransitionError, UnansweredError

_UNANSWERED = {
    "memory": (
        "这次查询超出了可用内存，没有查成。数据没有损坏，请缩小范围或缩短时段后再查。",
        "The question needs more memory than it may take and was not answered. No data are"
        " damaged: ask about a smaller area or a shorter time.",
    ),
    "interrupted": (
        "这次查询被中断，没有查成。数据没有损坏，请再查一次。",
        "The question was interrupted and not answered. No data are damaged: ask again.",
    ),
    "changing": (
        "轨迹存档正在整理，这次没有查成。数据没有损坏，请稍后再查。",
        "The archive of tracks is being merged and the question was not answered. No data are"
        " damaged: ask again later.",
    ),
}


def unanswered(error: UnansweredError) -> TransitionError:
    """Why a question to the archive got no answer, and what to do."""
    return TransitionError(*_UNANSWERED[error.code], code="unanswered")


def kept(error: Exception) -> str:
    """What is written down of the error that ended a run: in Chinese where it has that, which the
    filter ``why_not`` says in the reader's language; else what the program said."""
    if isinstance(error, SaidError):
        return error.zh
    # What goes wrong on purpose says enough without its class.
    return str(error) if isinstance(error, SizaoError) else f"{type(error).__name__}: {error}"


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
