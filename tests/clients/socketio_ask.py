"""Asks for one thing after the other, each as somebody, and prints how it went: ok, or the code.

Run: tests/clients/.venv/bin/python tests/clients/socketio_ask.py http://127.0.0.1:5003 cells.json
"""

import json
import sys

import socketio

base, cells = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
for cell in cells:
    client = socketio.Client(reconnection=False)
    auth = {"token": cell["token"]} if cell["token"] else None
    client.connect(base, auth=auth, transports=["websocket"])
    answer = client.call(cell["event"], cell["data"], timeout=20)
    print("ok" if answer["ok"] else answer["code"], flush=True)
    client.disconnect()
