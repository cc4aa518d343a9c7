"""The cookie of a guest: who has one is the same again, who has a stranger's gets a new one.

Run: tests/clients/.venv/bin/python tests/clients/socketio_guest.py http://127.0.0.1:5003
"""

import json

import requests
import socketio
from socketio_raw import BASE, HOST, PATIENCE, WebSocket, check, finish

COOKIE = "chatroom_guest"
STRANGE = "A" * 43


def post(path, **body):
    assert requests.post(BASE + path, json=body, timeout=PATIENCE).status_code == 200


def polling(cookie):
    """Who a browser with this cookie is over polling: what it is told, and its cookie then."""
    browser = requests.Session()
    if cookie is not None:
        browser.cookies.set(COOKIE, cookie, domain=HOST, path="/")
    client = socketio.SimpleClient(http_session=browser)
    client.connect(BASE, transports=["polling"], wait_timeout=PATIENCE)
    while (event := client.receive(timeout=PATIENCE))[0] != "connection_response":
        pass
    assert client.call("message", {"room": "General", "msg": "hi"}, timeout=PATIENCE)["ok"]
    client.disconnect()
    return event[1], browser.cookies.get(COOKIE)


def websocket(cookie):
    """The same over a WebSocket alone."""
    socket = WebSocket(headers=[f"Cookie: {COOKIE}={cookie}"] if cookie is not None else [])
    told = json.loads(socket.wait('42["connection_response"')[2:])[1]
    socket.say('420["message",{"room":"General","msg":"hi"}]')
    socket.wait("430")
    socket.stream.close()
    given = [line for line in socket.head.split("\r\n") if line.lower().startswith(f"set-cookie: {COOKIE}=")]
    check("a cookie is only for the browser", True, all("HttpOnly" in line and "SameSite=Lax" in line for line in given))
    return told, given[0].split("=")[1].split(";")[0] if given else cookie


for kind, connect in (("polling", polling), ("WebSocket", websocket)):
    for what, cookie in (("no cookie", None), ("a stranger's cookie", STRANGE), ("an empty cookie", "")):
        what = f"{kind}, {what}"
        told, got = connect(cookie)
        check(f"{what}: a new guest", True, told["username"].startswith("Guest"))
        check(f"{what}: whose cookie it gets", told.get("token"), got)
        again, kept = connect(got)
        check(f"{what}: the same guest again", told["username"], again["username"])
        check(f"{what}: which needs no other cookie", (got, False), (kept, "token" in again))
    # The name went to somebody else.
    post("/logout", username=told["username"])
    post("/register", username=told["username"])
    other, got = connect(kept)
    check(f"{kind}: somebody else", True, other["username"] != told["username"])
    check(f"{kind}: with a cookie of its own", (True, True), (got == other.get("token"), got != kept))
finish()
