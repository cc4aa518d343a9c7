"""A client as users of the original server have it: it asks every two seconds what is new.

Run: tests/clients/.venv/bin/python tests/clients/poller.py http://127.0.0.1:5003 carl
It greets each room it is added to, and logs out when somebody writes `bye`.
"""

import re
import sys
import time

import requests

server, me = sys.argv[1:]


def post(path, body):
    response = requests.post(server + path, json=body)
    if response.status_code != 200:
        print(f"Failed: {response.json().get('message')}")
    return response.json()


print(post("/register", {"username": me})["message"])
last_id = 0
running = True
while running:
    response = requests.get(f"{server}/messages", params={"username": me, "last_id": last_id})
    for message in response.json()["messages"]:
        last_id = message["id"]
        print(f"[{message['id']}] {message['sender']}: {message['message']}")
        added = re.search(r"Room (\d+) has been created", message["message"])
        if message["sender"] == "server" and added:
            room = f"room_{added.group(1)}"
            post("/send", {"sender": me, "recipient": room, "message": f"{me} says hello"})
        if message["message"] == "bye":
            running = False
    if running:
        time.sleep(2)
print(post("/logout", {"username": me})["message"])
