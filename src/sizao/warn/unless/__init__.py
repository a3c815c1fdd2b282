"""What would have kept a detection from firing: the rule's edges, and how far this case is past.

A file for a rule or a family of them, a line a rule in ``registry.py``; a test fails for a rule
that has none.
"""

from sizao.warn.unless.edge import Edge
from sizao.warn.unless.registry import unless

__all__ = ["Edge", "unless"]
