"""The same as socketio_listen.mjs with python-socketio.

Run: tests/clients/.venv/bin/python tests/clients/socketio_listen.py http://127.0.0.1:5003 20
"""

import os
import sys
import threading

import socketio

BASE, COUNT = sys.argv[1], int(sys.argv[2])
TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]


class Listener:
    def __init__(self, number):
        self.known: dict = {}
        self.next = self.connections = 0
        self.joined, self.ended = threading.Event(), threading.Event()
        self.trouble = None
        self.lock = threading.Lock()
        self.io = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1)
        self.io.on("connect", self.connect)
        self.io.on("connection_response", self.greeted)
        self.io.on("missed", lambda data: [self.hear(m["id"], m["message"]) for m in data["messages"]])
        self.io.on("new_message", lambda data: self.hear(data["id"], data["message"]))
        self.io.connect(BASE, transports=TRANSPORTS[number % 3], auth=lambda: dict(self.known))

    def connect(self):
        self.connections += 1
        self.io.emit("join_room", {"room": "General"}, callback=lambda _: self.joined.set())

    def greeted(self, data):
        if not data["recovered"]:
            self.trouble = "not recovered"
        self.known = {"token": data.get("token"), "last_id": data["last_id"], **self.known, "epoch": data["epoch"]}

    def hear(self, number, text):
        # Every event has a thread of its own in this library, so two may run at once.
        with self.lock:
            self.heard = {**getattr(self, "heard", {}), number: text}
            self.known["last_id"] = max(self.known["last_id"], number)
        if text == "end":
            self.ended.set()


listeners = [Listener(number) for number in range(COUNT)]
assert all(listener.joined.wait(60) for listener in listeners)
print(f"{COUNT} are listening")
assert all(listener.ended.wait(60) for listener in listeners), "the end was not heard"
for listener in listeners:
    texts = [listener.heard[number] for number in sorted(listener.heard)]
    wanted = [f"number {number}" for number in range(len(texts) - 1)] + ["end"]
    if texts != wanted or listener.trouble:
        print(f"{listener.io.transport()}: {listener.trouble} {texts}", file=sys.stderr)
        os._exit(1)
print(f"each heard {len(texts) - 1}, connected {min(one.connections for one in listeners)} times")
os._exit(0)
