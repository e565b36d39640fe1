# SPDX-License-Identifier: Apache-2.0
"""What must be refused is refused with the documented exit code, a clear message and an entry."""
import json
import pathlib
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)


def entries(federation):
    out = federation.call("ledger", "show", *federation.actor(), "--count", 500, "-o", "json")
    return json.loads(out)


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.federation = Federation(BINARIES).__enter__()
        f = cls.federation
        f.agree()
        f.token = f.join("us", "fab1", "another-trainer=/bin/true")
        f.wafer("init", "--seed", 1, "-o", "model.safetensors")

    @classmethod
    def tearDownClass(cls):
        cls.federation.__exit__()

    def test_a_purpose_outside_the_charter_is_refused_and_the_refusal_is_an_entry(self):
        f = self.federation
        spec = f.spec("spying", purposes='["weapons-research"]')
        f.call("run", "submit", spec, "--model", "model.safetensors", *f.actor(), code=3)
        self.assertIn("purpose", f.errors)
        refused = [e for e in entries(f) if e["kind"] == "crossing.determined"
                   and "refuse" in e["summary"]]
        self.assertTrue(refused)

    def test_a_run_nobody_approved_waits_and_says_for_whom(self):
        f = self.federation
        f.call("run", "submit", f.spec("waiting", quorum="1"), "--model", "model.safetensors",
               *f.actor())
        shown = f.status("waiting")
        self.assertIn("approv", json.dumps(shown).lower())

    def test_a_site_without_the_trainer_declines_by_name(self):
        f = self.federation
        f.call("run", "submit", f.spec("unmapped", quorum="1"), "--model", "model.safetensors",
               *f.actor())
        f.call("run", "approve", "unmapped", *f.actor("us"))
        f.call("run", "approve", "unmapped", *f.actor("jp"))
        f.wait_for(lambda: any(e["kind"] == "round.declined" and "trainer-not-mapped" in e["summary"]
                               for e in entries(f)), "the site to decline")

    def test_a_used_token_is_refused(self):
        f = self.federation
        f.call("site", "join", f.token, "--dir", "again", "--examples", 1, "--wait", 3, code=4)
        self.assertIn("used", f.errors)
        self.assertFalse((f.root / "again").exists())

    def test_a_bad_spec_names_line_and_key(self):
        f = self.federation
        (f.root / "bad.toml").write_text('format = "renkei-run/1"\nnome = "x"\n')
        f.call("run", "submit", "bad.toml", "--model", "model.safetensors", *f.actor(), code=1)
        self.assertIn("bad.toml", f.errors)

    def test_a_person_outside_the_charter_is_nobody(self):
        f = self.federation
        f.call("init", "--dir", "stranger", "--party", "sierra-semi", "--name", "X", "--country",
               "US", "--person", "alice:officer,operator,researcher")
        f.call("run", "ls", "--party", "stranger", "--as", "alice", "--charter", "charter.json",
               code=4)

    def test_a_flipped_bit_in_the_ledger_is_exit_6(self):
        f = self.federation
        copy = f.root / "copy"
        import shutil
        shutil.copytree(f.root / "coordinator" / "ledger", copy)
        f.call("ledger", "verify", "--dir", copy, "--charter", "charter.json")
        bundle = next(p for p in sorted((copy / "tile" / "entries").rglob("*")) if p.is_file())
        spoiled = bytearray(bundle.read_bytes())
        spoiled[20] ^= 4
        bundle.write_bytes(spoiled)
        f.call("ledger", "verify", "--dir", copy, "--charter", "charter.json", code=6)

    def test_wrong_flags_are_exit_2(self):
        self.federation.call("run", "fly", code=2)


unittest.main()
