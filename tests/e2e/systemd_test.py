# SPDX-License-Identifier: Apache-2.0
"""The systemd units: they verify, they are shut off from what they do not need, and what their
ExecStart says works under a notify socket."""
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from federation import Federation

BINARIES, SOURCE = map(pathlib.Path, (sys.argv.pop(1), sys.argv.pop(1)))
UNITS = SOURCE / "packaging" / "systemd"
NAMES = {"renkei-coordinator.service": "renkei-coordinator.service",
         "renkei-site@.service": "renkei-site@fab-us.service"}  # the unit, and one to start
EXPOSURE_MAX = 2.0  # of 10, by `systemd-analyze security`
# What the units lean on, empty: this machine's own units are not what is looked at.
STUBS = ["sysinit.target", "basic.target", "shutdown.target", "multi-user.target",
         "network-online.target", "time-sync.target"]


def settings(unit, key):
    lines = (UNITS / unit).read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == key]


def as_systemd_would(unit, state, environment_file, instance=""):
    """(argv, environment) of the unit's ExecStart: specifiers and the environment file are filled in."""
    [line] = settings(unit, "ExecStart")
    argv = shlex.split(line.replace("%S", str(state)).replace("%i", instance))
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    for text in environment_file.read_text().splitlines():
        if text and not text.startswith("#"):
            key, _, value = text.partition("=")
            environment[key] = value
    return argv, environment


class Notified:
    """A process of a unit, and what it says to its notify socket."""

    def __init__(self, folder, argv, environment):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = folder / f"notify-{time.monotonic_ns()}"
        self.socket.bind(str(path))
        self.socket.settimeout(20)
        assert argv[0] == "/usr/bin/renkei", argv
        self.log = open(folder / "service.log", "ab")
        self.child = subprocess.Popen(
            argv, executable=BINARIES / "renkei", env={**environment, "NOTIFY_SOCKET": str(path)},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd="/")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.child.kill()
        self.child.wait()
        self.socket.close()
        self.log.close()

    def hears(self, what):
        """Waits for a message with the line `what`; its lines as a dictionary."""
        while True:
            lines = self.socket.recv(4096).decode().split("\n")
            if what in lines:
                return dict(line.split("=", 1) for line in lines)

    def said(self):
        """All that has been said and not been heard yet."""
        self.socket.setblocking(False)
        found = []
        try:
            while True:
                found.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return found


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(unittest.TestCase):
    def test_verify(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "usr/bin").mkdir(parents=True)
            shutil.copy("/bin/true", root / "usr/bin/renkei")
            units = root / "usr/lib/systemd/system"
            units.mkdir(parents=True)
            for stub in STUBS:
                (units / stub).write_text("[Unit]\nDescription=stub\n")
            for unit in NAMES:
                shutil.copy(UNITS / unit, units)
            for name in NAMES.values():
                done = subprocess.run(
                    ["systemd-analyze", "verify", "--man=no", f"--root={root}", name],
                    capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), name)

    def test_are_shut_off_from_what_they_do_not_need(self):
        for unit in NAMES:
            done = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager",
                 f"--threshold={int(EXPOSURE_MAX * 10)}", UNITS / unit],
                capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.federation = f = Federation(BINARIES)
        cls.addClassCleanup(f.__exit__)
        f.agree()
        f.join("us", "fab-us", "nothing=/bin/true")
        f.stop("fab-us")
        f.stop("coordinator")
        cls.state = f.root / "state"
        (cls.state / "renkei/sites").mkdir(parents=True)
        shutil.move(f.root / "coordinator", cls.state / "renkei/coordinator")
        shutil.move(f.root / "fab-us", cls.state / "renkei/sites/fab-us")
        cls.environment = f.root / "coordinator.env"
        example = (SOURCE / "packaging/etc/coordinator.env").read_text()
        for key, value in {"RENKEI_PARTY": f.root / "us", "RENKEI_CHARTER": f.root / "charter.json",
                           "#RENKEI_LISTEN": f"127.0.0.1:{f.port}"}.items():
            [line] = [text for text in example.splitlines() if text.startswith(key + "=")]
            example = example.replace(line, f"{key.lstrip('#')}={value}")
        cls.environment.write_text(example)

    def coordinator(self, **more):
        argv, environment = as_systemd_would("renkei-coordinator.service", self.state,
                                             self.environment)
        return Notified(self.federation.root, argv, {**environment, **more})

    def site(self):
        argv, environment = as_systemd_would("renkei-site@.service", self.state,
                                             SOURCE / "packaging/etc/site.env", "fab-us")
        return Notified(self.federation.root, argv, environment)

    def test_the_coordinator_is_ready_when_it_listens_and_says_when_it_stops(self):
        with self.coordinator() as service:
            ready = service.hears("READY=1")
            socket.create_connection(("127.0.0.1", self.federation.port), 5).close()
            self.assertEqual(ready["STATUS"], f"serving charter wafers on port {self.federation.port}")
            service.child.send_signal(signal.SIGTERM)
            service.hears("STOPPING=1")
            self.assertEqual(service.child.wait(20), 0)

    def test_a_coordinator_that_cannot_listen_is_never_ready(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.federation.port))
            other.listen()
            with self.coordinator() as service:
                self.assertEqual(service.child.wait(20), 5)
                self.assertEqual(service.said(), [])

    def test_the_coordinator_shows_its_watchdog_that_it_lives(self):
        with self.coordinator(WATCHDOG_USEC="400000") as service:
            service.hears("READY=1")
            for _ in range(3):
                service.hears("WATCHDOG=1")

    def test_a_site_is_ready_also_without_its_coordinator_and_says_when_it_stops(self):
        with self.site() as service:
            self.assertIn("fab-us", service.hears("READY=1")["STATUS"])
            service.child.send_signal(signal.SIGTERM)
            service.hears("STOPPING=1")
            self.assertEqual(service.child.wait(20), 0)


unittest.main()
