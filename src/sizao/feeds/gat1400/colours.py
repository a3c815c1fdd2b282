"""ColorType of GA/T 1400 and the colours of plates by JT/T 697.7."""

from __future__ import annotations

from sizao.core.colours import COLOURS
from sizao.feeds import plates

_PLATES = {
    "1": plates.BLACK,
    "2": plates.WHITE,
    "5": plates.BLUE,
    "6": plates.YELLOW,
    "9": plates.GREEN,
}

PLATE_COLOURS: dict[str, int] = {
    **{code: _PLATES.get(code, plates.OTHER) for code in COLOURS},
    # Some senders pad the code, some write the colour in words.
    **{f"0{code}": _PLATES.get(code, plates.OTHER) for code in COLOURS if len(code) == 1},
    **{word: code for word, code in plates.COLOURS.items() if not word.isdigit()},
}
"""PlateColor as sent to JT/T 697.7."""

TO_GAT1400: dict[int, str] = {code: sent for sent, code in _PLATES.items()} | {plates.OTHER: "99"}
"""JT/T 697.7 to PlateColor."""
