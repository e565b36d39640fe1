# SPDX-License-Identifier: Apache-2.0
"""What a stranger needs: certificates minted at will, gRPC by hand, and a crowd of connections."""
import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
# The first bytes of a ClientHello of 512 bytes.
HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(501)


def have_openssl():
    return shutil.which("openssl") is not None


def mint(folder, issuer, names, authority=False, expired=False):
    """A leaf with the URIs `names` by the authority in `issuer` (issuer.pem, issuer.key).
    Returns the paths of chain and key."""
    folder.mkdir()

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)

    usage = "critical,keyCertSign,digitalSignature" if authority else "critical,digitalSignature"
    (folder / "extensions").write_text(
        f"basicConstraints=critical,CA:{str(authority).upper()}\nkeyUsage={usage}\n"
        "extendedKeyUsage=serverAuth,clientAuth\n"
        "subjectAltName=" + ",".join(f"URI:{name}" for name in names) + "\n")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
    openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=x", "-out", "request")
    openssl("x509", "-req", "-in", "request", "-CA", issuer / "issuer.pem", "-CAkey",
            issuer / "issuer.key", "-set_serial", "77", "-extfile", "extensions", "-out", "leaf.pem",
            *(["-days", "-1"] if expired else ["-days", "1"]))
    chain = (folder / "leaf.pem").read_text() + (issuer / "issuer.pem").read_text()
    (folder / "chain.pem").write_text(chain)
    return folder / "chain.pem", folder / "key.pem"


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 20)


def secure(port, chain=None, key=None, version=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    if chain:
        context.load_cert_chain(chain, key)
    return context.wrap_socket(connect(port), server_hostname="renkei.internal")


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload)


def headers(verb):
    fields = {":method": "POST", ":scheme": "https", ":authority": "renkei.internal",
              ":path": f"/renkei.v1.Coordinator/{verb}", "te": "trailers",
              "content-type": "application/grpc", "renkei-protocol": "1"}
    # HPACK (RFC 7541 6.2.2): literals that nobody has to remember.
    return b"".join(b"\0" + bytes([len(k)]) + k.encode() + bytes([len(v)]) + v.encode()
                    for k, v in fields.items())


def call(connection, verb, message=b""):
    """(grpc-status, all that came) of one call; None when the connection ended without one."""
    with connection:
        connection.sendall(
            PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, headers(verb)) +
            frame(DATA, END_STREAM, 1, b"\0" + len(message).to_bytes(4, "big") + message))
        return answer(connection)


def flood(connection, verb, announced, known=False, patience_s=5):
    """Sends one message that is said to have `announced` bytes, as fast as the coordinator's
    windows let it, until call or connection end or nothing moves for `patience_s`; before that,
    when `known`, a Hello, after which a peer is no stranger. Returns how many bytes went out."""
    stream = 3
    hello = frame(HEADERS, END_HEADERS, 1, headers("Hello")) + frame(DATA, END_STREAM, 1, bytes(5))
    connection.settimeout(patience_s)
    window = {0: 65_535 - 10, 1: 65_535, stream: 65_535 - 5}
    sent, came = 0, b""
    try:
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0) + (hello if known else b""))
        if known:
            time.sleep(0.2)
        connection.sendall(frame(HEADERS, END_HEADERS, stream, headers(verb)) +
                           frame(DATA, 0, stream, b"\0" + announced.to_bytes(4, "big")))
        while sent < announced:
            part = connection.recv(65536)
            if not part:
                break
            came += part
            while len(came) >= 9 and len(came) >= 9 + int.from_bytes(came[:3], "big"):
                size, kind, flags = int.from_bytes(came[:3], "big"), came[3], came[4]
                about = int.from_bytes(came[5:9], "big") & 0x7FFFFFFF
                payload, came = came[9:9 + size], came[9 + size:]
                if kind == WINDOW_UPDATE:
                    window[about] += int.from_bytes(payload, "big")
                elif kind == SETTINGS and not flags & 1:
                    for at in range(0, size, 6):
                        if payload[at:at + 2] == b"\0\4":  # the initial window of a stream
                            window[stream] += int.from_bytes(payload[at + 2:at + 6], "big") - 65_535
                    connection.sendall(frame(SETTINGS, 1, 0))
                elif kind == PING and not flags & 1:
                    connection.sendall(frame(PING, 1, 0, payload))
                elif about == stream and kind in (HEADERS, RST_STREAM):
                    return sent
            while (room := min(window[0], window[stream], 16_384)) > 0 and sent < announced:
                connection.sendall(frame(DATA, 0, stream, bytes(room)))
                window[0], window[stream], sent = window[0] - room, window[stream] - room, sent + room
    except OSError:
        pass
    finally:
        connection.close()
    return sent


def answer(connection):
    came = b""
    connection.settimeout(20)
    try:
        while True:
            found = re.search(rb"grpc-status.(\d+)", came, re.DOTALL)
            if found:
                return int(found[1]), came
            part = connection.recv(65536)
            if not part:
                return None, came
            came += part
    except (ConnectionError, ssl.SSLError):
        return None, came


def seconds_until_closed(connection, seconds_max):
    """Reads until the other side ends the connection."""
    began = time.monotonic()
    with connection:
        connection.settimeout(seconds_max)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            return None
        except (ConnectionError, ssl.SSLError):
            pass
        return time.monotonic() - began


class Crowd(threading.Thread):
    """Keeps `size` connections open that do nothing, or send a byte of a handshake a second; one
    in ten has finished TLS. What the coordinator closes is opened again, `rate` a second."""

    def __init__(self, port, size, rate):
        super().__init__(daemon=True)
        self.port, self.size, self.rate = port, size, rate
        self.over = threading.Event()
        self.opened = 0
        self.closed = 0
        self.open = {}
        self.poll = select.poll()

    def add(self):
        try:
            if self.opened % 10 == 9:
                connection = secure(self.port)
                connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
            else:
                connection = connect(self.port)
        except OSError:
            return
        finally:
            self.opened += 1
        connection.setblocking(False)
        self.open[connection.fileno()] = connection
        self.poll.register(connection, select.POLLIN)

    def drop(self, number):
        self.poll.unregister(number)
        self.open.pop(number).close()
        self.closed += 1

    def hear(self, number):
        try:
            if not self.open[number].recv(65536):
                self.drop(number)
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            self.drop(number)

    def mumble(self, position):
        for number, connection in list(self.open.items()):
            if number % 3 == 0 and not isinstance(connection, ssl.SSLSocket):
                try:
                    connection.send(HELLO[position:position + 1])
                except OSError:
                    self.drop(number)

    def run(self):
        step = 0.05
        said = time.monotonic()
        for turn in range(10**9):
            if self.over.is_set():
                break
            # All of them at once at first.
            lacking = self.size - len(self.open)
            for _ in range(lacking if turn == 0 else min(lacking, int(self.rate * step))):
                self.add()
            for number, _ in self.poll.poll(1000 * step):
                self.hear(number)
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                self.mumble(turn % len(HELLO))
            time.sleep(step / 2)

    def disperse(self):
        self.over.set()
        self.join(30)
        for connection in self.open.values():
            connection.close()


def memory_peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) / 1024


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
