"""Bytes to elements without what an attacker could do with XML.

Document types and entities are refused before they are expanded, size is bounded, and the text
may be GBK, which Chinese services send and the parser itself does not know.
"""

from __future__ import annotations

import codecs
import re
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as Safe

from sizao.feeds.cap.problems import Problem

MAX_BYTES = 1 << 20
"""A national warning with every county's outline has some hundred kB."""

MAX_DEPTH = 64
"""CAP is five elements deep; a list with documents in it has a few more."""

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-1": "iso-8859-1",
}


def parse(data: bytes, max_bytes: int = MAX_BYTES) -> tuple[Any, tuple[str, ...]] | Problem:
    """The root element, and ``("encoding",)`` if the text was not in the encoding it declares."""
    if len(data) > max_bytes:
        return Problem("too_large", f"{len(data):,} bytes, at most {max_bytes:,}")
    text, departed = _text(data)
    if text is None:
        return Problem("not_xml", "neither UTF-8 nor GB 18030 text")
    try:
        root = Safe.fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        return Problem("forbidden_xml", type(error).__name__)
    except (ParseError, ValueError, UnicodeError) as error:
        return Problem("not_xml", str(error)[:200])
    if _too_deep(root):
        return Problem("forbidden_xml", f"nested deeper than {MAX_DEPTH} elements")
    return root, ("encoding",) if departed else ()


def _too_deep(root: Any) -> bool:
    level = list(root)
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _text(data: bytes) -> tuple[str | None, bool]:
    for mark, codec in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                        (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return _try(data, codec), False
    found = _DECLARED.match(data[:200])
    declared = _CODECS.get(found[1].decode("ascii").lower(), "utf-8") if found else "utf-8"
    for codec in dict.fromkeys((declared, "utf-8", "gb18030")):
        text = _try(data, codec)
        if text is not None:
            return text, codec != declared
    return None, False


def _try(data: bytes, codec: str) -> str | None:
    try:
        # White space before the declaration is an error in XML and common in the field.
        return data.decode(codec).lstrip()
    except UnicodeError:
        return None


def local(element: Any) -> str:
    """Name without the namespace; comments and instructions have none."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: Any) -> str:
    """The namespace, empty if there is none."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def text(element: Any) -> str:
    """The element's own text without the white space of the layout."""
    return (element.text or "").strip()
