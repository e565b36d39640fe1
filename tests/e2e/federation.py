# SPDX-License-Identifier: Apache-2.0
"""A small federation of real processes on loopback, in a folder of its own, for the e2e tests."""
import base64
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PURPOSE = "semiconductor-defect-research"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def notices(pid, how):
    """Whether a process waits for this signal or handles it; a program that is still being loaded does not. Some
    thread has it blocked: the one that waits shows it as not blocked meanwhile."""
    if how == signal.SIGKILL:
        return True
    masks = [int(line.split()[1], 16) for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
             for line in status.read_text().splitlines() if line.startswith(("SigBlk", "SigCgt"))]
    return any(mask >> (how - 1) & 1 for mask in masks)


class Federation:
    """Two parties and their sites. Use as a context: every process it started ends with it."""

    def __init__(self, binaries, log="info"):
        self.binaries = pathlib.Path(binaries)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="renkei-e2e-"))
        self.children = {}
        self.places = {}  # where the directory of a site or of the coordinator is, if it was moved
        self.port = free_port()
        self.charter_port = self.port  # where sites connect; set it to that of a proxy before agree()
        self.environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}",
                            "RENKEI_LOG": log}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for name in list(self.children):
            self.stop(name, signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)

    def call(self, *arguments, code=0, timeout=60):
        """Runs `renkei ARGUMENTS` to its end; the exit code must be `code`. Returns stdout."""
        done = subprocess.run([self.binaries / "renkei", *map(str, arguments)], cwd=self.root,
                              env=self.environment, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == code, (
            f"renkei {shlex.join(map(str, arguments))}: exit {done.returncode}, wanted {code}\n"
            f"{done.stdout}{done.stderr}")
        self.errors = done.stderr
        return done.stdout

    def wafer(self, *arguments):
        return subprocess.run([self.binaries / "renkei-wafer", *map(str, arguments)], cwd=self.root,
                              env=self.environment, check=True, capture_output=True, text=True).stdout

    def start(self, name, *arguments):
        log = open(self.root / f"{name}.log", "ab")
        self.children[name] = subprocess.Popen(
            [self.binaries / "renkei", *map(str, arguments)], cwd=self.root, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        log.close()

    def stop(self, name, how=signal.SIGTERM):
        """Asks a process to end, once it has got as far as to notice, and returns its exit status."""
        child = self.children.pop(name)
        self.wait_for(lambda: child.poll() is not None or notices(child.pid, how), f"{name} to notice {how}", 10, 0.002)
        child.send_signal(how)
        try:
            return child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def actor(self, party="us", person=None):
        person = person or {"us": "alice", "jp": "emi"}[party]
        return ["--party", party, "--as", person, "--charter", "charter.json"]

    def agree(self, jp_facts=("hq=JP", "ultimate_parent_hq=JP")):
        """Two parties sign a charter; the coordinator starts."""
        self.call("init", "--dir", "us", "--party", "sierra-semi", "--name", "Sierra Semiconductor",
                  "--country", "US", "--person", "alice:officer,operator,researcher",
                  "--fact", "hq=US", "--fact", "ultimate_parent_hq=US",
                  "--coordinator", f"127.0.0.1:{self.charter_port}")
        self.call("init", "--dir", "jp", "--party", "miyako-fab", "--name", "Miyako Fab",
                  "--country", "JP", "--person", "emi:officer,operator,researcher",
                  *(word for fact in jp_facts for word in ("--fact", fact)))
        self.call("charter", "new", "--name", "wafers", "--member", "us/party.toml", "--member",
                  "jp/party.toml", "--purpose", PURPOSE, "--fact", "like=clean", "--out", "charter.toml")
        self.call("charter", "sign", "charter.toml", "--party", "us", "--as", "alice", "--out",
                  "charter.json")
        self.call("charter", "sign", "charter.json", "--party", "jp", "--as", "emi", "--out",
                  "charter.json")
        self.serve()

    def place(self, name):
        return self.root / self.places.get(name, name)

    def serve(self):
        self.start("coordinator", "coordinator", "--party", "us", "--charter", "charter.json",
                   "--dir", self.place("coordinator"), "--listen", f"127.0.0.1:{self.port}")
        self.wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() is None,
                      "the coordinator to listen")

    def join(self, party, site, trainer, examples=1000):
        token = self.call("site", "invite", "--party", party, "--charter", "charter.json", "--site",
                          site).strip()
        self.start("join-" + site, "site", "join", token, "--dir", site, "--examples", examples,
                   "--trainer", trainer)
        self.call("site", "approve", *self.actor(party), "--site", site, "--wait", 30)
        assert self.children.pop("join-" + site).wait(30) == 0, self.log("join-" + site)
        self.start_site(site)
        return token

    def start_site(self, site):
        self.start(site, "site", "start", "--dir", self.place(site))

    def kill(self, name):
        """kill -9; the process is gone when this returns."""
        self.stop(name, signal.SIGKILL)

    def restart(self, name):
        if name == "coordinator":
            self.serve()
        else:
            self.start_site(name)

    def trainers(self, site):
        """The processes of a site's trainers: their ids, and the task that each is about."""
        found = {}
        begin = f"RENKEI_TASK={self.place(site)}/".encode()
        for variables in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                tasks = [v for v in variables.read_bytes().split(b"\0") if v.startswith(begin)]
            except OSError:
                continue  # It has ended meanwhile, or is another user's.
            if tasks:
                found[int(variables.parent.name)] = pathlib.Path(tasks[0].decode().partition("=")[2])
        return found

    def spec(self, name, **changes):
        fields = {"rounds": "2", "quorum": "2", "deadline_s": "60", "trainer": '"wafer-cnn"',
                  "purposes": f'["{PURPOSE}"]', "us": '"EAR99"', "jp": '"not-listed"', **changes}
        text = f'format = "renkei-run/1"\nname = "{name}"\n' + "".join(
            f"{key} = {value}\n" for key, value in fields.items() if key not in ("us", "jp", "config"))
        text += f"[classification]\nus = {fields['us']}\njp = {fields['jp']}\n"
        text += f"[config]\n{fields['config']}\n" if "config" in fields else ""
        (self.root / f"{name}.toml").write_text(text)
        return f"{name}.toml"

    def propose(self, spec, model):
        """Submits a run and lets both parties approve it."""
        self.call("run", "submit", spec, "--model", model, *self.actor())
        for party in ("us", "jp"):
            self.call("run", "approve", spec.removesuffix(".toml"), *self.actor(party))

    def blob(self, name):
        """The bytes of a blob that the coordinator holds."""
        return (self.place("coordinator") / "blobs" / name[3:5] / name).read_bytes()

    def entries(self):
        """The coordinator's ledger as [(kind, record)], read from its tiles."""
        ledger = self.place("coordinator") / "ledger"
        size = int((ledger / "checkpoint").read_text().split("\n")[1])
        found = []
        while len(found) < size:
            number, width = len(found) // 256, min(256, size - len(found))
            name = f"{number:03}" if width == 256 else f"{number:03}.p/{width}"
            rest = (ledger / "tile" / "entries" / name).read_bytes()
            while rest:
                length = int.from_bytes(rest[:2], "big")
                envelope = json.loads(rest[2:2 + length])
                statement = json.loads(base64.b64decode(envelope["payload"]))
                found.append((statement["predicateType"].split(":")[3], statement["predicate"]))
                rest = rest[2 + length:]
        return found

    def receipts(self, site):
        """Every receipt that a site holds, as the statement in it, by the contribution's entry."""
        return {int(file.stem): json.loads(base64.b64decode(json.loads(file.read_text())["payload"]))
                for file in (self.place(site) / "receipts").glob("*.json")}

    def status(self, run):
        return json.loads(self.call("run", "show", run, *self.actor(), "-o", "json"))

    def log(self, name):
        return (self.root / f"{name}.log").read_text(errors="replace")

    def wait_for(self, condition, what, seconds=60, pause=0.1):
        end = time.monotonic() + seconds
        problem = None
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (OSError, AssertionError) as error:
                problem = error
            time.sleep(pause)
        logs = "".join(f"--- {p.name}\n{p.read_text(errors='replace')[-2000:]}\n"
                       for p in sorted(self.root.glob("*.log")))
        raise AssertionError(f"waited {seconds} s for {what}: {problem}\n{logs}")
