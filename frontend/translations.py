"""Compile the English catalogue: django.po to django.mo, without GNU gettext.

    python frontend/translations.py

The message ids are the Chinese texts of templates and page code. After adding some, collect
them first (this step does need xgettext, on the author's machine only):

    cd src/sizao/web && django-admin makemessages -l en --no-location --no-obsolete

``tests/web/pages/test_translations.py`` fails while a text is untranslated or the two files
differ.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUE = Path(__file__).resolve().parents[1] / "src/sizao/web/locale/en/LC_MESSAGES/django.po"


def compiled(catalogue: Path = CATALOGUE) -> bytes:
    """The bytes of django.mo for a catalogue."""
    with catalogue.open("rb") as file:
        messages = read_po(file, locale="en")
    output = io.BytesIO()
    write_mo(output, messages)
    return output.getvalue()


if __name__ == "__main__":
    CATALOGUE.with_suffix(".mo").write_bytes(compiled())
    print(f"wrote {CATALOGUE.with_suffix('.mo')}")
