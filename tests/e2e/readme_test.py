# SPDX-License-Identifier: Apache-2.0
"""Executes the README's five-minute section as it is written, only the port is another one."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from federation import free_port

BINARIES, SOURCE = map(pathlib.Path, (sys.argv.pop(1), sys.argv.pop(1)))


class Readme(unittest.TestCase):
    def test_the_five_minute_section_works_as_written(self):
        section = (SOURCE / "README.md").read_text().split("## Your own federation in five minutes")[1]
        section = section.split("\n## ")[0]
        spec = re.search(r"```toml\n(.*?)```", section, re.S)[1]
        script = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S))
        self.assertIn("release verify", script)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="renkei-readme-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "first.toml").write_text(spec)
        log = open(folder / "log", "w")
        self.addCleanup(log.close)
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script.replace("7443", str(free_port()))],
            cwd=folder, env={**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            shell.wait(timeout=200)  # Its background jobs go on: the end of their output never comes.
        finally:
            os.killpg(shell.pid, signal.SIGKILL)
            out = (folder / "log").read_text()
        self.assertEqual(shell.returncode, 0, out)
        self.assertIn("verified", out)


unittest.main()
