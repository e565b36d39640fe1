# SPDX-License-Identifier: Apache-2.0
"""A real run, and afterwards: why it was decided so, the same again, and what crossed."""
import datetime
import json
import pathlib
import shutil
import sys
import unittest

from federation import Federation
from models import write_model

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
SOURCE = pathlib.Path(sys.argv.pop(1))

MODEL_MIB = 1
# An update of its own: the first byte of the only tensor is another.
TRAINER = r"""set -e
cp "$RENKEI_MODEL" "$RENKEI_UPDATE"
size=$(wc -c < "$RENKEI_MODEL")
printf '\000\000\200\077' | dd of="$RENKEI_UPDATE" bs=1 seek=$((size - 4)) conv=notrunc 2> /dev/null
echo '{"examples": 10, "metrics": {"loss": 0.5, "operations": 1000.0}}' > "$RENKEI_METRICS"
"""


class Replay(unittest.TestCase):
    def test_decisions_are_explained_made_again_and_reported_from_the_ledger_alone(self):
        with Federation(BINARIES) as f:
            f.agree()
            (f.root / "trainer.sh").write_text(TRAINER)
            for party, site in (("us", "fab1"), ("jp", "fab2")):
                f.join(party, site, f"copy=/bin/sh {f.root}/trainer.sh")
            write_model(f.root / "model.safetensors", MODEL_MIB)
            f.propose(f.spec("joint", trainer='"copy"'), "model.safetensors")
            f.wait_for(lambda: f.status("joint")["phase"] == "finished", "the run to finish")
            self.assertEqual(f.status("joint")["outcome"], "completed")
            for name in ("fab1", "fab2", "coordinator"):
                f.stop(name)
            self.read = ["--dir", "coordinator/ledger", "--charter", "charter.json"]
            self.explains(f)
            self.replays(f)
            self.reports(f)

    def explains(self, f):
        entry = next(index for index, (kind, record) in enumerate(f.entries())
                     if kind == "crossing.determined" and record["item"] == "update"
                     and record["from"]["party"] == "miyako-fab")
        english = f.call("gate", "explain", entry, *self.read, "--to", "sierra-semi")
        for words in ("go: update of run joint, from miyako-fab/fab2 in JP", "NLR", "EAR99",
                      "To sierra-semi in US:", "734.14", "not legal advice"):
            self.assertIn(words, english)
        self.assertNotIn("To miyako-fab", english)
        japanese = f.call("gate", "explain", entry, *self.read, "--lang", "ja")
        for words in ("可：品目 update", "sierra-semi（US）宛て", "憲章が許可している", "NLR", "734.14"):
            self.assertIn(words, japanese)
        document = json.loads(f.call("gate", "explain", entry, *self.read, "-o", "json"))
        self.assertEqual(document["verdict"], "go")
        us = document["recipients"][0]["answers"][0]
        self.assertEqual((us["jurisdiction"], us["outcome"]), ("us", "NLR"))
        self.assertTrue(us["cites"] and us["proof"])
        f.call("gate", "explain", 0, *self.read, code=1)
        self.assertIn("no crossing.determined", f.errors)

    def replays(self, f):
        said = json.loads(f.call("gate", "replay", *self.read, "-o", "json"))
        determined = [r for kind, r in f.entries() if kind == "crossing.determined"]
        self.assertGreaterEqual(len(determined), 6)
        self.assertEqual((said["decisions"], said["same"]), (len(determined),) * 2)
        self.assertEqual(said["differences"], [])
        for mirror in ("fab2/mirror", "jp/mirror/wafers"):
            again = json.loads(f.call("gate", "replay", "--dir", mirror, "--charter", "charter.json",
                                      "-o", "json"))
            self.assertEqual(again["same"], again["decisions"], mirror)

        # The same program with packs of other bytes, and nothing kept beside the ledger.
        shutil.copytree(f.root / "coordinator" / "ledger", f.root / "bare" / "at" / "ledger")
        elsewhere = f.root / "program"
        shutil.copytree(SOURCE / "rulepacks", elsewhere / "share" / "renkei" / "rulepacks")
        for pack in (elsewhere / "share" / "renkei" / "rulepacks").glob("*.yaml"):
            pack.write_text(pack.read_text() + "# another byte\n")
        (elsewhere / "bin").mkdir()
        shutil.copy(BINARIES / "renkei", elsewhere / "bin" / "renkei")
        binaries, f.binaries = f.binaries, elsewhere / "bin"
        bare = ["--dir", "bare/at/ledger", "--charter", "charter.json"]
        missing = json.loads(f.call("gate", "replay", *bare, "-o", "json", code=1))
        self.assertEqual(missing["packs_missing"], len(determined))
        self.assertEqual(missing["different"], 0)
        self.assertIn("is not here", f.errors)
        # With those of the source it is as before.
        f.call("gate", "replay", *bare, "--packs", SOURCE / "rulepacks")
        f.binaries = binaries

        # No fact can be another: then the ledger does not verify.
        bundle = next((f.root / "bare" / "at" / "ledger" / "tile" / "entries").rglob("*.p/*"))
        bundle.write_bytes(bundle.read_bytes().replace(b"eyJ", b"eyK", 1))
        f.call("gate", "replay", *bare, code=6)

    def reports(self, f):
        month = f.entries()[0][1]["at"][:7]
        text = f.call("report", "--period", month, *self.read)
        self.assertEqual(text, f.call("report", "--period", month, *self.read))
        self.assertIn("sierra-semi", text)
        self.assertIn("miyako-fab", text)
        self.assertTrue(text.endswith("A compliance aid, not legal advice.\n"))
        self.assertIn("法的助言ではありません", f.call("report", "--period", month, *self.read,
                                            "--lang", "ja"))
        first, last = f.entries()[0][1]["at"][:10], f.entries()[-1][1]["at"][:10]
        report = json.loads(f.call("report", "--period", f"{first}..{last}", *self.read, "-o",
                                   "json"))
        self.assertEqual(report["size"], len(f.entries()))
        updates = [row for row in report["crossings"] if row["item"] == "update"
                   and row["from"] == "miyako-fab/fab2/JP" and row["to"] == "sierra-semi/US"]
        self.assertEqual([row["crossings"] for row in updates], [2])
        contributed = [r for kind, r in f.entries() if kind == "update.contributed"]
        sizes = sum(int(r["update"].split("-")[2]) for r in contributed if r["site"] == "fab2")
        self.assertEqual(updates[0]["bytes"], sizes)
        self.assertTrue(updates[0]["between_countries"])
        self.assertIn("us codified NLR", updates[0]["outcome"])
        self.assertEqual(sum(row["operations"] for row in report["operations"]), 4000)
        self.assertEqual(report["holds"], [])
        later = (datetime.date.fromisoformat(last) + datetime.timedelta(days=400)).strftime("%Y-%m")
        empty = json.loads(f.call("report", "--period", later, *self.read, "-o", "json"))
        self.assertEqual(empty["crossings"], [])
        f.call("report", "--period", "soon", *self.read, code=1)


unittest.main()
