# SPDX-License-Identifier: Apache-2.0
"""`renkei demo` on a small synthetic set: the report says what the issue of a run must say."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

BINARIES = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)


class Demo(unittest.TestCase):
    def test_a_short_demo_trains_verifies_and_reports(self):
        with tempfile.TemporaryDirectory(prefix="renkei-demo-test-") as folder:
            out = pathlib.Path(folder) / "out"
            report = pathlib.Path(folder) / "report.json"
            done = subprocess.run(
                [BINARIES / "renkei", "demo", "--rounds", "2", "--joint-only", "--out", out, "--report",
                 report], capture_output=True, text=True, timeout=200)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("SYNTHETIC", done.stdout)
            self.assertIn("verified", done.stdout)
            for shown in ("DEMO key", "SYNTHETIC list", "An H100 server, for its own room?\nrefuse",
                          "ultimate parent = CN (D:5: yes)", "used from Tokyo?\nhold", "service.trains_models",
                          "hold: model of run wafer-joint", "missing: party.listed_ownership", "approved in entry",
                          "So it goes: "):
                self.assertIn(shown, done.stdout)
            self.assertTrue((out / "release-minato-ai/model.safetensors").exists())
            told = json.loads(report.read_text())
            self.assertEqual(len(told["sites"]), 4)
            self.assertEqual({s["country"] for s in told["sites"]}, {"US", "JP"})
            self.assertEqual(told["rounds"], 2)
            self.assertTrue(told["ledger"]["verified"])
            self.assertGreater(told["bytes_up"], 2 * 4 * 60_000)
            self.assertGreater(told["bytes_down"], 2 * 4 * 60_000)
            self.assertGreater(told["coordinator_peak_rss_bytes"], 1 << 20)
            self.assertEqual(len(told["joint"]["per_class"]), 9)
            release = pathlib.Path(told["release"]["path"])
            verified = subprocess.run([BINARIES / "renkei", "release", "verify", release],
                                      capture_output=True, text=True)
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            model = release / "model.safetensors"
            spoiled = bytearray(model.read_bytes())
            spoiled[-1] ^= 1
            model.write_bytes(spoiled)
            verified = subprocess.run([BINARIES / "renkei", "release", "verify", release],
                                      capture_output=True, text=True)
            self.assertEqual(verified.returncode, 6, verified.stdout + verified.stderr)


unittest.main()
