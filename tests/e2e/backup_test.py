# SPDX-License-Identifier: Apache-2.0
"""A coordinator that is lost in the middle of a run is restored from a backup that was taken while
it ran, with what its sites have seen since, and the run ends with the same bytes."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import unittest

from federation import Federation

BINARIES, SOURCE = map(pathlib.Path, (sys.argv.pop(1), sys.argv.pop(1)))

ROUNDS = 5
SITES = {"us": "fab-us", "jp": "fab-jp"}
# A pure function of the model and of the time it may take: it waits while the file `hold` is there.
TRAINER = r"""set -e
while [ -e {hold} ]; do sleep 0.05; done
if grep -q '"kind": "train"' "$RENKEI_TASK"; then
  cp "$RENKEI_MODEL" "$RENKEI_UPDATE"
  size=$(wc -c < "$RENKEI_MODEL")
  tail -c 8 "$RENKEI_MODEL" | cksum | cut -c 1-3 | tr 0-9 'abcdefghij' |
    dd of="$RENKEI_UPDATE" bs=1 seek=$((size - 8)) conv=notrunc 2> /dev/null
fi
echo '{{"examples": {examples}, "metrics": {{"loss": 0.5}}}}' > "$RENKEI_METRICS"
"""


def blocks(section):
    """The commands of a section of the runbook, block by block."""
    text = (SOURCE / "docs/runbooks/restore.md").read_text()
    text = text.split(f"## {section}\n")[1].split("\n## ")[0]
    return [textwrap.dedent(block) for block in re.findall(r" *```sh\n(.*?) *```", text, re.S)]


class Backup(unittest.TestCase):
    def federation(self):
        f = Federation(BINARIES)
        self.addCleanup(f.__exit__)
        f.agree()
        f.hold = {site: f.root / f"hold-{site}" for site in SITES.values()}
        for number, (party, site) in enumerate(SITES.items()):
            script = f.root / f"train-{site}.sh"
            script.write_text(TRAINER.format(hold=f.hold[site], examples=10 + number))
            f.join(party, site, f"step=/bin/sh {script}")
        f.wafer("init", "--seed", "1", "-o", "model.safetensors")
        f.propose(f.spec("steps", rounds=str(ROUNDS), deadline_s="200", trainer='"step"'),
                  "model.safetensors")
        return f

    def end(self, f):
        f.wait_for(lambda: f.status("steps")["phase"] == "finished", "the run to finish", 100)
        self.assertEqual(f.status("steps")["outcome"], "completed")
        f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")
        [model] = [record["model"] for kind, record in f.entries() if kind == "run.finished"]
        return model, hashlib.sha256(f.blob(model)).hexdigest()

    def execute(self, f, script):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=f.root,
                              env=f.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)

    def rounds_open(self, f):
        return sum(kind == "round.opened" for kind, _ in f.entries())

    def lost_in_the_middle(self):
        """Backed up in an early round; one site has contributed to a later one when it is lost."""
        f = self.federation()
        f.wait_for(lambda: self.rounds_open(f) >= 2, "round 2")
        [back_up] = blocks("Back up")
        self.execute(f, back_up)
        (f.root / "keys").mkdir()
        shutil.copy(f.root / "fab-us" / "site.key", f.root / "keys" / "fab-us.key")
        f.hold["fab-jp"].touch()
        f.wait_for(lambda: f.trainers("fab-jp"), "a trainer that waits")
        count = self.rounds_open(f)
        f.wait_for(lambda: f.receipts("fab-us").keys() and
                   max(f.receipts("fab-us")) > max(i for i, (kind, _) in enumerate(f.entries())
                                                   if kind == "round.opened"),
                   f"the receipt of fab-us in round {count}")
        f.kill("coordinator")
        shutil.rmtree(f.root / "coordinator")
        return f

    def restore(self, f, *more, code=0):
        return f.call("restore", "--from", "kept/coordinator", "--dir", "coordinator", "--charter",
                      "charter.json", *more, code=code)

    def damage(self, f):
        """A flipped bit in a file of each class is found, and nothing is restored."""
        kept = f.root / "kept" / "coordinator"
        for pattern in ("backup.json", "files/*", "ledger/checkpoint", "ledger/tile/0/*.p/*",
                        "blobs/??/t1-*[0-9]"):
            file = sorted(kept.glob(pattern))[0]
            whole = file.read_bytes()
            file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            self.restore(f, "--mirror", "fab-us", "--mirror", "fab-jp", code=6)
            name = file.name if pattern.startswith("blobs") else str(file.relative_to(kept))
            self.assertIn(name.removeprefix("ledger/"), f.errors)
            self.assertFalse((f.root / "coordinator").exists())
            file.write_bytes(whole)

    def test_a_lost_coordinator_goes_on_where_its_sites_saw_it_last(self):
        undisturbed = self.end(self.federation())
        f = self.lost_in_the_middle()
        self.restore(f, code=1)
        self.assertIn("fab-jp of miyako-fab, fab-us of sierra-semi", f.errors)
        self.assertIn("--mirror DIR", f.errors)
        self.restore(f, "--accept-loss", "--witness", "fab-us=fab-us/mirror/checkpoint", code=1)
        self.assertIn("second history", f.errors)
        self.assertFalse((f.root / "coordinator").exists())
        self.damage(f)
        for block in blocks("The coordinator is lost"):
            self.execute(f, block)
        f.serve()
        f.hold["fab-jp"].unlink()
        self.assertEqual(self.end(f), undisturbed)
        for site in SITES.values():
            self.assertNotIn("site.stopped", f.log(site))
        counted = [len(record["counted"]) for kind, record in f.entries() if kind == "round.closed"]
        self.assertEqual(counted, [2] * ROUNDS)
        self.lose_a_site(f)

    def lose_a_site(self, f):
        """It comes back from the backup with its key, and asks for another certificate."""
        f.kill("fab-us")
        shutil.rmtree(f.root / "fab-us")
        restore, approve = blocks("A site is lost")
        self.execute(f, restore)
        f.start_site("fab-us")
        self.execute(f, approve)
        f.wait_for(lambda: "site.leaf-renewed" in f.log("fab-us"), "a certificate")
        newest = (f.root / "coordinator/ledger/checkpoint").read_bytes()
        f.wait_for(lambda: (f.root / "fab-us/mirror/checkpoint").read_bytes() == newest,
                   "fab-us to catch up")


unittest.main()
