"""The demonstration's link to its province, and whose file stays."""

from __future__ import annotations

from pathlib import Path

import yaml

from sizao.app.demo_link import NAME, write_link
from sizao.log.datadir import DataDir
from sizao.runtime.platforms.config import load


def folder(path: Path) -> DataDir:
    data = DataDir(path).create()
    data.secrets.write_text(yaml.safe_dump({f"jt809:{NAME}": {"password": "0123abcd"}}))
    data.secrets.chmod(0o600)
    return data


def test_a_link_the_gateway_can_read(tmp_path: Path) -> None:
    data = folder(tmp_path)
    assert write_link(data)
    (link,) = load(data.links, data.secrets)
    assert (link.params.name, link.role, link.params.password) == (NAME, "lower", "0123abcd")
    assert write_link(data), "written anew: ports that were free yesterday may be taken today"
    assert len(load(data.links, data.secrets)) == 1


def test_a_file_written_by_hand_stays(tmp_path: Path) -> None:
    data = folder(tmp_path)
    data.links.write_text("links: []\n")
    assert not write_link(data)
    assert data.links.read_text() == "links: []\n"


def test_an_older_folder_has_no_province(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    assert not write_link(data)
    assert not data.links.exists()
