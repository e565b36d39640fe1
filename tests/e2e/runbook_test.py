# SPDX-License-Identifier: Apache-2.0
"""Executes the commands of the runbook for lost and stolen keys as they are written."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

from federation import Federation

BINARIES, SOURCE = map(pathlib.Path, (sys.argv.pop(1), sys.argv.pop(1)))


JOINS = ("crossing.determined", "site.enrolled")


class Runbook(unittest.TestCase):
    def test_the_commands_for_lost_and_stolen_keys_work_as_written(self):
        text = (SOURCE / "docs/runbooks/lost-or-stolen-party-key.md").read_text()
        scripts = re.findall(r"```sh\n(.*?)```", text, re.S)
        self.assertEqual(len(scripts), 5)
        with Federation(BINARIES) as f:
            f.agree()
            f.join("us", "fab-us", "nothing=/bin/true")
            f.join("jp", "fab-jp", "nothing=/bin/true")
            for script in scripts:
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=f.root,
                                      env=f.environment, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)
            shown = f.call("ledger", "show", *f.actor(), "-o", "json")
            kinds = [entry["kind"] for entry in json.loads(shown)]
            self.assertEqual(kinds, ["charter.adopted", *JOINS, *JOINS, "crossings.suspended",
                                     "crossings.suspended", *JOINS, "crossings.resumed"])
            # The name of the site whose key was stolen gets no other key.
            token = f.call("site", "invite", "--party", "jp", "--charter", "charter.json", "--site",
                           "fab-jp").strip()
            f.start("join", "site", "join", token, "--dir", "again", "--examples", 600, "--trainer",
                    "nothing=/bin/true")
            f.call("site", "approve", *f.actor("jp"), "--site", "fab-jp", "--wait", 30, code=1)
            self.assertIn("site-known", f.errors)


unittest.main()
