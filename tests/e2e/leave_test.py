# SPDX-License-Identifier: Apache-2.0
"""A run is paused and resumed, a party leaves in the middle of it, and what nobody keeps is deleted."""
import pathlib
import subprocess
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
TRAINER = pathlib.Path(__file__).with_name("slow_trainer.py")


class Forgetful(Federation):
    """Its coordinator keeps nothing of a run that is over."""

    def start(self, name, *arguments):
        more = ["--keep-updates-days", "0"] if name == "coordinator" else []
        super().start(name, *arguments, *more)

    def leave(self, typed):
        return subprocess.run([self.binaries / "renkei", "leave", *self.actor("jp")], cwd=self.root,
                              env=self.environment, input=typed, capture_output=True, text=True,
                              timeout=60)

    def blobs(self):
        return sorted(blob.name for blob in (self.root / "coordinator" / "blobs").glob("*/t1-*")
                      if blob.suffix != ".leaves" and blob.parent.name != "partial")


class Leave(unittest.TestCase):
    def test_a_run_is_paused_a_party_leaves_and_its_blobs_go(self):
        f = self.enterContext(Forgetful(BINARIES))
        f.agree()
        for party, site in (("us", "fab1"), ("jp", "fab2")):
            f.join(party, site, f"wafer-cnn={sys.executable} {TRAINER}")
        f.wafer("init", "--seed", "1", "-o", "model.safetensors")
        f.propose(f.spec("slow", rounds="3", quorum="1", deadline_s="600"), "model.safetensors")
        f.wait_for(lambda: f.status("slow")["phase"] == "training", "round 1")

        f.call("run", "pause", "slow", *f.actor("jp"))
        f.call("run", "pause", "slow", *f.actor("jp"), code=1)
        self.assertIn("paused-already", f.errors)
        f.wait_for(lambda: f.status("slow")["waiting_for"] == ["paused by miyako-fab"],
                   "the round to be finished in the pause")
        status = f.status("slow")
        self.assertEqual((status["phase"], status["round"]), ("evaluating", 1))
        self.assertEqual(status["paused_by"], ["miyako-fab"])
        self.assertEqual(len(status["curve"]), 1)
        self.assertIn("paused by miyako-fab", f.call("run", "ls", *f.actor()))
        f.call("run", "resume", "slow", *f.actor(), code=1)
        self.assertIn("not-paused", f.errors)
        f.call("run", "resume", "slow", *f.actor("jp"))
        f.wait_for(lambda: f.status("slow")["round"] == 2, "round 2")

        refused = f.leave("no\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Site fab2 stops.", refused.stderr)
        self.assertIn("no new run can start", refused.stderr)
        self.assertFalse([kind for kind, _ in f.entries() if kind == "party.left"])
        left = f.leave("miyako-fab\n")
        self.assertEqual(left.returncode, 0, left.stderr)
        self.assertEqual(f.children.pop("fab2").wait(30), 3)
        self.assertIn("party-left", f.log("fab2"))
        f.call("run", "show", "slow", *f.actor("jp"), code=3)
        self.assertIn("party-left", f.errors)
        f.call("run", "stop", "slow", *f.actor("jp"), code=3)
        self.assertIn("party-left", f.errors)
        f.call("ledger", "show", *f.actor("jp"))

        f.wait_for(lambda: f.status("slow")["phase"] == "finished", "the run to end without it")
        model = f.status("slow")["model"]
        self.assertEqual(f.status("slow")["outcome"], "completed")
        f.wait_for(lambda: f.blobs() == [model], "all but the model to be deleted")
        reasons = [record["reason"] for kind, record in f.entries() if kind == "blobs.deleted"]
        self.assertEqual(set(reasons), {"party-left", "retention"})
        f.call("release", "build", "--run", "slow", "--round", "1", "--out", "release", *f.actor(),
               code=1)
        self.assertIn("was deleted with entry", f.errors)
        f.call("release", "build", "--run", "slow", "--out", "release", *f.actor())
        f.call("release", "verify", "release")
        f.call("run", "submit", f.spec("next", quorum="1"), "--model", "model.safetensors",
               *f.actor(), code=3)
        self.assertIn("approvals-impossible", f.errors)
        f.stop("coordinator")
        f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")


unittest.main()
