# SPDX-License-Identifier: Apache-2.0
"""The limits of a site's operator hold while it takes part in a run: the rate of its upload, as it
crosses the link, and the hours at which it works at all."""
import pathlib
import sys
import time
import unittest

from federation import Federation
from models import MIB, write_model
from slow_link import SlowLink

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
MODEL_MIB = 16
RATE_MBIT = 40
IDEAL_S = MODEL_MIB * MIB * 8 / (RATE_MBIT * 1e6)
TRAINER = pathlib.Path(__file__).with_name("slow_trainer.py")


class Limits(unittest.TestCase):
    def test_an_upload_keeps_to_its_rate_and_a_site_to_its_hours(self):
        f = self.enterContext(Federation(BINARIES))
        link = self.enterContext(SlowLink(f.port))
        f.charter_port = link.port
        f.environment["TZ"] = "UTC"
        f.agree()
        for party, site in (("us", "fab1"), ("jp", "fab2")):
            f.join(party, site, f"wafer-cnn={sys.executable} {TRAINER}")
            f.stop(site)
        far_day = time.strftime("%a", time.gmtime(time.time() + 2 * 86400))
        for site, limit in (("fab1", f"upload_mbit = {RATE_MBIT}"),
                            ("fab2", f'hours = ["{far_day} 00:00-24:00"]')):
            with open(f.root / site / "site.toml", "a") as config:
                config.write(f"\n[limits]\n{limit}\n")
            f.start_site(site)
        write_model(f.root / "model.safetensors", MODEL_MIB)
        f.propose(f.spec("paced", rounds="1", quorum="1", deadline_s="600"), "model.safetensors")
        f.wait_for(lambda: f.trainers("fab1"), "the trainer", pause=0.01)
        before = link.up
        f.wait_for(lambda: link.up - before > MIB // 2, "the upload to begin", pause=0.005)
        began = time.monotonic()
        f.wait_for(lambda: f.receipts("fab1"), "the receipt", pause=0.01)
        took = time.monotonic() - began
        print(f"{MODEL_MIB} MiB at {RATE_MBIT} Mbit/s took {took:.2f} s, ideal {IDEAL_S:.2f} s",
              flush=True)
        self.assertGreater(took, 3)
        self.assertLess(took, 1.5 * IDEAL_S)
        f.wait_for(lambda: f.status("paced").get("outcome"), "the end of the run")
        declined = [(r["site"], r["code"]) for kind, r in f.entries() if kind == "round.declined"]
        self.assertEqual(set(declined), {("fab2", "outside-hours")})
        self.assertFalse(list(f.root.glob("fab2/blobs/*/t1-*")), "no byte of a model came to fab2")
        self.assertEqual(f.status("paced")["outcome"], "completed")


unittest.main()
