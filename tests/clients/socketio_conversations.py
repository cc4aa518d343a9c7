"""Conversations over Socket.IO: who comes in hears what was said, who is taken out hears no more.

Run: tests/clients/.venv/bin/python tests/clients/socketio_conversations.py http://127.0.0.1:5003 polling
(a server that was just started with `--store memory:`)
"""

import itertools
import json
import queue
import re
import sys

import requests
import socketio

BASE, TRANSPORTS = sys.argv[1], sys.argv[2].split(",")
PATIENCE = 20
ROSTER = ("active_users", "client_joined", "client_left", "connection_response")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
fences = itertools.count()
wrong = []
checks = 0


def check(what, wanted, got):
    global checks
    checks += 1
    if plain(wanted) != plain(got):
        wrong.append(f"{what}:\n  wanted {wanted}\n  got    {got}")


def plain(value):
    """The value with words in the places of times, and of messages' ids: fences take some."""
    if isinstance(value, dict):
        return {
            key: "<id>" if key == "id" and isinstance(item, int) else plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [plain(item) for item in value]
    return "<time>" if isinstance(value, str) and TIME.fullmatch(value) else value


class Person:
    """An account with a token, and a socket."""

    def __init__(self, name):
        body = {"username": name, "password": f"the secret of {name}"}
        answer = requests.post(BASE + "/auth/register", json=body, timeout=PATIENCE).json()
        self.name, self.id, self.token = name, answer["user_id"], answer["token"]
        self.connect({"token": self.token})

    def connect(self, auth):
        self.io = socketio.Client(reconnection=False)
        self.heard = queue.Queue()
        self.io.on("*", lambda event, *data: self.heard.put([event, data[0] if data else None]))
        self.io.connect(BASE, transports=TRANSPORTS, auth=auth, wait_timeout=PATIENCE)

    def ask(self, method, path, status, **body):
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(
            method, BASE + path, json=body, headers=headers, timeout=PATIENCE
        )
        check(f"{method} {path} by {self.name}", status, answer.status_code)
        return answer.json()

    def call(self, event, data):
        return self.io.call(event, data, timeout=PATIENCE)

    def hears(self):
        """What it has heard up to now: a message behind everything else says where that ends."""
        fence = f"fence {next(fences)}"
        if hasattr(self, "token"):
            body = {"sender": "fence", "recipient": self.name, "message": fence}
            answer = requests.post(BASE + "/send", json=body, timeout=PATIENCE)
            assert answer.status_code == 200, answer.text
        else:
            self.io.emit("echo", fence)
        heard = []
        while fence not in json.dumps(item := self.heard.get(timeout=PATIENCE)):
            if item[0] not in ROSTER and item[1].get("type") != "connect":
                heard.append(item)
        ids = [data["id"] for name, data in heard if name == "message"]
        check("ids rise", sorted(set(ids)), ids)
        return heard


def status(person, conversation, what):
    text = f"{person.name} has {what} the conversation."
    return ["status", {
        "message": text, "msg": text, "user_id": person.id, "conversation_id": conversation}]


def said(id, conversation, person, text, project=None):
    return ["message", {
        "id": id, "conversation_id": conversation, "message": text, "user_id": person.id,
        "username": person.name, "project_id": project, "created_at": "<time>", "is_ai": False}]


def recent(conversation, *messages):
    return ["recent_messages", {"conversation_id": conversation, "messages": [
        {"id": id, "content": text, "user_id": person.id, "username": person.name,
         "created_at": "<time>"} for id, person, text in messages]}]


requests.post(BASE + "/register", json={"username": "fence"}, timeout=PATIENCE)
ann, bob, eve = Person("ann"), Person("bob"), Person("eve")
project = ann.ask("POST", "/projects", 201, name="P")
conversation = project["conversation_id"]
place = {"conversation_id": conversation}
everybody = f"/conversations/{conversation}/participants"
ann.ask("POST", everybody, 200, user_id=bob.id)
messages = f"/conversations/{conversation}/messages"
ann.ask("POST", messages, 201, content="before anybody came")
check("a room that is not watched is not heard", [], bob.hears())

check("joining", {"ok": True}, ann.call("join", place))
check("what ann hears", [
    recent(conversation, (1, ann, "before anybody came")), status(ann, conversation, "joined"),
], ann.hears())
check("joining by the text of the id", {"ok": True}, bob.call("join", {"conversation_id": f"{conversation}"}))
check("what bob hears", [
    recent(conversation, (1, ann, "before anybody came")), status(bob, conversation, "joined"),
], bob.hears())
check("ann hears of bob", [status(bob, conversation, "joined")], ann.hears())

check("sending", {"ok": True, "id": 2}, bob.call("send_message", place | {"message": "hé 🎈", "project_id": 1}))
ann.ask("POST", messages, 201, content="by REST")
requests.post(BASE + "/send", timeout=PATIENCE, json={
    "sender": "ann", "recipient": f"room_{conversation}", "message": "to the room", "token": ann.token})
three = [
    said(2, conversation, bob, "hé 🎈", 1), said(3, conversation, ann, "by REST", 1),
    said(4, conversation, ann, "to the room", 1),
]
check("ann hears all three", three, ann.hears())
check("bob hears all three", three, bob.hears())
check("eve hears nothing", [], eve.hears())


def refused(person, event, data, code):
    ack = person.call(event, data)
    check(f"{person.name}: {event} {data}", (False, code), (ack["ok"], ack.get("code")))
    heard = person.hears()
    check("and an error", [("error", code)], [(name, data["code"]) for name, data in heard])


refused(eve, "join", place, "not_in_conversation")
refused(eve, "send_message", place | {"message": "let me in"}, "not_in_conversation")
refused(eve, "join", {"conversation_id": 99}, "conversation_not_found")
refused(eve, "join", {"conversation_id": "x"}, "invalid_type")
refused(ann, "send_message", place | {"message": ""}, "field_required")
refused(ann, "send_message", place | {"message": "x" * 16385}, "message_too_long")
for data in [{}, {"username": "somebody"}]:
    guest = Person.__new__(Person)
    guest.name = "a guest"
    guest.connect(data)
    refused(guest, "join", place, "account_required")
    refused(guest, "send_message", place | {"message": "hi"}, "account_required")
    guest.io.disconnect()
check("nobody registered for that", ["ann", "bob", "eve", "fence"], sorted(
    requests.get(BASE + "/online", timeout=PATIENCE).json()["online_users"]))

# Fifty are brought, the oldest first.
for number in range(60):
    bob.ask("POST", messages, 201, content=f"number {number}")
ann.hears(), bob.hears()
ann.ask("POST", everybody, 200, user_id=eve.id)
check("a new one joins", {"ok": True}, eve.call("join", place))
heard = eve.hears()
texts = [message["content"] for message in heard[0][1]["messages"]]
check("the last fifty", [f"number {number}" for number in range(10, 60)], texts)
check("of all that hear it", [status(eve, conversation, "joined")], bob.hears())

# Taken out, the socket hears no more, nor when it is back in without joining again.
ann.ask("DELETE", everybody, 200, user_id=eve.id)
ann.ask("POST", messages, 201, content="behind eve's back")
check("eve hears nothing", [], eve.hears())
refused(eve, "send_message", place | {"message": "let me in"}, "not_in_conversation")
refused(eve, "join", place, "not_in_conversation")
ann.ask("POST", everybody, 200, user_id=eve.id)
bob.call("join", place)
ann.ask("POST", messages, 201, content="eve is back")
check("eve has not joined again", [], eve.hears())
ann.hears(), bob.hears()

check("leaving", {"ok": True}, bob.call("leave", place))
check("all hear of it", [status(bob, conversation, "left")], ann.hears())
check("bob too", [status(bob, conversation, "left")], bob.hears())
ann.ask("POST", messages, 201, content="bob hears nothing")
check("bob hears nothing", [], bob.hears())
bob.ask("GET", messages, 200)
for person in (ann, bob, eve):
    person.io.disconnect()
print("\n".join(wrong), file=sys.stderr)
print(f"{checks} checks, {len(wrong)} wrong")
