"""Origins: for a server whose setting cors_origins lists https://chat.example.org alone.

Run: tests/clients/.venv/bin/python tests/clients/socketio_origin.py http://127.0.0.1:5003
"""

import requests
from socketio_raw import BASE, HOST, PATIENCE, PORT, WebSocket, check, finish, query

CASES = {
    "": 101,
    f"Origin: http://{HOST}:{PORT}": 101,
    "Origin: https://chat.example.org": 101,
    "Origin: https://evil.example.org": 403,
    "Origin: https://chat.example.org.evil.example.org": 403,
    "Origin: http://chat.example.org": 403,
    f"Origin: http://{HOST}:{PORT + 1}": 403,
    "Origin: null": 403,
}
for origin, status in CASES.items():
    headers = [origin] if origin else []
    check(f"a WebSocket from {origin}", status, WebSocket(headers=headers, connect=False).status)
    headers = dict([origin.split(": ")]) if origin else {}
    answer = requests.get(f"{BASE}/socket.io/?{query(transport='polling')}", headers=headers, timeout=PATIENCE)
    check(f"polling from {origin}", 200 if status == 101 else 403, answer.status_code)
    if "chat.example.org" in origin and status == 101:
        check("what is allowed", "https://chat.example.org", answer.headers.get("Access-Control-Allow-Origin"))
finish()
