# SPDX-License-Identifier: Apache-2.0
"""`renkei site drain` lets a site finish its training and deliver it, and says when it is done."""
import json
import pathlib
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
TRAINER = pathlib.Path(__file__).with_name("slow_trainer.py")


class Drain(unittest.TestCase):
    def declined(self, f):
        return [(r["site"], r["round"], r["code"]) for kind, r in f.entries() if kind == "round.declined"]

    def test_a_site_that_drains_delivers_what_it_began_and_takes_nothing_new(self):
        with Federation(BINARIES) as f:
            f.agree()
            for party, site in (("us", "fab1"), ("jp", "fab2")):
                f.join(party, site, f"wafer-cnn={sys.executable} {TRAINER}")
            f.call("site", "drain", "nowhere", code=1)
            self.assertIn("no site.toml", f.errors)
            f.wafer("init", "--seed", 1, "-o", "model.safetensors")
            f.propose(f.spec("long", rounds="3", quorum="1", deadline_s="3600"), "model.safetensors")
            f.wait_for(lambda: f.trainers("fab2"), "the trainer of fab2", pause=0.01)
            f.call("site", "drain", "fab2", "--wait", 1, code=5)
            self.assertIn("still in flight: train round 1 of run long", f.errors)
            f.stop("fab2")
            f.start_site("fab2")
            f.call("site", "drain", "--dir", "fab2", "--wait", 30, "-o", "json")
            self.assertIn("in flight: nothing", f.errors)
            self.assertEqual(len(f.receipts("fab2")), 1)
            self.assertFalse(f.trainers("fab2"))
            self.assertEqual(f.stop("fab2"), 0)

            f.start_site("fab2")
            f.wait_for(lambda: ("fab2", 2, "draining") in self.declined(f), "round 2 without fab2")
            f.wait_for(lambda: [s["phase"] for s in f.status("long")["sites"] if s["site"] == "fab2"]
                       == ["declined: draining"], "run show to say why")
            self.assertEqual(json.loads(f.call("site", "drain", "fab2", "--undo", "-o", "json"))["state"],
                             "serving")
            f.wait_for(lambda: f.status("long").get("outcome"), "the end of the run")
            self.assertEqual(f.status("long")["outcome"], "completed")
            counted = [[c["site"] for c in r["counted"]] for kind, r in f.entries()
                       if kind == "round.closed"]
            self.assertEqual(counted, [["fab1", "fab2"], ["fab1"], ["fab1", "fab2"]])


unittest.main()
