#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time from exec to the first useful answer: `renkei --version`, and a coordinator that listens.

    bench/startup.py BINARIES [--json FILE]

Medians of 11 and of 5, beside that of /bin/true started the same way."""
import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from federation import Federation  # noqa: E402


def median_ms(action, times):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries")
    parser.add_argument("--json")
    options = parser.parse_args()
    binaries = pathlib.Path(options.binaries).resolve()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    result = {
        "true_ms": median_ms(lambda: subprocess.run(["/bin/true"], **quiet), 11),
        "version_ms": median_ms(lambda: subprocess.run([binaries / "renkei", "--version"], **quiet), 11),
    }
    with Federation(binaries) as federation:
        federation.agree()

        def restart():
            federation.stop("coordinator", signal.SIGKILL)
            federation.serve()

        result["coordinator_listens_ms"] = median_ms(restart, 5)
    print(json.dumps(result, indent=2))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


main()
