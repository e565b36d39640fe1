# SPDX-License-Identifier: Apache-2.0
"""Strangers and enrolled peers without manners against a real coordinator: refused, and no more
than a nuisance. Skips what the limit of open files or a missing openssl does not allow."""
import base64
import json
import os
import pathlib
import resource
import ssl
import statistics
import sys
import threading
import time
import unittest

import stranger
from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)

ROUNDS = 10
CONNECTIONS_MAX = 1000
HANDSHAKE_S = 10
MEMORY_MAX_MIB = 400
STRANGER_BYTES_MAX = 8 << 20
OK, UNAUTHENTICATED = 0, 16

TRAINER = """
grep -q '"kind": "train"' "$RENKEI_TASK" && cp "$RENKEI_MODEL" "$RENKEI_UPDATE"
echo '{"examples": 100, "metrics": {"loss": 0.5}}' > "$RENKEI_METRICS"
"""


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        f = cls.federation = Federation(BINARIES).__enter__()
        f.agree()
        (f.root / "trainer.sh").write_text(TRAINER)
        cls.token = f.join("us", "fab1", f"wafer-cnn=/bin/sh {f.root}/trainer.sh")
        f.wafer("init", "--seed", 1, "-o", "model.safetensors")

    @classmethod
    def tearDownClass(cls):
        cls.federation.__exit__()

    def tearDown(self):
        f = self.federation
        self.assertIsNone(f.children["coordinator"].poll(), "the coordinator lives")
        errors = [line for line in f.log("coordinator").splitlines()
                  if '"level":"error"' in line or not line.startswith("{")]
        self.assertEqual(errors, [], "a stranger does not write the operator's log")

    def pid(self):
        return self.federation.children["coordinator"].pid

    def own(self):
        tls = self.federation.root / "fab1" / "tls"
        return tls / "chain.pem", tls / "key.pem"

    def run_rounds(self, name):
        """Seconds from each round to the next."""
        f = self.federation
        f.call("run", "submit", f.spec(name, rounds=str(ROUNDS), quorum="1"), "--model",
               "model.safetensors", *f.actor())
        f.call("run", "approve", name, *f.actor("us"))
        f.call("run", "approve", name, *f.actor("jp"))
        f.wait_for(lambda: f.status(name).get("outcome"), f"the run {name} to end")
        self.assertEqual(f.status(name)["outcome"], "completed")
        entries = json.loads(f.call("ledger", "show", *f.actor(), "--count", 1000, "-o", "json"))
        opened = [time.mktime(time.strptime(e["at"][:19], "%Y-%m-%dT%H:%M:%S")) + int(e["at"][20:23]) / 1000
                  for e in entries if e["kind"] == "round.opened" and name in e["summary"]]
        self.assertEqual(len(opened), ROUNDS)
        return [b - a for a, b in zip(opened, opened[1:])]

    def test_certificates_that_do_not_count(self):
        if not stranger.have_openssl():
            self.skipTest("needs the openssl command")
        f = self.federation
        us, jp = f.root / "us" / "ca", f.root / "jp" / "ca"
        f.call("init", "--dir", "rogue", "--party", "sierra-semi", "--name", "X", "--country", "US",
               "--person", "alice:officer,operator,researcher")
        site, person = "spiffe://sierra-semi/site/fab1", "spiffe://sierra-semi/person/alice"
        minted = {
            "good": stranger.mint(f.root / "m-good", us, [site]),
            "another party's authority": stranger.mint(f.root / "m-other", jp, [site]),
            "the same for a person": stranger.mint(f.root / "m-person", jp, [person]),
            "an authority of that name": stranger.mint(f.root / "m-rogue", f.root / "rogue" / "ca", [site]),
            "two ids": stranger.mint(f.root / "m-two", us, [site, "spiffe://sierra-semi/site/fab2"]),
            "an id of another trust domain": stranger.mint(f.root / "m-domain", us, ["spiffe://x/site/fab1"]),
            "no SPIFFE id": stranger.mint(f.root / "m-url", us, ["https://fab1.example"]),
            "an authority as a leaf": stranger.mint(f.root / "m-ca", us, [site], authority=True),
            "expired": stranger.mint(f.root / "m-old", us, [site], expired=True),
        }
        for what, (chain, key) in minted.items():
            with self.subTest(what):
                status, came = stranger.call(stranger.secure(f.port, chain, key), "PendingJoins")
                if what == "good":
                    self.assertNotEqual(status, UNAUTHENTICATED, came)
                    continue
                self.assertEqual(status, UNAUTHENTICATED, came)
        with self.subTest("none"):
            status, _ = stranger.call(stranger.secure(f.port), "Read")
            self.assertEqual(status, UNAUTHENTICATED)

    def test_tokens_that_do_not_count(self):
        f = self.federation
        f.call("site", "join", self.token, "--dir", "again", "--examples", 1, "--wait", 3, code=4)
        self.assertIn("used", f.errors)
        fresh = f.call("site", "invite", "--party", "us", "--charter", "charter.json", "--site",
                       "late").strip()
        prefix, _, text = fresh.partition(".")
        token = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        token["expires"] = "2020-01-01T00:00:00.000Z"
        old = base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode()
        f.call("site", "join", f"{prefix}.{old.rstrip('=')}", "--dir", "late", "--examples", 1, code=4)
        self.assertIn("expired", f.errors)
        # Of another federation that claims this coordinator.
        f.call("init", "--dir", "them", "--party", "them", "--name", "Them", "--country", "US",
               "--person", "eve:officer,operator,researcher", "--coordinator", f"127.0.0.1:{f.port}")
        f.call("charter", "new", "--name", "theirs", "--member", "them/party.toml", "--purpose", "x",
               "--approvals", "1", "--out", "theirs.toml")
        f.call("charter", "sign", "theirs.toml", "--party", "them", "--as", "eve", "--out",
               "theirs.json")
        foreign = f.call("site", "invite", "--party", "them", "--charter", "theirs.json", "--site",
                         "fab9").strip()
        f.call("site", "join", foreign, "--dir", "fab9", "--examples", 1, "--wait", 3, code=4)
        for name in ("again", "late", "fab9"):
            self.assertFalse((f.root / name).exists())

    def test_bytes_that_are_not_the_protocol(self):
        f = self.federation
        with self.assertRaises(OSError):
            stranger.secure(f.port, version=ssl.TLSVersion.TLSv1_2)
        for garbage in (os.urandom(5000), stranger.PREFACE + stranger.frame(stranger.SETTINGS, 0, 0),
                        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(100_000)):
            plain = stranger.connect(f.port)
            plain.sendall(garbage)
            self.assertLess(stranger.seconds_until_closed(plain, 20) or 99, 2 * HANDSHAKE_S)
        start = stranger.PREFACE + stranger.frame(stranger.SETTINGS, 0, 0)
        open_call = stranger.frame(stranger.HEADERS, stranger.END_HEADERS, 1, stranger.headers("Submit"))
        endless = stranger.frame(stranger.HEADERS, 0, 1, stranger.headers("Submit")) + b"".join(
            stranger.frame(stranger.CONTINUATION, 0, 1, b"\0\1a\x7f\xff\x7f" + bytes(16_000)) for _ in range(500))
        for chain, key in ((None, None), self.own()):
            for frames in (os.urandom(5000), start + os.urandom(5000), start + endless,
                           start + open_call + stranger.frame(stranger.DATA, 0, 1, b"\0\0\0\1")[:-2],
                           start + open_call + open_call, start + open_call[:20]):
                connection = stranger.secure(f.port, chain, key)
                try:
                    connection.sendall(frames)
                    connection.unwrap()
                except OSError:
                    pass  # it was closed on us, which is an answer
                connection.close()
        self.assertEqual(stranger.call(stranger.secure(f.port, *self.own()), "Read")[0], OK)

    def test_messages_without_end(self):
        f = self.federation
        for own in ((), self.own()):  # who has not called yet is a stranger
            for _ in range(3):
                sent = stranger.flood(stranger.secure(f.port, *own), "AskJoin", 2**31 - 1)
                self.assertLess(sent, 2 * STRANGER_BYTES_MAX)
        peak = stranger.memory_peak_mib(self.pid())
        stranger.flood(stranger.secure(f.port, *self.own()), "Submit", 2**31 - 1, known=True)
        print(f"{peak:.0f} MiB after floods of strangers, "
              f"{stranger.memory_peak_mib(self.pid()):.0f} MiB after that of a peer")
        self.assertLess(stranger.memory_peak_mib(self.pid()), MEMORY_MAX_MIB)
        self.assertEqual(stranger.call(stranger.secure(f.port, *self.own()), "Read")[0], OK)

    def test_thousands_of_connections(self):
        f = self.federation
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 3 * CONNECTIONS_MAX:
            self.skipTest(f"needs {3 * CONNECTIONS_MAX} open files, the limit is {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        files = stranger.open_files(self.pid())

        lived = {}

        def time_handshake(what, connection):
            lived[what] = stranger.seconds_until_closed(connection, 3 * HANDSHAKE_S)

        handshakes = [
            threading.Thread(target=time_handshake, args=pair) for pair in
            (("silent", stranger.connect(f.port)), ("TLS and nothing", stranger.secure(f.port)))]
        for one in handshakes:
            one.start()
        quiet = self.run_rounds("quiet")
        for one in handshakes:
            one.join()
        for what, seconds in lived.items():
            self.assertIsNotNone(seconds, f"{what} is not closed")
            self.assertAlmostEqual(seconds, HANDSHAKE_S, delta=5, msg=what)

        crowd = stranger.Crowd(f.port, size=2 * CONNECTIONS_MAX, rate=200)
        crowd.start()
        f.wait_for(lambda: crowd.closed >= CONNECTIONS_MAX, "the excess to be closed")
        loud = self.run_rounds("loud")
        peak_files = stranger.open_files(self.pid())
        still_open = len(crowd.open)
        crowd.disperse()
        memory = stranger.memory_peak_mib(self.pid())
        print(f"median round {statistics.median(quiet):.3f} s, among {crowd.opened} connections "
              f"{statistics.median(loud):.3f} s; {memory:.0f} MiB; {peak_files} files")
        self.assertLessEqual(peak_files, files + 2 * CONNECTIONS_MAX + 100)
        self.assertLessEqual(still_open, 2 * CONNECTIONS_MAX)
        self.assertLess(memory, MEMORY_MAX_MIB)
        self.assertLess(statistics.median(loud), 1.5 * statistics.median(quiet) + 0.2)
        f.wait_for(lambda: stranger.open_files(self.pid()) <= files + 20, "the crowd to be forgotten")


unittest.main()
