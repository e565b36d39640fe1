# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, read only, damaged or out of files, at every writer of a federation: the log names
path and remedy, health turns red, and once the cause is gone the run goes on to the same model bytes."""
import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

from federation import Federation, free_port

BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
sys.argv.pop(1)
ROUNDS = 20
SITES = {"fab1": "us", "fab2": "jp"}
RUN = "disk"
TMPFS = "size=40m"
UNDISTURBED = []


class Watched(Federation):
    """Its processes show their health, and its directories can be put on small disks of their own."""

    def __init__(self, binaries):
        super().__init__(binaries)
        self.http = {name: free_port() for name in ("coordinator", *SITES)}
        self.mounts = []

    def __exit__(self, *unused):
        for name in list(self.children):
            self.kill(name)
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        super().__exit__()

    def start(self, name, *arguments):
        extra = ["--http", f"127.0.0.1:{self.http[name]}"] if name in self.http else []
        super().start(name, *arguments, *extra)

    def ask(self, name, page="/healthz", **headers):
        """(status, text) of a page."""
        with contextlib.closing(self.connection(name)) as connection:
            return self.ask_on(connection, page, **headers)

    def connection(self, name):
        return http.client.HTTPConnection("127.0.0.1", self.http[name], timeout=5)

    @staticmethod
    def ask_on(connection, page="/healthz", **headers):
        connection.request("GET", page, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def small_disk(self, directory):
        """Moves what is in `directory` to a small disk mounted there. Its user is stopped."""
        path = self.root / directory
        path.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".aside")
        path.rename(aside)
        path.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", TMPFS, "tmpfs", path], check=True)
        self.mounts.append(path)
        shutil.copytree(aside, path, dirs_exist_ok=True)
        shutil.rmtree(aside)

    def fill(self, directory):
        block = bytes(1 << 20)
        with open(self.root / directory / "filler", "ab", buffering=0) as filler:
            try:
                while True:
                    if filler.write(block) < len(block):
                        block = block[:4096]
            except OSError:
                pass

    def free(self, directory):
        (self.root / directory / "filler").unlink()

    def rounds_done(self):
        return self.log("coordinator").count('"event":"round.reduced"')


def settle(f, rounds=ROUNDS):
    f.agree()
    for number, (site, party) in enumerate(SITES.items(), 1):
        f.wafer("generate", "--out", f"data-{site}", "--wafers", 150 + 20 * number, "--seed", number)
        f.join(party, site, f"wafer-cnn={BINARIES}/renkei-wafer task --data {f.root}/data-{site}")
    f.wafer("init", "--seed", 1, "-o", "model.safetensors")
    return f.spec(RUN, rounds=str(rounds), quorum=str(len(SITES)), deadline_s="3600",
                  start_deadline_s="3600", evaluate_deadline_s="3600", config="epochs = 1\nheld_out = 2")


def remount(directory, options):
    return subprocess.run(["mount", "-o", f"remount,{options}", directory], capture_output=True).returncode == 0


def may_mount():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), "needs the right to mount small disks (root, or unshare -rm)")
class Disk(unittest.TestCase):
    def red_then_green(self, f, name, place, break_it, mend_it, words=("No space left", "make room")):
        """Breaks a disk of process `name`; it says so and is red until the disk is mended."""
        before = len(f.log(name))
        break_it()

        def is_red():
            if "No space left" in words:
                f.fill(f"{name}/{place}")  # What was removed meanwhile makes room.
            return f.ask(name)[0] == 503

        f.wait_for(is_red, f"{name} to turn red for {place}", 30)
        status, text = f.ask(name)
        self.assertEqual(status, 503)
        self.assertIn(f"disk-{place} since", text)
        told = [json.loads(line) for line in f.log(name)[before:].splitlines() if '"disk.failed"' in line]
        why = next(line["why"] for line in told if line["place"] == place)
        for word in (str(f.root) if name != "coordinator" else "coordinator/", *words):
            self.assertIn(word, why)
        time.sleep(1)  # It stays broken for a while.
        mend_it()
        f.wait_for(lambda: f.ask(name)[0] == 200, f"{name} to be fine again", 30)

    @staticmethod
    def pause(f):
        """Pauses the run once somebody can write that down; the open round is finished first."""
        def asked():
            with contextlib.suppress(AssertionError):
                f.call("run", "pause", RUN, *f.actor())
                return True

        f.wait_for(asked, "the run to be paused", 30)
        f.wait_for(lambda: any("paused" in reason for reason in f.status(RUN)["waiting_for"]),
                   "the round to be finished in the pause")

    def full(self, f, name, place):
        """Fills a disk of the paused run, which goes on for the rounds that this takes and is paused again."""
        directory = f"{name}/{place}"

        def resume():
            f.call("run", "resume", RUN, *f.actor())

        def fill():
            # A site's disk between rounds: a trainer that runs into it would decline its round (disk-full).
            steps = (resume, lambda: f.fill(directory))
            for step in steps if name == "coordinator" else reversed(steps):
                step()

        self.red_then_green(f, name, place, fill, lambda: self.mend(f, directory))

    def mend(self, f, directory):
        f.free(directory)
        done = f.rounds_done()
        f.wait_for(lambda: f.rounds_done() > done, f"the run to go on after {directory} was full")
        self.pause(f)

    def undisturbed(self):
        """The model of a run that nothing happens to."""
        if not UNDISTURBED:
            with Watched(BINARIES) as calm:
                calm.propose(settle(calm), "model.safetensors")
                UNDISTURBED.append(self.model(calm))
        return UNDISTURBED[0]

    def test_full_disks_stop_nothing_for_good(self):
        with Watched(BINARIES) as hit:
            spec = settle(hit)
            for name in ("coordinator", *SITES):
                self.assertEqual(hit.stop(name), 0)
            for directory in ("coordinator/ledger", "coordinator/blobs", "fab1/mirror", "fab1/blobs",
                              "fab1/log", "fab1/work"):
                hit.small_disk(directory)
            for name in ("coordinator", *SITES):
                hit.restart(name)
            self.red_then_green(hit, "fab1", "log", lambda: (hit.fill("fab1/log"), hit.propose(
                spec, "model.safetensors")), lambda: self.mend(hit, "fab1/log"))
            for name, place in (("coordinator", "ledger"), ("coordinator", "blobs"), ("fab1", "mirror"),
                                ("fab1", "blobs"), ("fab1", "work")):
                self.full(hit, name, place)
            hit.call("run", "resume", RUN, *hit.actor())
            self.assertEqual(self.model(hit), self.undisturbed())
            self.verify(hit)

    def test_what_is_read_only_damaged_or_out_of_files_is_named_and_can_be_mended(self):
        with Watched(BINARIES) as f:
            spec = settle(f)
            self.assertEqual(f.stop("coordinator"), 0)
            f.small_disk("coordinator/blobs")
            self.read_only_at_start(f)
            f.propose(spec, "model.safetensors")
            self.out_of_files(f)
            blobs = f.root / "coordinator/blobs"

            def read_only():
                f.wait_for(lambda: remount(blobs, "ro"), "nobody to write")
                f.call("run", "resume", RUN, *f.actor())

            self.red_then_green(f, "coordinator", "blobs", read_only, lambda: remount(blobs, "rw"),
                                ("Read-only file system", "mount it writable"))
            self.lost_caches(f)
            self.assertEqual(self.model(f), self.undisturbed())
            self.verify(f)

    def read_only_at_start(self, f):
        ledger = f.root / "coordinator/ledger"
        subprocess.run(["mount", "--bind", ledger, ledger], check=True)
        f.mounts.append(ledger)
        remount(ledger, "ro,bind")
        f.start("coordinator", "coordinator", "--party", "us", "--charter", "charter.json", "--dir",
                "coordinator", "--listen", f"127.0.0.1:{f.port}")
        self.assertEqual(f.children.pop("coordinator").wait(20), 1)
        self.assertIn("coordinator/ledger", f.log("coordinator").splitlines()[-1])
        self.assertIn("Read-only file system; mount it writable", f.log("coordinator").splitlines()[-1])
        subprocess.run(["umount", f.mounts.pop()], check=True)
        f.restart("coordinator")

    def out_of_files(self, f):
        process = f.children["coordinator"].pid
        limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
        with contextlib.closing(f.connection("coordinator")) as asked:  # A new one would find no file.
            self.assertEqual(f.ask_on(asked)[0], 200)
            resource.prlimit(process, resource.RLIMIT_NOFILE, (8, limits[1]))
            f.wait_for(lambda: f.ask_on(asked)[0] == 503, "the coordinator to turn red", 30, 0.3)
            self.assertIn("Too many open files; raise the limit of open files", f.ask_on(asked)[1])
            resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
            self.pause(f)
            f.wait_for(lambda: f.ask_on(asked)[0] == 200, "the coordinator to be fine again", 30, 0.3)
        self.assertIn("raise the limit of open files", f.log("coordinator"))

    def lost_caches(self, f):
        """Partial tiles and snapshots: made again, or fetched again once they are out of the way."""
        for name in ("coordinator", "fab1", "fab2"):
            self.assertEqual(f.stop(name), 0)
            (f.root / name / "snapshot").unlink(missing_ok=True)
        for partial in (f.root / "coordinator/ledger/tile").rglob("*.p"):
            shutil.rmtree(partial)
        for partial in (f.root / "fab2/mirror/tile").rglob("*.p"):
            shutil.rmtree(partial)
        f.restart("coordinator")
        f.restart("fab1")
        f.restart("fab2")
        self.assertEqual(f.children.pop("fab2").wait(20), 1)
        self.assertIn("/fab2/mirror/tile/", f.log("fab2").splitlines()[-1])
        self.assertIn("move it away and start again", f.log("fab2").splitlines()[-1])
        (f.root / "fab2/mirror").rename(f.root / "fab2/mirror.old")
        f.restart("fab2")

    def model(self, f):
        f.wait_for(lambda: f.status(RUN).get("outcome"), "the end of the run")
        shown = f.status(RUN)
        self.assertEqual(shown["outcome"], "completed", shown)
        return shown["model"], f.blob(shown["model"])

    def verify(self, f):
        for name in list(f.children):
            self.assertEqual(f.stop(name), 0, f.log(name))
        f.call("ledger", "verify", "--dir", "coordinator/ledger", "--charter", "charter.json")
        for site in SITES:
            f.call("ledger", "verify", "--dir", f"{site}/mirror", "--charter", "charter.json")


class Doctor(unittest.TestCase):
    def look(self, f, *arguments, code=0):
        rows = json.loads(f.call("doctor", *arguments, "-o", "json", code=code))
        self.assertEqual(code != 0, any(row["state"] == "fail" for row in rows))
        return {row["check"]: row for row in sorted(rows, key=lambda row: row["state"] == "fail")}

    def test_it_says_beforehand_what_will_not_work(self):
        with Watched(BINARIES) as f:
            f.agree()
            f.join("us", "fab1", "wafer-cnn=true")
            token = f.call("site", "invite", "--party", "jp", "--charter", "charter.json", "--site", "fab2").strip()
            hub = ["--coordinator", "coordinator", "--charter", "charter.json"]
            found = self.look(f, *hub, "--model-gib", 0.001)
            self.assertLessEqual({"disk-room", "disk-sync", "open-files", "memory-limit", "dns", "tcp", "tls"},
                                 set(found))
            found = self.look(f, *hub, "--model-gib", 1000, "--sites", 8, "--rounds", 20, code=1)
            self.assertIn("make room", found["disk-room"]["remedy"])
            self.look(f, "--token", token)
            self.assertEqual(self.look(f, "--site", "fab1")["clock"]["state"], "ok")
            (f.root / "fab1/site.key").chmod(0o644)
            self.assertIn("chmod 600", self.look(f, "--site", "fab1", code=1)["key-mode"]["remedy"])
            f.stop("coordinator")
            self.assertIn("refused", self.look(f, "--token", token, code=1)["tcp"]["found"])
            if shutil.which("openssl") is None:
                self.skipTest("no openssl here to play a proxy that opens TLS")
            with inspected(f.root, f.port):
                found = self.look(f, "--token", token, code=1)
            self.assertIn("Corp Inspection CA", found["tls"]["found"])
            self.assertIn("exempt the address from inspection", found["tls"]["remedy"])


@contextlib.contextmanager
def inspected(folder, port):
    """A proxy that opens TLS answers on the port, with a certificate of its own."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=Corp Inspection CA", "-keyout", "proxy.key", "-out", "proxy.pem"],
                   cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "proxy.pem", folder / "proxy.key")
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                with context.wrap_socket(connection, server_side=True) as secured:
                    while secured.recv(4096):
                        pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


if __name__ == "__main__":
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 512:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
    unittest.main()
