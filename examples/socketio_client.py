"""Chats in a room over Socket.IO, and goes on where it was when the connection was lost.
Run: python3 examples/socketio_client.py http://127.0.0.1:5003 General ann
It needs python-socketio[client]; what you type goes to the room, Ctrl-D ends it.
"""

import sys

import socketio

url, room, name = sys.argv[1:4]
known = {"username": name}
chat = socketio.Client()


@chat.on("connection_response")
def greeted(data):
    known.update(token=data.get("token", known.get("token")), epoch=data["epoch"])
    known.setdefault("last_id", data["last_id"])
    chat.emit("join_room", {"room": room})
    print(f"you are {data['username']}")


@chat.on("new_message")
def show(message):
    known["last_id"] = max(known["last_id"], message["id"])
    print(f"{message['username']}: {message['message']}")


chat.on("missed", lambda data: [show(message) for message in data["messages"]])
chat.on("error", lambda error: print("refused:", error["message"]))
chat.connect(url, auth=lambda: dict(known))
for line in sys.stdin:
    if line.strip():
        chat.call("send_message", {"room": room, "message": line.strip()})
chat.disconnect()
