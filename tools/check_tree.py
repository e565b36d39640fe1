#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a script can check: check_tree.py ROOT [MODULES_TXT]

Names, lengths of files and functions, licence lines, one home per library, and that
ARCHITECTURE.md's table of floors says what the build says."""
import pathlib
import re
import sys

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
BANNED = "util utils helper helpers manager common misc handler processor data info impl".split()
BANNED_PREFIXES = ("Base", "Abstract")
CODE = {".h", ".cc", ".cu"}
LICENSED = CODE | {".py", ".sh", ".cmake", ".proto", ".js", ".css"}
HOMES = {  # include prefix -> the folders that may see it
    "openssl/": ["src/renkei/crypto"],
    "sodium.h": ["src/renkei/crypto"],
    "grpc": ["src/renkei/wire"],
    "google/protobuf": ["src/renkei/wire"],
    "spdlog/": ["src/renkei/base"],
    "nlohmann/": ["src/renkei/syntax"],
    "toml++/": ["src/renkei/syntax"],
    "yaml-cpp/": ["src/renkei/syntax"],
    "zlib.h": ["src/renkei/syntax", "examples/wafer"],
    "hwy/": ["src/renkei/kernels"],
    "sqlite3.h": ["src/renkei/store"],
    "boost/": ["src/renkei/http"],
    "CLI/": ["src/renkei/apps"],
    "systemd/": ["src/renkei/apps"],
    "Eigen/": ["examples/wafer"],
}
SKIPPED = {"build", ".git", "__pycache__"}


def blank(text):
    """The text with comments, strings and preprocessor lines as spaces; lines stay where they are."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:[^\n\\]|\\\n|\\.)*'
    keep_digit_separators = re.sub(r"(?<=\d)'(?=\d)", "_", text)
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), keep_digit_separators, flags=re.S | re.M)


def functions(text):
    """(first line, last line) of every function body at namespace or class scope."""
    text = blank(text)
    stack, start = [], 0
    for at, char in enumerate(text):
        if char in ";}":
            if char == "}" and stack:
                kind, begin = stack.pop()
                if kind == "function":
                    yield text.count("\n", 0, begin) + 1, text.count("\n", 0, at) + 1
            start = at + 1
        elif char == "{":
            head = text[start:at].strip()
            if any(kind == "function" for kind, _ in stack):
                stack.append(("block", at))
            elif re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$", head) or head.startswith("extern"):
                stack.append(("scope", at))
            elif ")" in head or re.match(r"TEST", head):
                first = at - len(text[start:at].lstrip())
                stack.append(("function", first))
            else:
                stack.append(("block", at))
            start = at + 1


def words(name):
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def check_code(path, shown, text, bad):
    for first, last in functions(text):
        if last - first + 1 > FUNCTION_LINES_MAX:
            bad.append(f"{shown}:{first}: function of {last - first + 1} lines, at most {FUNCTION_LINES_MAX}")
    for number, line in enumerate(blank(text).splitlines(), 1):
        for name in re.findall(r"\b(?:class|struct|enum class|enum|using)\s+([A-Z]\w*)", line):
            if set(words(name)) & set(BANNED) or name.startswith(BANNED_PREFIXES) or re.match(r"I[A-Z][a-z]", name):
                bad.append(f"{shown}:{number}: type name {name} uses a banned word")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            bad.append(f"{shown}:{number}: unfinished word; finish it or write an issue")
        found = re.match(r"\s*#\s*include <([^>]+)>", line)
        if found:
            for prefix, homes in HOMES.items():
                if found[1].startswith(prefix) and not any(str(shown).startswith(h + "/") for h in homes):
                    bad.append(f"{shown}:{number}: <{found[1]}> belongs to {' or '.join(homes)}")
        if len(line) > 100 and path.suffix in CODE and '"' not in line:
            bad.append(f"{shown}:{number}: {len(line)} columns, at most 100")


def check_file(root, path, bad):
    shown = path.relative_to(root)
    if path.suffix not in LICENSED and path.name != "CMakeLists.txt":
        return
    text = path.read_text()
    if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3]):
        bad.append(f"{shown}:1: no SPDX licence line")
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        bad.append(f"{shown}: {lines} lines, at most {FILE_LINES_MAX}")
    if set(path.stem.split("_")) & set(BANNED):
        bad.append(f"{shown}: file name uses a banned word")
    if path.suffix in CODE:
        check_code(path, shown, text, bad)
        if path.suffix == ".h" and "#pragma once" not in text:
            bad.append(f"{shown}: no #pragma once")


def check_architecture(root, modules, bad):
    """Every row "| floor | `module` | DEPS | ... |" of ARCHITECTURE.md against the build."""
    built = {}
    for line in modules.read_text().splitlines():
        name, floor, *deps = line.split("|")[0].split()
        built[name] = (floor, sorted(deps))
    told = {}
    for row in re.findall(r"^\| (\d) \| `(\w+)` \| ([^|]*) \|", (root / "ARCHITECTURE.md").read_text(), flags=re.M):
        told[row[1]] = (row[0], sorted(row[2].split()))
    for name in sorted(set(built) | set(told)):
        if built.get(name) != told.get(name):
            bad.append(f"ARCHITECTURE.md: module {name}: the table says {told.get(name)}, the build {built.get(name)}")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    bad = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not SKIPPED & set(path.relative_to(root).parts):
            check_file(root, path, bad)
    if len(sys.argv) > 2:
        check_architecture(root, pathlib.Path(sys.argv[2]), bad)
    print("\n".join(bad) or "tree: names, lengths, licences, library homes and floors are in order")
    sys.exit(1 if bad else 0)


main()
