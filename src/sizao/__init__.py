"""Sizao (四早): discover early, warn early, control early, resolve early.

The packages are the stages of the data flow, in order::

    feeds -> log -> detect -> warn -> respond -> govern

``core`` and ``roads`` lie beneath, ``runtime``, ``sim`` and ``web`` above, and
``app`` holds the command line and the only wiring. See docs/explanation/architecture.md.
"""

__version__ = "0.1.0"
