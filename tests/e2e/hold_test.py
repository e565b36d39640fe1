# SPDX-License-Identifier: Apache-2.0
"""What the gate holds waits for officers: approved it goes on, denied the others go on without it."""
import csv
import io
import json
import pathlib
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
FACT = "item.violation_known"  # A fact that matters and that nobody states in these runs.


class Holds(unittest.TestCase):
    def spec(self, f, name, **more):
        spec = f.spec(name, rounds="1", start_deadline_s="60", config="epochs = 1\nheld_out = 2", **more)
        file = f.root / spec
        file.write_text(file.read_text() + f'\n[facts]\n"{FACT}" = "unknown"\n')
        return spec

    def holds(self, f, *flags):
        return json.loads(f.call("holds", *flags, *f.actor(), "-o", "json"))

    def approve(self, f, party, entry, *flags, code=0):
        f.call("approve", entry, "--reason", "looked into it", *flags, *f.actor(party), code=code)

    def submit(self, f, spec):
        """Held, approved by the owner's officer, submitted, approved as a run."""
        f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor(), code=7)
        self.assertIn(FACT, f.errors)
        [hold] = self.holds(f)
        self.assertEqual(hold["state"], "open, 0 of 1 officers")
        self.assertEqual(hold["why"], f"missing: {FACT}")
        f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor(), code=7)
        self.assertEqual(len(self.holds(f)), 1, "asked again, it waits as before")
        self.approve(f, "jp", hold["entry"], code=3)
        self.approve(f, "us", hold["entry"])
        self.approve(f, "us", hold["entry"], code=1)
        f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor())
        for party in ("us", "jp"):
            f.call("run", "approve", spec.removesuffix(".toml"), *f.actor(party))

    def decide(self, f, wanted):
        """Waits for the holds of the coordinator and the sites, and decides each."""
        f.wait_for(lambda: len(self.holds(f)) >= wanted, f"{wanted} holds")
        return self.holds(f)

    def test_a_run_goes_on_when_officers_approve_and_without_those_who_are_denied(self):
        with Federation(BINARIES) as f:
            f.agree()
            for number, (site, party) in enumerate((("fab1", "us"), ("fab2", "jp")), 1):
                f.wafer("generate", "--out", f"data-{site}", "--wafers", 100 + 20 * number, "--seed", number)
                f.join(party, site, f"wafer-cnn={BINARIES}/renkei-wafer task --data {f.root}/data-{site}")
            f.wafer("init", "--seed", 1, "-o", "model.safetensors")
            self.submit(f, self.spec(f, "both", quorum="2"))
            held = self.decide(f, 5)
            self.assertEqual(sorted(hold["item"] for hold in held),
                             sorted(["model of both", *["update of both", "metrics of both"] * 2]))
            shown = f.status("both")
            self.assertEqual(shown["phase"], "starting")
            table = list(csv.DictReader(io.StringIO(f.call("holds", "--csv", *f.actor()))))
            self.assertEqual([row["entry"] for row in table], [str(hold["entry"]) for hold in held])
            f.call("licence", "record", "lic-1", "--unit", "models", "--quantity", 1, "--until", "2030-01-01",
                   *f.actor())
            ours = [hold for hold in held if hold["party"] == "sierra-semi"]
            self.approve(f, "us", ours[0]["entry"], "--licence", "lic-1", "--quantity", 1)
            self.approve(f, "us", ours[1]["entry"], "--licence", "lic-1", "--quantity", 1, code=3)
            self.assertIn("licence-spent", f.errors)
            [licence] = json.loads(f.call("licence", "ls", *f.actor(), "-o", "json"))
            self.assertEqual((licence["taken"], licence["left"]), (1, 0))
            for hold in held:
                if hold["entry"] != ours[0]["entry"]:
                    self.approve(f, "us" if hold["party"] == "sierra-semi" else "jp", hold["entry"])
            f.wait_for(lambda: f.status("both").get("outcome"), "the end of the run")
            self.assertEqual(f.status("both")["outcome"], "completed")

            self.submit(f, self.spec(f, "one", quorum="1"))
            for hold in self.decide(f, 5):
                if hold["party"] == "miyako-fab":
                    f.call("deny", hold["entry"], "--reason", "not this one", *f.actor("jp"))
                else:
                    self.approve(f, "us", hold["entry"])
            f.wait_for(lambda: f.status("one").get("outcome"), "the end of the run")
            self.assertEqual(f.status("one")["outcome"], "completed")
            counted = [record["counted"] for kind, record in f.entries() if kind == "round.closed"]
            self.assertEqual([[one["site"] for one in each] for each in counted], [["fab1", "fab2"], ["fab1"]])
            text = "".join(json.dumps(record) for kind, record in f.entries())
            self.assertNotIn("looked into it", text)
            self.assertEqual(len(list((f.root / "us/reasons").iterdir())), 1)
            self.assertEqual(self.holds(f), [])
            self.assertEqual(len(self.holds(f, "--all")), 12)
            f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")


if __name__ == "__main__":
    unittest.main()
