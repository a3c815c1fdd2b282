"""CAP 1.2 (Common Alerting Protocol): warnings of other services in, our own out. Pure functions.

``decode.read`` turns bytes into an :class:`Alert` or says what is wrong with them, ``encode``
writes one, ``notices`` makes weather notices of it, ``feed`` reads the lists that services publish.

Source: OASIS, Common Alerting Protocol Version 1.2 (2010), with the element names and colours of
GB/T 35965.1-2018, which Chinese warning services send in CAP's place.
"""

from sizao.feeds.cap.decode import Read, read
from sizao.feeds.cap.encode import encode
from sizao.feeds.cap.problems import Problem
from sizao.feeds.cap.records import Alert, Area, Circle, Info, Pair, Reference, Resource

__all__ = [
    "Alert",
    "Area",
    "Circle",
    "Info",
    "Pair",
    "Problem",
    "Read",
    "Reference",
    "Resource",
    "encode",
    "read",
]
