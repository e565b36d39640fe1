# SPDX-License-Identifier: Apache-2.0
"""A link of a few MiB/s between sites and their coordinator, that counts what crosses it."""
import socket
import threading
import time

PIECE = 64 << 10
BUFFER = 256 << 10  # of its sockets: little is under way that it does not know of


class SlowLink:
    """Forwards each connection to `target`. Use as a context."""

    def __init__(self, target):
        self.target = target
        self.rate = None  # bytes a second, each way of each connection; None: as fast as it goes
        self.up = 0  # bytes that reached the coordinator
        self.down = 0  # bytes that left it
        self.lock = threading.Lock()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket()
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            threading.Thread(target=self._connect, args=(near, far), daemon=True).start()

    def _connect(self, near, far):
        with near, far:
            try:
                far.connect(("127.0.0.1", self.target))
            except OSError:
                return  # Nobody there: the connection ends.
            up = threading.Thread(target=self._carry, args=(near, far, "up"), daemon=True)
            up.start()
            self._carry(far, near, "down")
            up.join()

    def _carry(self, source, sink, way):
        try:
            while piece := source.recv(PIECE):
                sink.sendall(piece)
                with self.lock:
                    setattr(self, way, getattr(self, way) + len(piece))
                if self.rate:
                    time.sleep(len(piece) / self.rate)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
