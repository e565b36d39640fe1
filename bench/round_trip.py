#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A joint run of a large model with four sites whose "training" is a copy: what the frame itself costs.

    bench/round_trip.py BINARIES [--mib 1024] [--rounds 1] [--json FILE]

Prints wall seconds of a round (opened to reduced, from the ledger), bytes moved, CPU seconds and peak
resident memory of the coordinator and of a site. With a memory cgroup at hand (root), the coordinator runs
inside one of 256 MiB. For scale, the same machine's time to copy the model once through the file system."""
import argparse
import json
import os
import pathlib
import resource
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
from federation import Federation  # noqa: E402

CGROUP = pathlib.Path("/sys/fs/cgroup/memory")
LIMIT_BYTES = 256 << 20


def write_model(path, mib):
    """`mib` MiB of finite float32 values in tensors of at most 64 MiB."""
    header, at, shapes = {}, 0, [64] * (mib // 64) + ([mib % 64] if mib % 64 else [])
    for number, size in enumerate(shapes):
        header[f"layer{number}.weight"] = {"dtype": "F32", "shape": [size << 18], "data_offsets": [at, at + (size << 20)]}
        at += size << 20
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    block = b"".join(struct.pack("<f", (i % 1000) / 1000 - 0.5) for i in range(1 << 18))
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _ in range(mib):
            file.write(block)


def process_figures(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    return {"peak_rss_mib": round(peak / 1024, 1), "cpu_s": round((int(fields[11]) + int(fields[12])) / ticks, 2)}


def limited(name):
    """A memory cgroup of 256 MiB, or None where there is none to be had."""
    group = CGROUP / name
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
        return group
    except OSError:
        return None


def measure(federation, mib, rounds):
    f = federation
    write_model(f.root / "model.safetensors", mib)
    start = time.monotonic()
    with open(f.root / "model.safetensors", "rb") as source, open(f.root / "copy", "wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
        os.fsync(target.fileno())
    copy_s = time.monotonic() - start
    (f.root / "copy").unlink()

    trainer = f.root / "copy-trainer"
    trainer.write_text('#!/bin/sh\nset -e\ncase "$(cat "$RENKEI_TASK")" in *\'"train"\'*) cp "$RENKEI_MODEL" "$RENKEI_UPDATE";; esac\n'
                       'echo \'{"examples": 100, "metrics": {"loss": 0.5}}\' > "$RENKEI_METRICS"\n')
    trainer.chmod(0o755)
    f.agree()
    group = limited(f"renkei-bench-{os.getpid()}")
    if group:
        (group / "cgroup.procs").write_text(str(f.children["coordinator"].pid))
    sites = [("us", "site1"), ("us", "site2"), ("jp", "site3"), ("jp", "site4")]
    for party, site in sites:
        f.join(party, site, f"wafer-cnn={trainer}")
    submitted = time.monotonic()
    f.call("run", "submit", f.spec("big", rounds=str(rounds), quorum="4", deadline_s="3600"), "--model",
           "model.safetensors", *f.actor(), timeout=600)
    submit_s = time.monotonic() - submitted
    f.call("run", "approve", "big", *f.actor("us"))
    f.call("run", "approve", "big", *f.actor("jp"))
    f.wait_for(lambda: f.status("big")["phase"] == "finished", "the run to finish", 1800)
    times = {}
    for entry in json.loads(f.call("ledger", "show", *f.actor(), "--count", 10000, "-o", "json")):
        times.setdefault(entry["kind"], entry["at"])
    seconds = seconds_between(times["round.opened"], times["round.reduced"])
    coordinator = process_figures(f.children["coordinator"].pid)
    result = {
        "model_mib": mib, "sites": len(sites), "round_s": round(seconds, 2), "submit_s": round(submit_s, 2),
        "bytes_moved": 2 * len(sites) * (mib << 20),
        "copy_once_s": round(copy_s, 2), "round_over_copies": round(seconds / (copy_s * 2 * len(sites)), 2),
        "coordinator": coordinator, "site": process_figures(f.children["site1"].pid),
        "cgroup_256_mib": "passed" if group and f.children["coordinator"].poll() is None else "no cgroup here",
    }
    if group:
        f.stop("coordinator")
        group.rmdir()
    return result


def seconds_between(first, second):
    from datetime import datetime
    parse = lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return (parse(second) - parse(first)).total_seconds()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Federation(pathlib.Path(options.binaries).resolve()) as federation:
        result = measure(federation, options.mib, options.rounds)
    print(json.dumps(result, indent=2))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


main()
