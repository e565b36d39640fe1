#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses an include of a module that is not among the includer's DEPS: check_includes.py ROOT MODULES_TXT"""
import pathlib
import re
import sys

root, modules = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
declared = {}
for line in modules.read_text().splitlines():
    deps, test_deps = line.split("|")
    name, floor, *deps = deps.split()
    declared[name] = (int(floor), set(deps), set(test_deps.split()))

bad = []
for path in sorted((root / "src/renkei").glob("*/**/*")):
    if path.suffix not in (".h", ".cc"):
        continue
    module = path.relative_to(root / "src/renkei").parts[0]
    floor, deps, test_deps = declared.get(module, (0, set(), set()))
    allowed = {module} | deps | (test_deps if path.name.endswith("_test.cc") or path.name.endswith("_testing.h") else set())
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include "([^"]+)"', line)
        if not found:
            continue
        parts = found[1].split("/")
        where = f"{path.relative_to(root)}:{number}"
        if parts[0] != "renkei":
            if not found[1].endswith(".pb.h"):
                bad.append(f'{where}: quoted includes begin with "renkei/"')
        elif parts[1].endswith(".pb.h") or len(parts) == 2:
            continue
        elif module not in declared:
            bad.append(f"{where}: module {module} is not declared with renkei_module()")
        elif parts[1] not in allowed and parts[1] != "v1":
            other = declared.get(parts[1], ("?",))[0]
            bad.append(f"{where}: {module} (floor {floor}) does not declare {parts[1]} (floor {other}) in DEPS")
print("\n".join(bad) or f"includes: {len(declared)} modules keep to their floors")
sys.exit(1 if bad else 0)
