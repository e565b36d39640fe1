# SPDX-License-Identifier: Apache-2.0
"""A site is let in only when the coordinator's gate lets its ledger go there."""
import pathlib
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)


class Admission(unittest.TestCase):
    def knock(self, f):
        token = f.call("site", "invite", "--party", "jp", "--charter", "charter.json", "--site", "fab2").strip()
        f.start("join", "site", "join", token, "--dir", "fab2", "--trainer", "wafer-cnn=true", "--examples", "10")

    def approve(self, f, code):
        f.call("site", "approve", "--site", "fab2", "--wait", "20", *f.actor("jp"), code=code)

    def determined(self, f):
        f.call("run", "ls", *f.actor())  # Whoever asks has the newest entries signed.
        return [record for kind, record in f.entries() if kind == "crossing.determined"]

    def test_a_denied_party_is_refused_with_the_paragraph(self):
        with Federation(BINARIES) as f:
            f.agree(("hq=JP", "ultimate_parent_hq=JP", "denied=yes"))
            self.knock(f)
            self.approve(f, 3)
            self.assertIn("736.2(b)(4)", f.errors)
            said = self.determined(f)
            self.assertEqual([one["verdict"] for one in said], ["refuse"])
            self.assertEqual(said[0]["item"], "ledger")
            self.assertNotIn("site.enrolled", [kind for kind, record in f.entries()])

    def test_a_fact_that_is_missing_holds_and_is_asked_once(self):
        with Federation(BINARIES) as f:
            f.agree(("hq=JP", "ultimate_parent_hq=JP", "military_intelligence=unknown"))
            self.knock(f)
            self.approve(f, 7)
            self.assertIn("military_intelligence", f.errors)
            self.approve(f, 7)
            said = self.determined(f)
            self.assertEqual([one["verdict"] for one in said], ["hold"])
            self.assertTrue(any("party.military_intelligence" in outcome["missing"] for outcome in said[0]["rules"]))

    def test_an_ordinary_party_is_let_in_by_a_go_in_the_ledger(self):
        with Federation(BINARIES) as f:
            f.agree()
            f.join("jp", "fab2", "wafer-cnn=true")
            kinds = [kind for kind, record in f.entries()]
            self.assertLess(kinds.index("crossing.determined"), kinds.index("site.enrolled"))
            said = self.determined(f)[0]
            self.assertEqual((said["verdict"], said["item"]), ("go", "ledger"))
            self.assertEqual({outcome["jurisdiction"] for outcome in said["rules"]}, {"us", "jp"})


if __name__ == "__main__":
    unittest.main()
