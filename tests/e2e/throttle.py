# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that carries at most so many bytes a second, and counts them."""
import socket
import threading
import time


class Throttle:
    def __init__(self, port, target):
        self.target = target
        self.bytes_per_second = None  # no limit
        self.carried = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        for one in self.sockets:
            one.close()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:  # nobody listens there yet
                near.close()
                continue
            far.settimeout(None)
            self.sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
                with self.lock:
                    self.carried += len(data)
                if self.bytes_per_second:
                    time.sleep(len(data) / self.bytes_per_second)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
