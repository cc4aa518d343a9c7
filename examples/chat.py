"""A chat in the terminal with requests: what you type goes to the friend, what comes is shown.
Run: python3 examples/chat.py http://127.0.0.1:5003 bob ann
"""

import sys
import threading

import requests

server, me, friend = sys.argv[1:]


def post(path, **body):
    answer = requests.post(server + path, json=body).json()
    if answer["status"] != "success":
        print(answer["message"], flush=True)
    return answer["status"] == "success"


def show_what_comes():
    cursor = 0
    while True:
        # Answers as soon as there is something, else with an empty list after 25 s.
        page = requests.get(
            f"{server}/messages", params={"username": me, "last_id": cursor, "wait": 25}
        ).json()
        if page["status"] != "success":
            return
        for message in page["messages"]:
            print(f"{message['sender']}: {message['message']}", flush=True)
        cursor = page["last_id"]


if post("/register", username=me):
    threading.Thread(target=show_what_comes, daemon=True).start()
    print(f"You are {me}.", flush=True)
    for line in sys.stdin:
        post("/send", sender=me, recipient=friend, message=line.rstrip("\n"))
    post("/logout", username=me)
