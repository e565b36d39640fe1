# SPDX-License-Identifier: Apache-2.0
"""Plants old-style bugs, one at a time, in a copy of the tree; the simulation has to object to each.

Usage: mutants.py SOURCE [--rounds N] [--only WORD]. The copy and its build stay in
SOURCE/build/mutants. Exit 0 when every mutant was caught, 1 when one lived or no longer fits the
source.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

# What is planted; then, as often as it takes: where, the text that goes, the text that comes.
MUTANTS = [
    ("an entry is acknowledged before the journal has it on disk", "ledger/journal.cc",
     "  RK_RETURN_IF_ERROR(file_->Sync());\n  offset_ = end;",
     "  offset_ = end;"),
    ("an upload is acknowledged before its bytes are on disk", "store/directory_blobs.cc",
     "    RK_RETURN_IF_ERROR(file_->Sync());\n    RK_RETURN_IF_ERROR(store_.Publish(id_, leaves_, store_.Of(id_).partial));",
     "    RK_RETURN_IF_ERROR(store_.Publish(id_, leaves_, store_.Of(id_).partial));"),
    ("a mean is published before its bytes are on disk", "store/directory_blobs.cc",
     "    RK_RETURN_IF_ERROR(file_->Sync());\n    RK_RETURN_IF_ERROR(store_.Publish(id, chunker_.leaves(), path_));",
     "    RK_RETURN_IF_ERROR(store_.Publish(id, chunker_.leaves(), path_));"),
    ("damaged records are cut off before anybody asks whether they were signed",
     "ledger/journal.cc", "    if (const auto covered = EntriesNotedIn(tail); covered > next_) {",
     "    if (const auto covered = EntriesNotedIn(tail); covered > next_ + 1000) {",
     "ledger/ledger.cc",
     "  RK_RETURN_IF_ERROR(AdoptCheckpoint(journal_note));\n  RK_RETURN_IF_ERROR(journal_->CutTail());\n",
     "  RK_RETURN_IF_ERROR(journal_->CutTail());\n  RK_RETURN_IF_ERROR(AdoptCheckpoint(journal_note));\n"),
    ("a contribution is taken in any phase of its run", "run/run_state.cc",
     "bool IsLegal(Phase from, std::string_view kind) {",
     "bool IsLegal(Phase from, std::string_view kind) {\n"
     "  if (kind == \"update.contributed\") return true;"),
    ("a request that comes again becomes a second contribution", "coordinator/submit.cc",
     "    if (recent != recent_.end()) {", "    if (false && recent != recent_.end()) {",
     "run/run_rules.cc",
     "  if (run.current.contributed.contains(entry.site)) return Refuse(\"contributed-already\");\n"
     "  if (run.current.declined.contains(entry.site)) return Refuse(\"declined-already\");\n"
     "  if (entry.base",
     "  if (entry.base"),
    ("a round closes after a restart before all that is here was looked at", "run/step.cc",
     "    if (tally.unjudged) return;\n", ""),
    ("a receipt is given for whatever has arrived", "coordinator/transfer.cc",
     "  RK_RETURN_IF_ERROR(CheckCounts(*contributed));\n", ""),
    ("an update that changed on disk is summed", "coordinator/work.cc",
     "      RK_RETURN_IF_ERROR(blobs_->Check(input.update));\n", ""),
    ("the updates of an open round are deleted when their party leaves", "run/needed_blobs.cc",
     "  for (const auto& [site, contribution] : run.current.contributed) visit(contribution.update);\n", ""),
    ("bytes are removed before the entry that deletes them", "coordinator/collect.cc",
     "  const std::string reason = heap.party.empty() ?",
     "  RK_RETURN_IF_ERROR(FinishDeletion());\n  const std::string reason = heap.party.empty() ?"),
    ("a file is replaced without syncing its directory", "base/disk.cc",
     "  RK_RETURN_IF_ERROR(disk.Rename(temporary, path));\n  return disk.SyncDir(ParentOf(path));",
     "  return disk.Rename(temporary, path);"),
    ("every site weighs the same", "reduce/tile_mean.cc",
     "      sites[i] = {Values(i) + offset, sources_.list[first + i].weight};",
     "      sites[i] = {Values(i) + offset, 1 + 0 * sources_.list[first + i].weight};"),
]


def run(command, **more):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


def copy_tree(source, tree):
    """Only what differs is written, so that only that is built again."""
    names = ["CMakeLists.txt", "CMakePresets.json", "src", "proto", "cmake", "tests", "examples", "bench"]
    for top in names:
        top = source / top
        for path in [top] if top.is_file() else (p for p in top.rglob("*") if p.is_file()):
            copy = tree / path.relative_to(source)
            if copy.exists() and copy.read_bytes() == path.read_bytes():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def build(tree):
    if not (tree / "build/release/build.ninja").exists():
        made = run(["cmake", "--preset", "release"], cwd=tree)
        if made.returncode:
            sys.exit(made.stdout)
    return run(["cmake", "--build", "build/release", "--target", "sim"], cwd=tree)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--rounds", default="8000")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    tree = options.source.resolve() / "build/mutants"
    tree.mkdir(parents=True, exist_ok=True)
    copy_tree(options.source.resolve(), tree)
    os.environ.setdefault("CCACHE_BASEDIR", str(tree))
    clean = build(tree)
    if clean.returncode:
        sys.exit(clean.stdout)
    lived = []
    for what, *edits in MUTANTS:
        if options.only not in what:
            continue
        edits = [(tree / "src/renkei" / file, gone, come)
                 for file, gone, come in zip(edits[::3], edits[1::3], edits[2::3])]
        stale = [path for path, gone, _ in edits if path.read_text().count(gone) != 1]
        if stale:
            print(f"stale   {what}: {stale[0].name} does not have the text once", flush=True)
            lived.append(what)
            continue
        before = {path: path.read_text() for path, _, _ in edits}
        begun = time.monotonic()
        try:
            for path, gone, come in edits:
                path.write_text(before[path].replace(gone, come))
            built = build(tree)
            if built.returncode:
                sys.exit(f"{what}:\n{built.stdout}")
            lived_on = run([tree / "build/release/bin/sim", "--rounds", options.rounds])
        finally:
            for path, text in before.items():
                path.write_text(text)
        objection = re.search(r"^seed (\d+): (.*)$", lived_on.stdout, re.M)
        took = time.monotonic() - begun
        if lived_on.returncode and objection:
            print(f"caught  {what} (seed {objection[1]}, {took:.0f} s): {objection[2]}", flush=True)
        else:
            print(f"LIVED   {what} ({took:.0f} s)\n{lived_on.stdout[-500:]}", flush=True)
            lived.append(what)
    build(tree)
    print(f"{len(MUTANTS) - len(lived)} of {len(MUTANTS)} mutants caught" if not options.only else "")
    return 1 if lived else 0


sys.exit(main())
