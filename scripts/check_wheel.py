"""Install the built wheel alone in a fresh environment, offline, and run the demonstration.

The environment borrows the dependencies of ``.venv`` by a path file, so that nothing is fetched;
``sizao`` itself comes from the wheel only.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def health(port: int) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            body: dict[str, object] = json.load(answer)
            return body
    except (urllib.error.URLError, OSError, ValueError) as error:
        return {"status": f"{type(error).__name__}: {error}"}


def main() -> int:
    wheels = sorted((ROOT / "dist").glob("sizao-*.whl"))
    if len(wheels) != 1:
        print(f"expected one wheel in dist/, found {[wheel.name for wheel in wheels]}")
        return 1
    names = zipfile.ZipFile(wheels[0]).namelist()
    assets = [name for name in names if name.startswith("sizao/web/static/vendor/")]
    if not assets:
        print("the wheel has no browser assets")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        venv = empty / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        python = venv / "bin" / "python"
        site = next((venv / "lib").iterdir()) / "site-packages"
        install = [sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install"]
        subprocess.run([*install, "--no-index", "--no-deps", str(wheels[0])], check=True)
        # Dependencies only: the editable sizao of .venv hangs on a .pth file, not read from here.
        (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        where = subprocess.run(
            [python, "-c", "import sizao; print(sizao.__file__)"],
            check=True,
            capture_output=True,
            text=True,
            cwd=empty,
        ).stdout.strip()
        if not where.startswith(str(venv)):
            print(f"sizao came from {where}, not from the wheel")
            return 1
        return run_demo(venv / "bin" / "sizao", empty, len(assets))


def run_demo(sizao: Path, empty: Path, assets: int) -> int:
    port, gateway = free_port(), free_port()
    work = empty / "work"
    work.mkdir()
    command = [sizao, "demo", "--port", port, "--gateway-port", gateway, "--vehicles", "100"]
    environment = {key: value for key, value in os.environ.items() if key != "SIZAO_DATA"}
    demo = subprocess.Popen(
        [str(part) for part in command],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        answer: dict[str, object] = {}
        until = time.monotonic() + 600  # compiles its inner loops anew
        while time.monotonic() < until and answer.get("status") != "ok" and demo.poll() is None:
            time.sleep(1)
            answer = health(port)
        print(f"wheel: {assets} assets; /healthz {json.dumps(answer, ensure_ascii=False)[:200]}")
        ok = answer.get("status") == "ok"
    finally:
        demo.send_signal(signal.SIGINT)
        try:
            output, _ = demo.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(demo.pid, signal.SIGKILL)
            output, ok = demo.communicate()[0], False
            print("the demonstration did not stop within 40 s of Ctrl-C")
    if not ok:
        print(output[-3000:])
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
