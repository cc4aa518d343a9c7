"""Clients of a server that is several, with python-socketio: no two requests go to the same node.

Run: tests/clients/.venv/bin/python tests/clients/socketio_spread.py http://127.0.0.1:5003
"""

import queue
import sys
import time

import socketio

BASE = sys.argv[1]
PATIENCE = 20


class Person:
    """A client that keeps what it is told."""

    def __init__(self, name: str, transports: list[str]) -> None:
        self.heard: queue.Queue = queue.Queue()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, *data: self.heard.put((event, *data)))
        self.client.connect(BASE, transports=transports, auth={"username": name})
        self.sid = self.waits("connection_response")["client_id"]

    def waits(self, event: str, fits=lambda data: True):
        """The next of these events whose data fits."""
        until = time.monotonic() + PATIENCE
        while True:
            name, *data = self.heard.get(timeout=max(until - time.monotonic(), 0.001))
            if name == event and fits(data[0] if data else None):
                return data[0] if data else None

    def asks(self, event: str, answer: str):
        self.client.emit(event)
        return self.waits(answer)


def until(what: str, holds) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


names = ["ann", "bob", "cid", "dot"]
people = [Person(name, ["polling", "websocket"]) for name in names[:3]]
people.append(Person("dot", ["polling"]))
for person in people[:3]:
    until("it is upgraded", lambda: person.client.transport() == "websocket")

# All are told of all, whichever node they are on.
everybody = {person.sid for person in people}
last = people[3]
for person in people[:3]:
    joined = person.waits("client_joined", lambda data: data["client_id"] == last.sid)
    assert joined["total_clients"] == 4, joined
    person.waits("active_users", lambda data: data["users"] == names)
for person in people:
    count = person.asks("get_connections", "connections_count")
    assert count == {"count": 4}, count
    status = person.asks("get_status", "status_response")
    assert set(status["connected_clients"]) == everybody, status

# A broadcast reaches all.
for sender in people:
    sender.client.emit("broadcast", {"message": "hello", "timestamp": sender.sid})
    for person in people:
        told = person.waits("broadcast_message", lambda data: data["timestamp"] == sender.sid)
        assert told["message"] == "hello", told

# Who enters a room is announced to who is in it. (Each waits for its own turn.)
for number, person in enumerate(people):
    person.client.emit("join", {"room": "General"})
    text = f"{names[number]} has joined the room!"
    for other in people[: number + 1]:
        other.waits("status", lambda data: data["msg"] == text)

# Much, over polling, to a session that another node has.
for number in range(50):
    last.client.emit("echo", number)
for number in range(50):
    assert last.waits("echo_response")["original_data"] == number

last.client.disconnect()
for person in people[:3]:
    left = person.waits("client_left", lambda data: data["client_id"] == last.sid)
    assert left["total_clients"] == 3, left
for person in people[:3]:
    person.client.disconnect()
print("all is well")
