"""English is complete: no text without a translation, and the compiled file is this one."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCALE = ROOT / "src/sizao/web/locale/en/LC_MESSAGES"
babel = pytest.importorskip("babel.messages.pofile", reason="needs babel")


def catalogue():
    with (LOCALE / "django.po").open("rb") as file:
        return babel.read_po(file, locale="en")


def test_compiled_catalogue_is_of_this_source() -> None:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "frontend/translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (LOCALE / "django.mo").read_bytes() == module.compiled(), (
        "run: python frontend/translations.py"
    )


def test_nothing_is_untranslated_or_unsure() -> None:
    for message in catalogue():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        assert not message.fuzzy or not message.id, message.id


def test_every_text_of_pages_is_in_the_catalogue() -> None:
    known = {
        one
        for message in catalogue()
        for one in (message.id if isinstance(message.id, tuple) else (message.id,))
    }
    known |= {one.replace("%%", "%") for one in known}
    missing = set()
    for path in (ROOT / "src/sizao/web/templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for quoted in re.findall(r"""{%\s*translate\s+("[^"]*"|'[^']*')""", text):
            missing |= {quoted[1:-1]} - known
        missing |= set(re.findall(r"""\b_\("([^"]*)"\)""", text)) - known
        for block in re.findall(
            r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate", text, re.S
        ):
            for part in re.split(r"{%\s*plural\s*%}", block):
                missing |= {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", part)} - known
    ours = (ROOT / "src/sizao/web" / name for name in ("pages", "imports"))
    for path in (path for folder in ours for path in folder.rglob("*.py")):
        missing |= set(re.findall(r'\b_\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))) - known
    assert not missing


def test_placeholders_survive_translation() -> None:
    for message in catalogue():
        if isinstance(message.id, str) and message.id:
            for mark in (r"%\(\w+\)s", r"{\w+}", r"</?b>"):
                wanted = sorted(re.findall(mark, message.id))
                assert sorted(re.findall(mark, str(message.string))) == wanted, message.id


def test_placeholders_survive_in_both_forms() -> None:
    for message in catalogue():
        if isinstance(message.id, tuple):
            wanted = sorted(re.findall(r"%\(\w+\)s|</?b>", message.id[0]))
            for form in message.string:
                assert sorted(re.findall(r"%\(\w+\)s|</?b>", form)) == wanted, message.id


_NUMBERED = re.compile(
    r"(?:%\((\w+)\)[sd]|%[sd]|{(\w*)[^}]*})(?:</?\w+>)*\s+(?:</?\w+>)*"
    r"((?:[a-z-]+\s+){0,2}?(?:[a-z-]*(?<![us])s|people|persons?|crashes|children|men))\b"
)
_NO_NUMBER = {"command", "way", "share"}
_NO_NOUN = {"is", "was", "has", "as", "its", "this", "does", "s", "ms", "always"}


def numbered(text: str) -> list[str]:
    """Numbers before plural nouns, which may be one."""
    return [
        found[0]
        for found in _NUMBERED.finditer(text)
        if not {found[1], found[2]} & _NO_NUMBER and found[3].split()[-1] not in _NO_NOUN
    ]


def test_one_of_something_is_no_several() -> None:
    """Pages read "1 open cases". Give the text two forms ({% plural %}), or let the number stand
    behind its noun: "rows: 1"."""
    wrong = {
        message.id: found
        for message in catalogue()
        if isinstance(message.string, str) and (found := numbered(message.string))
    }
    assert not wrong


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%(n)s open cases", True),
        ("<b>%(n)s</b> entries", True),
        ("At most {n} vehicles", True),
        ("%(m)s people", True),
        ("open cases: %(n)s", False),
        ("%(n)s s less a vehicle", False),
        ("%(command)s commands this case", False),
    ],
)
def test_a_number_before_its_noun_is_found(text: str, found: bool) -> None:
    assert bool(numbered(text)) is found


def test_no_chinese_outside_the_catalogue_in_templates() -> None:
    """Names of the product and of the other language are the only bare Chinese."""
    allowed = {"四早", "简体中文"}
    for path in (ROOT / "src/sizao/web/templates").rglob("*.html"):
        if path.name == "500.html":  # drawn when nothing else works, in both languages
            continue
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.S)
        text = re.sub(r"{%.*?%}|{#.*?#}", "", text, flags=re.S)
        left = set(re.findall(r"[\u4e00-\u9fff]+", text)) - allowed
        assert not left, (path.name, left)
