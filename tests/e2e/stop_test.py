# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT at random moments of a run, another binary in the middle of it, and directories
that are moved: every process ends by itself and soon, and the model has the bytes of an undisturbed
run.

RENKEI_SEED chooses the moments (else the clock does), RENKEI_STOPS how many there are."""
import os
import pathlib
import random
import shutil
import signal
import sys
import time
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
SEED = int(os.environ.get("RENKEI_SEED") or time.time_ns() % 1_000_000)
STOPS = int(os.environ.get("RENKEI_STOPS") or 24)
ROUNDS = STOPS // 6
SITES = {"fab1": "us", "fab2": "jp"}
NAMES = ("coordinator", *SITES)
RUN = "stop"
ENDS_S = 10


def settle(f):
    f.agree()
    for number, (site, party) in enumerate(SITES.items(), 1):
        f.wafer("generate", "--out", f"data-{site}", "--wafers", 300 + 20 * number, "--seed", number)
        # A task takes a while, however fast the machine is: the run outlasts the stops.
        (f.root / f"{site}.sh").write_text(
            f"sleep 0.5\nexec {BINARIES}/renkei-wafer task --data {f.root}/data-{site}\n")
        f.join(party, site, f"wafer-cnn=/bin/sh {f.root}/{site}.sh")
    f.wafer("init", "--seed", 1, "-o", "model.safetensors")
    f.propose(f.spec(RUN, rounds=str(ROUNDS), quorum=str(len(SITES)), deadline_s="3600",
                     start_deadline_s="3600", evaluate_deadline_s="3600",
                     config="epochs = 4\nheld_out = 2"), "model.safetensors")


class Stop(unittest.TestCase):
    def stop(self, f, name, how):
        """Asks a process to end; it does so by itself, with a line, and leaves no trainer."""
        if name in SITES and f.trainers(name):
            self.with_trainer += 1
        word = "coordinator.stopped" if name == "coordinator" else "site.stopped"
        before = f.log(name).count(word)
        began = time.monotonic()
        self.assertEqual(f.stop(name, how), 0, f"{name} after {how.name}: {f.log(name)[-2000:]}")
        self.longest = max(self.longest, time.monotonic() - began)
        self.assertEqual(f.log(name).count(word), before + 1, name)
        if name in SITES:
            self.assertFalse(f.trainers(name), "a trainer is left")

    def upgrade(self, f):
        """A copy of the binary at another path; each process goes on with it, the old one is gone."""
        old, f.binaries = f.binaries, f.root / f"bin-{time.monotonic_ns()}"
        f.binaries.mkdir()
        shutil.copy2(BINARIES / "renkei", f.binaries)
        for name in NAMES:
            self.stop(f, name, signal.SIGTERM)
            f.restart(name)
        if old != BINARIES:
            shutil.rmtree(old)

    def move(self, f, name):
        self.stop(f, name, signal.SIGTERM)
        before = f.place(name)
        f.places[name] = f"elsewhere/{name}-{time.monotonic_ns()}"
        f.place(name).parent.mkdir(exist_ok=True)
        before.rename(f.place(name))
        f.restart(name)

    def finished(self, f):
        f.wait_for(lambda: f.status(RUN).get("outcome"), "the end of the run")
        shown = f.status(RUN)
        self.assertEqual(shown["outcome"], "completed", shown)
        return shown["model"], f.blob(shown["model"])

    def check_books(self, f):
        f.call("ledger", "verify", "--dir", f.place("coordinator") / "ledger", "--charter",
               "charter.json")
        entries = f.entries()
        closed = [r for kind, r in entries if kind == "round.closed"]
        counted = [c["entry"] for r in closed for c in r["counted"]]
        self.assertEqual(len(set(counted)), len(SITES) * ROUNDS, "every contribution counts, once")
        self.assertEqual(len(counted), len(SITES) * ROUNDS)
        self.assertEqual([r for kind, r in entries if kind == "round.declined"], [])
        for site in SITES:
            receipts = f.receipts(site)
            self.assertEqual(len(receipts), ROUNDS)
            self.assertLess(set(receipts), set(counted))

    def test_whatever_is_stopped_upgraded_or_moved_no_contribution_is_lost(self):
        chance = random.Random(SEED)
        self.longest, self.with_trainer = 0, 0
        with Federation(BINARIES) as calm, Federation(BINARIES) as hit:
            settle(calm)
            settle(hit)
            steps = [lambda: self.upgrade(hit), lambda: self.upgrade(hit)]
            steps += [lambda name=name: self.move(hit, name) for name in NAMES]
            stops = STOPS - 2 * len(NAMES) - len(NAMES)
            for _ in range(stops):
                steps.append(lambda: self.stop_and_start(hit, chance))
            chance.shuffle(steps)
            for step in steps:
                time.sleep(chance.uniform(0, 0.3))
                step()
            self.assertFalse(hit.status(RUN).get("outcome"), "the run was over too soon")
            print(f"{STOPS} stops until round {hit.status(RUN)['round']} of {ROUNDS}, "
                  f"{self.with_trainer} of them of a site that trained; the longest took "
                  f"{self.longest:.2f} s", flush=True)
            self.assertLess(self.longest, ENDS_S)
            self.assertEqual(self.finished(hit), self.finished(calm))
            self.check_books(hit)

    def stop_and_start(self, f, chance):
        name = chance.choice(NAMES)
        if name in SITES and chance.random() < 0.7:
            f.wait_for(lambda: f.trainers(name), "a trainer", pause=0.003)
            time.sleep(chance.uniform(0, 0.1))
        self.stop(f, name, chance.choice((signal.SIGTERM, signal.SIGINT)))
        f.restart(name)


print(f"RENKEI_SEED={SEED}", flush=True)
unittest.main()
