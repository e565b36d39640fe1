# SPDX-License-Identifier: Apache-2.0
"""`renkei suspend` stops a model on its way to a site, and an update on its way back, within 5 s."""
import json
import pathlib
import struct
import sys
import time
import unittest

from federation import Federation, free_port
from throttle import Throttle

BINARIES = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)

MODEL_BYTES = 24 << 20
RATE = 3 << 20  # a transfer takes eight seconds
# Not the model's own bytes, which the coordinator has already.
TRAINER = r"""set -e
cp "$RENKEI_MODEL" "$RENKEI_UPDATE"
size=$(wc -c < "$RENKEI_MODEL")
printf '\000\000\200\077' | dd of="$RENKEI_UPDATE" bs=1 seek=$((size - 4)) conv=notrunc 2> /dev/null
echo '{"examples": 10, "metrics": {"loss": 0.5}}' > "$RENKEI_METRICS"
"""


class Slow(Federation):
    """Its coordinator is reached through a proxy that can be slowed down."""

    def serve(self):
        listen = free_port()
        self.start("coordinator", "coordinator", "--party", "us", "--charter", "charter.json",
                   "--dir", "coordinator", "--listen", f"127.0.0.1:{listen}")
        self.proxy = Throttle(self.port, listen)
        self.wait_for(lambda: self.call("run", "ls", *self.actor()) is not None, "the coordinator")

    def carried_within(self, seconds):
        before = self.proxy.carried
        time.sleep(seconds)
        return self.proxy.carried - before

    def suspended_after(self, *what):
        """Suspends `what`; seconds from the command's start until nothing but small talk moves."""
        begin = time.monotonic()
        self.call("suspend", *self.actor("jp"), *what)
        while self.carried_within(0.5) > 100_000:
            assert time.monotonic() - begin < 20, "still moving"
        return time.monotonic() - begin - 0.5


class Suspend(unittest.TestCase):
    def test_a_suspension_stops_what_is_under_way_and_a_resumption_lets_it_go_on(self):
        with Slow(BINARIES) as f:
            f.agree()
            self.addCleanup(f.proxy.close)
            (f.root / "trainer.sh").write_text(TRAINER)
            f.join("jp", "fab2", f"copy=/bin/sh {f.root}/trainer.sh")
            header = json.dumps({"w": {"dtype": "F32", "shape": [MODEL_BYTES // 4],
                                       "data_offsets": [0, MODEL_BYTES]}}).encode()
            with open(f.root / "model.safetensors", "wb") as model:
                model.write(struct.pack("<Q", len(header)) + header + bytes(MODEL_BYTES))
            spec = f.spec("big", rounds="1", quorum="1", deadline_s="300", trainer='"copy"')
            f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor())
            f.call("run", "approve", "big", *f.actor("us"))
            f.proxy.bytes_per_second = RATE
            f.call("run", "approve", "big", *f.actor("jp"))

            f.wait_for(lambda: f.carried_within(1) > RATE // 2, "the model to go down")
            down = f.suspended_after()
            self.assertLess(down, 5)
            self.assertEqual(f.status("big")["sites"][0]["phase"], "suspended")
            self.assertIn("miyako-fab to resume", json.dumps(f.status("big")["waiting_for"]))
            f.call("suspend", *f.actor("jp"), code=1)
            self.assertIn("suspended-already", f.errors)
            f.call("suspend", *f.actor("us"), "--site", "fab2", code=3)

            f.call("resume", *f.actor("jp"))
            f.wait_for(lambda: f.status("big")["sites"][0]["phase"] == "contributing",
                       "the update to go up", 120)
            f.wait_for(lambda: f.carried_within(1) > RATE // 2, "the update to move")
            up = f.suspended_after("--site", "fab2")
            self.assertLess(up, 5)
            f.call("resume", *f.actor("jp"), "--site", "fab2")
            f.proxy.bytes_per_second = None
            f.wait_for(lambda: f.status("big")["phase"] == "finished", "the run to finish", 120)
            self.assertEqual(f.status("big")["outcome"], "completed")
            f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")
            print(f"stopped {down:.1f} s and {up:.1f} s after the command", file=sys.stderr)


unittest.main()
