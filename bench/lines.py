#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines per module, program and tests apart: bench/lines.py ROOT"""
import collections
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
program, tests = collections.Counter(), collections.Counter()
folders = sorted((root / "src/renkei").iterdir()) + [root / "examples/wafer"]
for folder in folders:
    for path in folder.rglob("*"):
        if path.suffix in (".h", ".cc"):
            kind = tests if path.stem.endswith(("_test", "_testing")) else program
            kind[folder.name] += len(path.read_text().splitlines())
print(f"{'module':<14}{'program':>9}{'tests':>9}")
for name in (folder.name for folder in folders if folder.is_dir()):
    print(f"{name:<14}{program[name]:>9}{tests[name]:>9}")
print(f"{'all':<14}{sum(program.values()):>9}{sum(tests.values()):>9}")
