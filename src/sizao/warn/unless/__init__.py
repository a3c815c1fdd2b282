"""What would have kept a detection from firing: the rule's edges, and how far this case is past.

One file a rule, one line in ``registry.py``. A rule without a file of its own gets the general
answer: its value against its limit.
"""

from sizao.warn.unless.edge import Edge
from sizao.warn.unless.registry import unless

__all__ = ["Edge", "unless"]
