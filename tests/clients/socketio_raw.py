"""Socket.IO spoken by hand, for the tests of what no client should do."""

import base64
import json
import os
import socket
import sys
from urllib.parse import urlsplit

import requests

BASE = sys.argv[1]
HOST, PORT = urlsplit(BASE).hostname, urlsplit(BASE).port
PATIENCE = 20
wrong: list[str] = []
checks = 0


def check(what, wanted, got) -> None:
    global checks
    checks += 1
    good = wanted(got) if callable(wanted) else wanted == got
    if not good:
        wrong.append(f"{what}: got {str(got)[:300]}")


def finish() -> None:
    print("\n".join(wrong), file=sys.stderr)
    print(f"{checks} checks, {len(wrong)} wrong")


def query(**pairs) -> str:
    return "&".join(f"{key}={value}" for key, value in {"EIO": 4, **pairs}.items())


class Polling:
    """A polling session."""

    def __init__(self, connect=True):
        self.http = requests.Session()
        self.packets: list[str] = []
        opened = json.loads(self.get(None).text[1:])
        self.sid = opened["sid"]
        if connect:
            assert self.post("40").status_code == 200
            self.id = json.loads(self.wait("40{")[2:])["sid"]

    def url(self, sid, transport="polling"):
        pairs = {} if sid is None else {"sid": sid}
        return f"{BASE}/socket.io/?{query(transport=transport, **pairs)}"

    def get(self, sid):
        return self.http.get(self.url(sid), timeout=PATIENCE)

    def post(self, body, sid=None):
        return self.http.post(self.url(sid or self.sid), data=body, timeout=PATIENCE)

    def wait(self, start):
        """The first packet to come that starts so."""
        while True:
            while self.packets:
                packet = self.packets.pop(0)
                if packet.startswith(start):
                    return packet
                if packet == "2":
                    self.post("3")
            answer = self.get(self.sid)
            assert answer.status_code == 200, answer.status_code
            self.packets = answer.text.split("\x1e")

    def lives(self) -> bool:
        return self.post('42["ping"]').status_code == 200 and bool(self.wait('42["pong"'))


class WebSocket:
    """A WebSocket without anything that checks what is sent."""

    def __init__(self, sid=None, connect=True, headers=(), path=None, window=None):
        self.stream = socket.socket()
        self.stream.settimeout(PATIENCE)
        if window:
            self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.stream.connect((HOST, PORT))
        pairs = {} if sid is None else {"sid": sid}
        path = path or f"/socket.io/?{query(transport='websocket', **pairs)}"
        lines = [
            f"GET {path} HTTP/1.1", f"Host: {HOST}:{PORT}", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *headers,
        ]
        self.stream.sendall("\r\n".join([*lines, "", ""]).encode())
        self.buffer = b""
        self.head = self.until(b"\r\n\r\n").decode()
        self.status = int(self.head.split()[1])
        if self.status == 101 and sid is None:
            self.sid = json.loads(self.hear()[1:])["sid"]
            if connect:
                self.say("40")
                self.id = json.loads(self.wait("40{")[2:])["sid"]

    def more(self) -> None:
        data = self.stream.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def until(self, end) -> bytes:
        while end not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(end)
        return head

    def take(self, count) -> bytes:
        while len(self.buffer) < count:
            self.more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self, payload: bytes, kind=1, last=True, masked=True) -> None:
        first, mask = kind | (0x80 if last else 0), 0x80 if masked else 0
        if len(payload) < 126:
            head = bytes([first, mask | len(payload)])
        elif len(payload) < 65536:
            head = bytes([first, mask | 126]) + len(payload).to_bytes(2, "big")
        else:
            head = bytes([first, mask | 127]) + len(payload).to_bytes(8, "big")
        # A mask of zeros is a mask.
        self.stream.sendall(head + (bytes(4) if masked else b"") + payload)

    def say(self, text) -> None:
        self.frame(text.encode())

    def hear(self) -> str:
        """The next text; the end of the connection is an EOFError."""
        while True:
            first, length = self.take(2)
            if length == 126:
                length = int.from_bytes(self.take(2), "big")
            elif length == 127:
                length = int.from_bytes(self.take(8), "big")
            payload = self.take(length)
            if first & 15 == 8:
                raise EOFError
            if first & 15 == 1:
                return payload.decode()

    def wait(self, start) -> str:
        while not (text := self.hear()).startswith(start):
            if text == "2":
                self.say("3")
        return text

    def lives(self) -> bool:
        self.say('42["ping"]')
        return bool(self.wait('42["pong"'))

    def ends(self) -> bool:
        """Whether the server closes it, without having to be asked again."""
        try:
            while True:
                self.hear()
        except (EOFError, ConnectionError):
            return True
        except TimeoutError:
            return False
