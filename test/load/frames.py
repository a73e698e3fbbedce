# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 servers that misbehave, frame by frame (RFC 9113), with nothing of the library that the worker uses."""
import socket, struct, threading

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM = ACK = 1
END_HEADERS = 4
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
PROTOCOL_ERROR, REFUSED_STREAM, CANCEL, INTERNAL_ERROR = 1, 7, 8, 2
STATUS_200, STATUS_404 = b"\x88", b"\x8d"  # of HPACK's static table


def literal(name, value):
    """A header without indexing, both texts below 127 bytes or with one more byte of length."""
    def text(data):
        if len(data) < 127:
            return bytes([len(data)]) + data
        rest, out = len(data) - 127, b"\x7f"
        while rest > 127:
            out, rest = out + bytes([rest & 127 | 128]), rest >> 7
        return out + bytes([rest]) + data
    return b"\x00" + text(name) + text(value)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(**values):
    ids = {"streams": MAX_CONCURRENT_STREAMS, "window": INITIAL_WINDOW_SIZE}
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", ids[name], value) for name, value in values.items()))


def answer(stream, body=b"hello\n", status=STATUS_200):
    if not body:
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, status)
    return frame(HEADERS, END_HEADERS, stream, status) + frame(DATA, END_STREAM, stream, body)


def reset(stream, code):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last, code=0):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code))


class Peer:
    """One connection as the server sees it. Handlers call send; what came is kept in 'seen' as (kind, flags, stream, payload)."""

    def __init__(self, server, conn):
        self.server, self.conn, self.buffer, self.seen = server, conn, b"", []
        self.requests = 0  # HEADERS that came

    def send(self, data):
        try:
            self.conn.sendall(data)
        except OSError:
            pass

    def read(self, size):
        while len(self.buffer) < size:
            data = self.conn.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def run(self):
        try:
            assert self.read(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            self.server.greet(self)
            while True:
                head = self.read(9)
                size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
                stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                payload = self.read(size)
                with self.server.lock:
                    self.server.seen.append((kind, flags, stream, payload))
                if kind == SETTINGS and not flags & ACK:
                    self.send(frame(SETTINGS, ACK, 0))
                elif kind == HEADERS:
                    self.requests += 1
                    self.server.request(self, stream)
                elif kind == DATA:
                    self.server.data(self, stream, flags)
                elif kind == PING and flags & ACK:
                    self.server.pong(self)
        except (EOFError, OSError):
            pass
        finally:
            self.conn.close()


class RudeServer:
    """Answers every request, unless told otherwise: greet(peer), request(peer, stream), data(peer, stream, flags), pong(peer)."""

    def __init__(self, greet=None, request=None, data=None, pong=None):
        self.lock, self.seen, self.peers = threading.Lock(), [], []
        self.greet = greet or (lambda peer: peer.send(settings()))
        self.request = request or (lambda peer, stream: peer.send(answer(stream)))
        self.data = data or (lambda peer, stream, flags: None)
        self.pong = pong or (lambda peer: None)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                conn, _ = self.listener.accept()
                conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer = Peer(self, conn)
                self.peers.append(peer)
                threading.Thread(target=peer.run, daemon=True).start()
        except OSError:
            pass

    def end(self):
        self.listener.close()
        for peer in self.peers:
            peer.conn.close()

    def count(self, kind):
        with self.lock:
            return sum(entry[0] == kind for entry in self.seen)
