# SPDX-License-Identifier: Apache-2.0
"""A site or a coordinator that is killed goes on where it was: in a download, in training, in an
upload. What crossed the link says so, and the trainer's own log."""
import os
import pathlib
import signal
import sys
import unittest

from federation import Federation
from models import MIB, write_model
from slow_link import SlowLink

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
MODEL_MIB = 32
RATE = 12 * MIB
# What may cross again after a kill: what one stream may send ahead (4 MiB), and a chunk that was
# not whole at either end.
AGAIN = 6 * MIB
TRAINER = pathlib.Path(__file__).with_name("slow_trainer.py")


class Resume(unittest.TestCase):
    def setUp(self):
        self.federation = self.enterContext(Federation(BINARIES))
        self.link = self.enterContext(SlowLink(self.federation.port))
        self.federation.charter_port = self.link.port

    def kill_at(self, victim, what, reached):
        self.federation.wait_for(reached, what, pause=0.005)
        self.federation.kill(victim)
        self.federation.restart(victim)

    def transfer(self, way, phase):
        """Kills the site, then the coordinator, in the middle of a transfer of the whole model."""
        before = getattr(self.link, way)
        moved = lambda: getattr(self.link, way) - before
        self.kill_at("fab1", f"10 MiB of the {phase}", lambda: moved() > 10 * MIB)
        self.kill_at("coordinator", f"20 MiB of the {phase}", lambda: moved() > 20 * MIB)
        return moved

    def expect_resumed(self, moved, phase):
        print(f"{phase}: {moved() / MIB:.1f} MiB crossed for {MODEL_MIB}, with two kills", flush=True)
        self.assertGreater(moved(), MODEL_MIB * MIB)
        self.assertLess(moved(), MODEL_MIB * MIB + 2 * AGAIN)

    def steps(self):
        logs = self.federation.root.glob("fab1/work/run-*/round-1-train/trainer.log")
        return [int(line.split()[-1]) for log in logs for line in log.read_text().splitlines()]

    def checkpoint(self):
        places = list(self.federation.root.glob("fab1/work/run-*/round-1-train/checkpoint/step"))
        return int(places[0].read_text()) if places else 0

    def test_a_killed_process_goes_on_in_the_middle_of_each_phase(self):
        f = self.federation
        f.agree()
        f.join("us", "fab1", f"wafer-cnn={sys.executable} {TRAINER}")
        write_model(f.root / "model.safetensors", MODEL_MIB)
        spec = f.spec("slow", rounds="1", quorum="1", deadline_s="3600")
        f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor())
        f.call("run", "approve", "slow", *f.actor("us"))
        self.link.rate = RATE
        f.call("run", "approve", "slow", *f.actor("jp"))
        download = self.transfer("down", "download")
        f.wait_for(lambda: f.trainers("fab1"), "the trainer to start", pause=0.01)
        self.expect_resumed(download, "download")

        self.kill_at("fab1", "three steps of training", lambda: self.checkpoint() >= 3)
        f.wait_for(lambda: len(self.steps()) == 2 and self.checkpoint() >= 6, "three more steps")
        os.kill(next(iter(f.trainers("fab1"))), signal.SIGKILL)

        upload = self.transfer("up", "upload")
        f.wait_for(lambda: f.receipts("fab1"), "the receipt")
        self.expect_resumed(upload, "upload")
        f.wait_for(lambda: f.status("slow").get("outcome"), "the end of the run")
        self.assertEqual(f.status("slow")["outcome"], "completed")
        steps = self.steps()
        print("the trainer started at steps", steps, flush=True)
        self.assertEqual(len(steps), 3)
        self.assertEqual(steps[0], 0)
        self.assertGreaterEqual(steps[1], 3)
        self.assertGreaterEqual(steps[2], 6)
        kinds = [kind for kind, _ in f.entries()]
        self.assertEqual(kinds.count("update.contributed"), 1)
        self.assertEqual(list(f.receipts("fab1")), [kinds.index("update.contributed")])


unittest.main()
