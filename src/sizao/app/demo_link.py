"""The platform link of a demonstration: the schematic city reports to a made-up province.

``links.yaml`` is written anew at each start, because the province gets ports that are free; a file
that somebody wrote by hand stays, and then no province is played.
"""

from __future__ import annotations

from sizao.app.commands.doctor import free_port
from sizao.core import durable
from sizao.core.source_access import load_secrets
from sizao.log.datadir import DataDir

NAME = "province"
_HEAD = "# Made by the demonstration; remove this line to keep your own.\n"
_LINK = """\
# The city is the lower platform of a province that is played on this machine:
# docs/how-to/connect-your-provincial-platform.md
links:
  - name: {name}
    role: lower
    edition: "2019"
    access_code: 51040000
    user: 510400
    platform_id: "51040000001"
    main: 127.0.0.1:{main}
    sub: 127.0.0.1:{sub}
    announce: 127.0.0.1:{sub}
"""


def write_link(data: DataDir) -> bool:
    """Write the link if the folder is the demonstration's. Returns whether to play the province."""
    if f"jt809:{NAME}" not in load_secrets(data.secrets):
        return False
    if data.links.exists() and not data.links.read_text(encoding="utf-8").startswith(_HEAD):
        return False
    text = _HEAD + _LINK.format(name=NAME, main=free_port(), sub=free_port())
    durable.replace(data.links, text.encode())
    return True
