"""Walks through socketio.json with python-socketio, comparing everything that every client hears.

Run: tests/clients/.venv/bin/python tests/clients/socketio_walk.py http://127.0.0.1:5003 polling,websocket
(a server that was just started with `--store memory:`)
"""

import json
import queue
import re
import sys
import time
from pathlib import Path

import requests
import socketio

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ROSTER = ("active_users", "client_joined", "client_left")
PATIENCE = 20
BASE, TRANSPORTS = sys.argv[1], sys.argv[2].split(",")
bound: dict[str, object] = {}
clients: dict[str, "Probe"] = {}
wrong: list[str] = []


class Probe:
    """One client, and what it heard."""

    def __init__(self, auth):
        self.io = socketio.Client(reconnection=False)
        self.heard: queue.Queue = queue.Queue()
        self.roster: list = []
        self.last = 0
        self.io.on("*", lambda event, *data: self.heard.put((event, data[0] if data else None)))
        self.io.on("disconnect", lambda *_: self.heard.put(("disconnect", None)))
        self.io.connect(BASE, transports=TRANSPORTS, auth=auth, wait_timeout=PATIENCE)
        assert self.io.transport() == TRANSPORTS[-1], self.io.transport()

    def hear(self):
        event, data = self.heard.get(timeout=PATIENCE)
        for message in [data, *(data.get("messages", []) if isinstance(data, dict) else [])]:
            if isinstance(message, dict) and isinstance(message.get("id"), int):
                self.last = max(self.last, message["id"])
        return [event, data]

    def until(self, fence):
        """All that it hears before the event that `fence` accepts."""
        heard = []
        while not fence(item := self.hear()):
            (self.roster if item[0] in ROSTER else heard).append(item)
        return heard


def register_fence():
    if "<fence>" not in bound:
        bound["<fence>"] = requests.post(BASE + "/register", json={"username": "fence"}).json()


def fenced(name):
    """What a client heard up to now: a message behind everything else says where that ends."""
    probe = clients[name]
    text = f"fence {time.monotonic_ns()}"
    if any(user == bound.get(f"name {name}") for user in online()):
        register_fence()
        body = {"sender": "fence", "recipient": bound[f"name {name}"], "message": text}
        assert requests.post(BASE + "/send", json=body).status_code == 200
        return probe.until(lambda item: item[0] == "private_message" and item[1]["msg"] == text)
    probe.io.emit("echo", text)
    return probe.until(lambda item: item[0] == "echo_response" and item[1]["original_data"] == text)


def online():
    return requests.get(BASE + "/online").json()["online_users"]


def fill(value):
    """The value that a step sends."""
    if isinstance(value, dict):
        return {key: fill(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item) for item in value]
    if isinstance(value, str):
        if found := re.fullmatch("<bytes (.*)>", value):
            return bytes.fromhex(found[1])
        if found := re.fullmatch("<long (.*)>", value):
            return "x" * int(found[1])
        if found := re.fullmatch("<last (.*)>", value):
            return bound[f"last {found[1]}"]
        value = re.sub("^<guest> ", f"{bound.get('<guest>')} ", value)
        return bound.get(value, value)
    return value


