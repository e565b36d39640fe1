# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the coordinator, of site agents and of trainers at random moments of a run, each in
the phase that it is aimed at. After all of them the model has the bytes of an undisturbed run.

RENKEI_SEED chooses the moments (else the clock does), RENKEI_KILLS how many there are."""
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
SEED = int(os.environ.get("RENKEI_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("RENKEI_KILLS") or 54)
KILLS_A_ROUND = 3
ROUNDS = -(-KILLS // KILLS_A_ROUND) + 2
SITES = {"fab1": "us", "fab2": "jp", "fab3": "jp"}
RUN = "kill"
# So that a training and an evaluation take long enough to be hit.
WAFERS = 400
CONFIG = "epochs = 8\nheld_out = 2"
PHASES = ("download", "training", "upload", "reduction", "evaluation")
AIMS = ([("coordinator", p) for p in PHASES] + [("trainer", "training"), ("trainer", "evaluation")] +
        [("site", p) for p in ("download", "training", "upload", "evaluation")])
# A run goes on sooner than this after a kill, even where everybody waits for the one killed.
GOES_ON_S = 15
# How long after the first sign of a phase a kill may come, in seconds.
SPREAD = {"download": 0.01, "training": 0.3, "upload": 0.02, "reduction": 0.02, "evaluation": 0.03}


class Signs:
    """What the logs of a federation say about where its run is: the phases reached so far."""

    WORDS = {"train": "download", "deliver": "upload", "evaluate": "evaluation"}

    def __init__(self, federation):
        self.federation = federation
        self.read_to = collections.Counter()
        self.seen = {}  # (round, phase, site) -> when
        self.latest = {}  # site -> (round, phase)
        self.closed = []  # when, of each round that the coordinator closed
        self.finished = False

    def look(self):
        for name in ("coordinator", *SITES):
            with open(self.federation.root / f"{name}.log", "rb") as log:
                log.seek(self.read_to[name])
                for line in log:
                    if not line.endswith(b"\n"):
                        break  # Half a line: it is read when it is whole.
                    self.read_to[name] += len(line)
                    self.note(name, line)
        for site, (number, phase) in list(self.latest.items()):
            log = f"{site}/work/run-*/round-{number}-train/trainer.log"
            if phase == "download" and any(self.federation.root.glob(log)):
                self.add(site, number, "training")  # It has a trainer.

    def note(self, name, line):
        if b'"site.duty"' in line:
            what, _, number = json.loads(line)["duty"].split()[:3]
            if what in self.WORDS:
                self.add(name, int(number), self.WORDS[what])
        elif name == "coordinator" and b'"round.closed"' in line:
            self.closed.append(time.monotonic())
        elif name == "coordinator" and b'"run.finished"' in line:
            self.finished = True

    def add(self, site, number, phase):
        self.seen.setdefault((number, phase, site), time.monotonic())
        self.latest[site] = (number, phase)

    def beyond(self, number, phase):
        """Whether any site is past the phase of the round."""
        here = (number, PHASES.index(phase))
        return any((n, PHASES.index(p)) > here for n, p in self.latest.values())

    def phase_of(self, name):
        """What a site, or the whole run for the coordinator, was last seen to do."""
        if name != "coordinator":
            return self.latest.get(name, (0, "start"))[1]
        number, phase = max(self.latest.values(), key=lambda at: (at[0], PHASES.index(at[1])))
        begun = min(self.seen[number, phase, s] for s in SITES if (number, phase, s) in self.seen)
        is_closed = phase == "upload" and self.closed and self.closed[-1] > begun
        return "reduction" if is_closed else phase


class Killer:
    def __init__(self, federation, chance):
        self.federation = federation
        self.chance = chance
        self.signs = Signs(federation)
        self.counts = collections.Counter()

    def round(self, number, aims):
        for victim, phase in sorted(aims, key=lambda aim: PHASES.index(aim[1])):
            self.kill(number, victim, phase)

    def kill(self, number, victim, phase):
        site = self.chance.choice(list(SITES))
        delay = self.chance.uniform(0, SPREAD[phase])
        watched = list(SITES) if victim == "coordinator" else [site]
        closed_before = len(self.signs.closed)

        def begun():
            self.signs.look()
            if self.signs.finished:
                raise RuntimeError(f"the run was over after {self.total()} kills")
            if self.signs.beyond(number, phase):
                return True
            if phase == "reduction":
                return len(self.signs.closed) > closed_before
            if victim == "trainer":
                return self.signs.latest.get(site) == (number, phase) and self.federation.trainers(site)
            return any((number, phase, s) in self.signs.seen for s in watched)

        self.federation.wait_for(begun, f"{phase} of round {number} at {watched}", GOES_ON_S, 0.003)
        if victim == "trainer":
            return self.kill_trainer(site, delay if phase == "training" else 0)
        time.sleep(delay)
        self.signs.look()
        name = "coordinator" if victim == "coordinator" else site
        self.counts[victim, self.signs.phase_of(name)] += 1
        self.federation.kill(name)
        if victim == "site":  # Its trainer has ended with it.
            self.federation.wait_for(lambda: not self.federation.trainers(site),
                                     "the trainer to end with its agent", 5, 0.005)
        self.federation.restart(name)

    def kill_trainer(self, site, delay):
        time.sleep(delay)
        for process, task in self.federation.trainers(site).items():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
            kind = task.parent.name.rpartition("-")[2]
            self.counts["trainer", "training" if kind == "train" else "evaluation"] += 1

    def total(self):
        return sum(self.counts.values())


def settle(federation):
    """Two parties, three sites with small synthetic data, and a run under way."""
    f = federation
    f.agree()
    for number, (site, party) in enumerate(SITES.items(), 1):
        f.wafer("generate", "--out", f"data-{site}", "--wafers", WAFERS + 20 * number, "--seed", number)
        f.join(party, site, f"wafer-cnn={BINARIES}/renkei-wafer task --data {f.root}/data-{site}")
    f.wafer("init", "--seed", 1, "-o", "model.safetensors")
    f.propose(f.spec(RUN, rounds=str(ROUNDS), quorum=str(len(SITES)), deadline_s="3600",
                     start_deadline_s="3600", evaluate_deadline_s="3600",
                     config=CONFIG), "model.safetensors")


def aims(chance):
    """Every aim about as often as every other, in no order."""
    found = []
    while len(found) < KILLS:
        found += chance.sample(AIMS, len(AIMS))
    return found[:KILLS]


class Kill(unittest.TestCase):
    def test_whatever_is_killed_whenever_the_model_has_the_same_bytes(self):
        chance = random.Random(SEED)
        with Federation(BINARIES) as calm, Federation(BINARIES, log="debug") as hit:
            settle(calm)
            settle(hit)
            killer = Killer(hit, chance)
            todo = aims(chance)
            number = 1
            while killer.total() < KILLS:
                wanted = todo or aims(chance)  # A trainer that had ended was not killed: once more.
                killer.round(number, wanted[:KILLS_A_ROUND])
                todo = wanted[KILLS_A_ROUND:]
                number += 1
            for federation in (calm, hit):
                federation.wait_for(lambda: federation.status(RUN).get("outcome"), "the end of the run")
            self.report(killer)
            expected = self.finished(calm)
            self.assertEqual(self.finished(hit), expected)
            self.check_books(hit)

    def report(self, killer):
        print(f"{killer.total()} kills, seed {SEED}, {ROUNDS} rounds:", ", ".join(
            f"{victim} in {phase} {count}"
            for (victim, phase), count in sorted(killer.counts.items())), flush=True)

    def finished(self, federation):
        """The model of a completed run, by its name and its bytes."""
        shown = federation.status(RUN)
        self.assertEqual(shown["outcome"], "completed", shown)
        return shown["model"], federation.blob(shown["model"])

    def check_books(self, federation):
        """The ledger verifies, every receipt is honoured, nothing is counted twice."""
        for name in list(federation.children):
            self.assertEqual(federation.stop(name), 0, federation.log(name))
        federation.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")
        for site in SITES:
            federation.call("ledger", "verify", "--dir", f"{site}/mirror", "--charter", "charter.json")
        entries = federation.entries()
        closed = {r["round"]: r for kind, r in entries if kind == "round.closed"}
        self.assertEqual(sorted(closed), list(range(1, ROUNDS + 1)))
        counted = [c["entry"] for r in closed.values() for c in r["counted"]]
        self.assertEqual(len(counted), len(set(counted)), "an entry is counted twice")
        self.assertEqual(len(counted), len(SITES) * ROUNDS)
        for site in SITES:
            receipts = federation.receipts(site)
            self.assertEqual(len(receipts), ROUNDS, f"{site}: a receipt for each round")
            for entry, receipt in receipts.items():
                kind, contributed = entries[entry]
                self.assertEqual((kind, contributed["site"], contributed["round"], receipt["entry"]),
                                 ("update.contributed", site, receipt["round"], entry))
                named = closed[receipt["round"]]
                reasons = [n["code"] for n in named["not_counted"] if n["site"] == site]
                self.assertTrue(reasons or entry in [c["entry"] for c in named["counted"]])


if __name__ == "__main__":
    print(f"RENKEI_SEED={SEED}", flush=True)
    unittest.main()
