"""JT/T 808: what terminals and the platform say to each other, as pure functions.

Read in this order: ``framing`` (bytes to frames), ``header``, ``messages`` (the table of
bodies), ``layout`` (how a body is described), ``decode`` (frame to JSON keys), ``positions`` (to
observations), ``session`` (a terminal's connection as a state machine), ``bulk`` (the fast path
for many frames at once).
"""

from sizao.feeds.jt808.decode import decode_body, decode_frame
from sizao.feeds.jt808.encode import encode_body, encode_decoded, encode_frame, encode_message
from sizao.feeds.jt808.framing import Framer

__all__ = [
    "Framer",
    "decode_body",
    "decode_frame",
    "encode_body",
    "encode_decoded",
    "encode_frame",
    "encode_message",
]
