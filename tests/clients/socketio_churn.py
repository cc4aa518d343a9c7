"""Many sockets that come and go, over every transport, and upgrades that fail.

Run: tests/clients/.venv/bin/python tests/clients/socketio_churn.py http://127.0.0.1:5003 1000
(a round of so many over each transport, and a fifth of it failed upgrades)
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from socketio_raw import Polling, WebSocket

ROUND = int(sys.argv[2])


def polling(number):
    session = Polling()
    if number % 10 == 0:
        session.post('42["join",{"room":"General"}]')
    # Some go by the protocol, the others by closing their session.
    session.post("41" if number % 2 else "1")
    if number % 2:
        session.post("1")
    session.http.close()


def websocket(number):
    session = WebSocket()
    if number % 10 == 0:
        session.say('42["join",{"room":"General"}]')
    if number % 2:
        session.say("41")
    session.stream.close()


def upgraded(number):
    session = Polling()
    probe = WebSocket(session.sid)
    probe.say("2probe")
    assert probe.hear() == "3probe"
    probe.say("5")
    assert number % 10 or probe.lives()
    probe.stream.close()
    session.http.close()


def failed(number):
    session = Polling()
    probe = WebSocket(session.sid)
    if number % 2:
        probe.say("2probe")
    probe.stream.close()
    session.http.close()


with ThreadPoolExecutor(8) as pool:
    for kind, count in [(polling, ROUND), (websocket, ROUND), (upgraded, ROUND), (failed, ROUND // 5)]:
        assert len(list(pool.map(kind, range(count)))) == count
print(f"{3 * ROUND + ROUND // 5} came and went")
