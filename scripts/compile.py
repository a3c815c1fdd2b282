"""Have the pipeline's compiled loops ready before tests ask for them.

Each worker would compile what it meets first, many loops twice, and the demonstration's parts would
wait for the machine that the tests take. Does nothing when the loops are of this source.
"""

from __future__ import annotations

import sys
import time

from sizao.core.kernel_cache import use_kernel_cache


def main() -> None:
    use_kernel_cache()
    from sizao.runtime.warming import compile_ahead, is_compiled

    if is_compiled():
        return
    began = time.monotonic()
    print("compile: the inner loops (minutes the first time)", flush=True)
    command = [sys.executable, "-m", "sizao", "pipeline", "--compile"]
    compile_ahead(command, lambda done, of: None)
    if not is_compiled():
        sys.exit("compile: failed; what the processes said stands above")
    print(f"compile: done in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
