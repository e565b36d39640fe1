# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, read only, damaged or out of files, at every writer of a federation: the log names
path and remedy, health turns red, and once the cause is gone the run goes on to the same model bytes."""
import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time
import unittest

from federation import Federation, free_port

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
ROUNDS = 8
SITES = {"fab1": "us", "fab2": "jp"}
RUN = "disk"
TMPFS = "size=40m"


class Watched(Federation):
    """Its processes show their health, and its directories can be put on small disks of their own."""

    def __init__(self, binaries):
        super().__init__(binaries)
        self.http = {name: free_port() for name in ("coordinator", *SITES)}
        self.mounts = []

    def __exit__(self, *unused):
        for name in list(self.children):
            self.kill(name)
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        super().__exit__()

    def start(self, name, *arguments):
        extra = ["--http", f"127.0.0.1:{self.http[name]}"] if name in self.http else []
        super().start(name, *arguments, *extra)

    def ask(self, name, page="/healthz", **headers):
        """(status, text) of a page."""
        with contextlib.closing(self.connection(name)) as connection:
            return self.ask_on(connection, page, **headers)

    def connection(self, name):
        return http.client.HTTPConnection("127.0.0.1", self.http[name], timeout=5)

    @staticmethod
    def ask_on(connection, page="/healthz", **headers):
        connection.request("GET", page, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def small_disk(self, directory):
        """Moves what is in `directory` to a small disk mounted there. Its user is stopped."""
        path = self.root / directory
        path.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".aside")
        path.rename(aside)
        path.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", TMPFS, "tmpfs", path], check=True)
        self.mounts.append(path)
        shutil.copytree(aside, path, dirs_exist_ok=True)
        shutil.rmtree(aside)

    def fill(self, directory):
        block = bytes(1 << 20)
        with open(self.root / directory / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    if filler.write(block) < len(block):
                        block = block[:4096]
            except OSError:
                pass

    def free(self, directory):
        (self.root / directory / "filler").unlink()

    def rounds_done(self):
        return self.log("coordinator").count('"event":"round.reduced"')


def settle(f, rounds=ROUNDS):
    f.agree()
    for number, (site, party) in enumerate(SITES.items(), 1):
        f.wafer("generate", "--out", f"data-{site}", "--wafers", 150 + 20 * number, "--seed", number)
        f.join(party, site, f"wafer-cnn={BINARIES}/renkei-wafer task --data {f.root}/data-{site}")
    f.wafer("init", "--seed", 1, "-o", "model.safetensors")
    return f.spec(RUN, rounds=str(rounds), quorum=str(len(SITES)), deadline_s="3600",
                  start_deadline_s="3600", evaluate_deadline_s="3600", config="epochs = 1\nheld_out = 2")


def may_mount():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), "needs the right to mount small disks (root, or unshare -rm)")
class Disk(unittest.TestCase):
    def red_then_green(self, f, name, place, break_it, mend_it, words=("No space left", "make room")):
        """Breaks a disk of process `name`; it says so and is red until the disk is mended."""
        before = len(f.log(name))
        break_it()
        f.wait_for(lambda: f.ask(name)[0] == 503, f"{name} to turn red for {place}", 30)
        status, text = f.ask(name)
        self.assertEqual(status, 503)
        self.assertIn(f"disk-{place} since", text)
        told = [json.loads(line) for line in f.log(name)[before:].splitlines() if '"disk.failed"' in line]
        why = next(line["why"] for line in told if line["place"] == place)
        for word in (str(f.root) if name != "coordinator" else "coordinator/", *words):
            self.assertIn(word, why)
        time.sleep(1)  # It stays broken for a while.
        mend_it()
        f.wait_for(lambda: f.ask(name)[0] == 200, f"{name} to be fine again", 30)

    def full(self, f, name, place):
        directory = f"{name}/{place}"
        done = f.rounds_done()
        self.red_then_green(f, name, place, lambda: f.fill(directory), lambda: f.free(directory))
        f.wait_for(lambda: f.rounds_done() > done or f.status(RUN)["phase"] == "finished",
                   f"the run to go on after {directory} was full")

    def test_full_disks_stop_nothing_for_good(self):
        with Watched(BINARIES) as calm, Watched(BINARIES) as hit:
            spec = settle(calm)
            calm.propose(spec, "model.safetensors")
            spec = settle(hit)
            for name in ("coordinator", *SITES):
                self.assertEqual(hit.stop(name), 0)
            for directory in ("coordinator/ledger", "coordinator/blobs", "fab1/mirror", "fab1/blobs",
                              "fab1/log", "fab1/work"):
                hit.small_disk(directory)
            for name in ("coordinator", *SITES):
                hit.restart(name)
            self.red_then_green(hit, "fab1", "log", lambda: (hit.fill("fab1/log"), hit.propose(
                spec, "model.safetensors")), lambda: hit.free("fab1/log"))
            for name, place in (("coordinator", "ledger"), ("coordinator", "blobs"), ("fab1", "mirror"),
                                ("fab1", "blobs"), ("fab1", "work")):
                self.full(hit, name, place)
            self.assertEqual(self.model(hit), self.model(calm))
            self.verify(hit)

    def model(self, f):
        f.wait_for(lambda: f.status(RUN).get("outcome"), "the end of the run")
        shown = f.status(RUN)
        self.assertEqual(shown["outcome"], "completed", shown)
        return shown["model"], f.blob(shown["model"])

    def verify(self, f):
        for name in list(f.children):
            self.assertEqual(f.stop(name), 0, f.log(name))
        f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")
        for site in SITES:
            f.call("ledger", "verify", "--dir", f"{site}/mirror", "--charter", "charter.json")


if __name__ == "__main__":
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 512:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
    unittest.main()
