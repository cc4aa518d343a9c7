"""Knowing another client's id opens nothing: polling, WebSocket and upgrading sessions.

Run: tests/clients/.venv/bin/python tests/clients/socketio_secret.py http://127.0.0.1:5003
"""

from socketio_raw import Polling, WebSocket, check, finish

UNKNOWN = (400, {"code": 1, "message": "Session ID unknown"})


def attack(kind, victim, full=None):
    """Everything that somebody could try who knows the id, and half of the secret."""
    thief = Polling()
    thief.post('42["get_status"]')
    check(f"{kind}: the id is told", lambda text: victim in text, thief.wait('42["status_response"'))
    guesses = [victim, victim + ".", f"{victim}.{thief.sid.split('.')[1]}", victim + "." + "A" * 16]
    if full:
        guesses += [full[:-1], full + "A", full.swapcase()]
    for sid in guesses:
        answer = thief.get(sid)
        check(f"{kind}: reading as {sid}", UNKNOWN, (answer.status_code, answer.json()))
        for body in ['42["message",{"msg":"stolen"}]', "1", "41", "5"]:
            answer = thief.post(body, sid)
            check(f"{kind}: {body} as {sid}", UNKNOWN, (answer.status_code, answer.json()))
        check(f"{kind}: upgrading {sid}", 400, WebSocket(sid).status)
    check(f"{kind}: the thief has a session of its own", True, thief.lives())


polling = Polling()
check("the engine's id is not the one that is told", True, polling.sid.startswith(polling.id + "."))
attack("polling", polling.id, polling.sid)
check("the polling session goes on", True, polling.lives())

websocket = WebSocket()
attack("websocket", websocket.id, websocket.sid if "." in websocket.sid else None)
check("the WebSocket goes on", True, websocket.lives())

# While it upgrades, its id is known already.
upgrading = Polling()
probe = WebSocket(upgrading.sid)
probe.say("2probe")
check("it may upgrade itself", "3probe", probe.hear())
attack("upgrading", upgrading.id, upgrading.sid)
probe.say("5")
check("the upgrade goes on", True, probe.lives())
attack("upgraded", upgrading.id, upgrading.sid)
check("the upgraded session goes on", True, probe.lives())
finish()
