"""What /api says of sockets: those that python-socketio has open, over each transport.

Run: tests/clients/.venv/bin/python tests/clients/socketio_api.py http://127.0.0.1:5003
(a server that was just started with `--store memory:`)
"""

import time
from datetime import datetime

import requests
import socketio
from socketio_raw import BASE, PATIENCE, check, finish


def get(path):
    return requests.get(f"{BASE}/api/{path}", timeout=PATIENCE).json()


def connected(wanted):
    """The list of sockets, once there are so many."""
    until = time.monotonic() + PATIENCE
    while (body := get("clients"))["total_clients"] != wanted and time.monotonic() < until:
        pass
    return body


def counts():
    status = get("status")
    return [status[key] for key in ("connected_clients", "users_online", "rooms", "messages")]


check("before there is any", 0, connected(0)["total_clients"])
clients = []
for transport in ("polling", "websocket"):
    client = socketio.Client(reconnection=False)
    client.connect(BASE, transports=[transport], wait_timeout=PATIENCE)
    clients.append(client)
    body = connected(len(clients))
    check("each once, in their order", [c.get_sid() for c in clients], [c["client_id"] for c in body["clients"]])
    since = [datetime.fromisoformat(c["connected_at"]) for c in body["clients"]]
    check("since when", sorted(since), since)
    check("that is not later than now", True, since[-1] <= datetime.fromisoformat(body["timestamp"]))
    check("the status counts them too", len(clients), counts()[0])
check("who only looks is a socket, but not online", [2, 0, 1, 0], counts())
check("the message was taken", True, clients[0].call("message", {"room": "Side", "msg": "hi"}, timeout=PATIENCE)["ok"])
check("who has sent is online", [2, 1, 2, 1], counts())
first, second = clients
first.disconnect()
check("one is left", [second.get_sid()], [c["client_id"] for c in connected(1)["clients"]])
second.disconnect()
check("nobody is left", [], connected(0)["clients"])
events = requests.get(f"{BASE}/api", timeout=PATIENCE).json()["websocket"]["events"]
client = socketio.Client(reconnection=False)
client.connect(BASE, transports=["websocket"], wait_timeout=PATIENCE)
for event in events:
    answer = client.call(event, {}, timeout=PATIENCE)
    check(f"{event} is understood", lambda answer: answer.get("code") != "unknown_event", answer)
check("what is not listed is not", "unknown_event", client.call("api", {}, timeout=PATIENCE)["code"])
client.disconnect()
finish()