def same(wanted, got) -> bool:
    """Equality of JSON, where a placeholder stands for what it allows."""
    if isinstance(wanted, str):
        if wanted == "<any>":
            return True
        if wanted == "<time>":
            return isinstance(got, str) and TIME.fullmatch(got) is not None
        if wanted == "<token>":
            return isinstance(got, str) and re.fullmatch(r"[A-Za-z0-9_-]{43}", got) is not None
        if wanted == "<text>":
            return isinstance(got, str) and got != ""
        if wanted == "<guest>" and wanted not in bound:
            return isinstance(got, str) and re.fullmatch(r"Guest\d{8}", got) is not None
        return fill(wanted) == got
    if type(wanted) is not type(got):
        return False
    if isinstance(wanted, dict):
        return wanted.keys() == got.keys() and all(same(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list):
        by = lambda items: sorted(items, key=str)  # noqa: E731
        names = all(isinstance(item, str) for item in wanted)
        pairs = zip(by(fill(wanted)), by(got)) if names else zip(wanted, got)
        return len(wanted) == len(got) and all(same(a, b) for a, b in pairs)
    return wanted == got


def check(step, what, wanted, got):
    if not same(wanted, got):
        wrong.append(f"{json.dumps(step)[:200]}\n  {what}: wanted {wanted}\n  got {got}")


def connect(step):
    name, auth = step["connect"], fill(step["auth"])
    probe = clients[name] = Probe(auth)
    greeting = []
    while not any(item[0] == "active_users" for item in greeting):
        greeting.append(probe.hear())
    probe.roster.append(greeting.pop())
    response = greeting[1][1]
    bound[f"<sid {name}>"] = probe.io.get_sid()
    bound[f"name {name}"] = response["username"]
    bound["<epoch>"] = response["epoch"]
    if "token" in response:
        bound[f"<token {name}>"] = response["token"]
    if "hears" in step:
        check(step, "greeting", step["hears"][name], greeting)
    if response["username"].startswith("Guest"):
        bound["<guest>"] = response["username"]


def emit(step):
    probe = clients[step["by"]]
    arguments = [fill(step["data"])] if "data" in step else []
    ack = probe.io.call(step["emit"], *arguments, timeout=PATIENCE)
    if "refused" in step:
        sentence = ack.get("message")
        check(step, "ack", {"ok": False, "code": step["refused"], "message": "<text>"}, ack)
        step["hears"] = {step["by"]: [["error", {
            "error": sentence, "message": sentence, "code": ack.get("code"), "timestamp": "<time>"}]]}
        return
    if step["ack"].get("id") == "<id>":
        bound["<id>"] = ack.get("id")
        if not isinstance(ack.get("id"), int):
            wrong.append(f"{step}: no id in {ack}")
    check(step, "ack", step["ack"], ack)


def rest(step):
    method, path = step["rest"].split()
    answer = requests.request(method, BASE + path, json=fill(step.get("json")), timeout=PATIENCE)
    body = answer.json()
    if answer.status_code != 200:
        wrong.append(f"{step}: {answer.status_code} {body}")
    if "token" in body:
        bound[f"<token of {step['json']['username']}>"] = body["token"]
    if "body" in step:
        check(step, "body", step["body"], body)
    if "newest" in step:
        newest = [[m["sender"], m["recipient"], m["message"]] for m in body["messages"]]
        check(step, "newest", step["newest"], newest)


def main() -> None:
    steps = json.loads(Path(__file__).with_name("socketio.json").read_text("utf-8"))
    steps = [step for step in steps if "about" not in step]
    for step in steps:
        if "connect" in step:
            connect(step)
        elif "emit" in step:
            emit(step)
        elif "rest" in step:
            rest(step)
        elif "disconnect" in step:
            name = step["disconnect"]
            bound[f"last {name}"] = clients[name].last
            clients.pop(name).io.disconnect()
        if name := step.get("ends"):
            clients.pop(name).until(lambda item: item[0] == "disconnect")
        for name, wanted in step.get("eventually", {}).items():
            probe = clients[name]
            while not any(same(wanted, item) for item in probe.roster):
                item = probe.hear()
                if item[0] in ROSTER:
                    probe.roster.append(item)
                else:
                    wrong.append(f"{step}: {name} heard {item}")
            probe.roster.clear()
        for name in clients:
            heard = fenced(name)
            wanted = [] if "connect" in step else step.get("hears", {}).get(name, [])
            if len(heard) != len(wanted) or not all(map(same, wanted, heard)):
                wrong.append(f"{json.dumps(step)[:200]}\n  {name}: wanted {wanted}\n  got {heard}")
    for probe in clients.values():
        probe.io.disconnect()
    print("\n".join(wrong), file=sys.stderr)
    print(f"{len(steps)} steps, {len(wrong)} wrong")


main()
