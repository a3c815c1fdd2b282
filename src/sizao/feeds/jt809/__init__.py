"""JT/T 809: what two platforms say to each other, as pure functions.

Read in this order: ``framing`` (bytes to frames), ``header``, ``fields`` and ``layouts`` (what a
body is made of), ``messages`` (the table), ``decode`` and ``encode``, ``upper`` and ``lower`` (the
two sides of a pair of links as state machines), ``bulk`` (the fast path for many positions).
"""

from sizao.feeds.jt809.decode import decode_body, decode_frame
from sizao.feeds.jt809.encode import encode_body, encode_frame
from sizao.feeds.jt809.framing import Framer

__all__ = ["Framer", "decode_body", "decode_frame", "encode_body", "encode_frame"]
