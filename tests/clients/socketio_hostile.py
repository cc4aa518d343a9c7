"""What no client should send: refused as the protocols say, and everybody else goes on.

Run: tests/clients/.venv/bin/python tests/clients/socketio_hostile.py http://127.0.0.1:5003
"""

import json
import threading
import time

import requests
from socketio_raw import BASE, PATIENCE, Polling, WebSocket, check, finish, query

PAYLOAD, FRAME = 100_000, 128 << 10
bystander = WebSocket()
fine = lambda status: status in (200, 400)  # noqa: E731
below_500 = lambda status: status < 500  # noqa: E731

# Packets that are none, or of the wrong kind. What ends the session is the protocols' to say:
# a packet that cannot be read does.
PACKETS = [
    "", "garbage", "9", "0", "6", "4", "49", "42", "42{", "42[]", "42[1]", "42[null]", '42["x"', '42["x",]',
    '42{"a":1}', '42"x"', "42[[]]", '42["ping"]garbage', '4299999999999999999999["ping"]', '42-1["ping"]',
    '42["\\ud800"]', "43", "43[]", '4317["x"]', '44{"message":"no"}', "45", "45-", '451["echo"]', '459999999999-["echo"]',
    '451-["echo",{"_placeholder":true,"num":7}]', '450-["echo",{"_placeholder":true,"num":0}]', "46", "461-0[]",
    "b!!!!", "bAA==", "40", "40{", "40[]", '40{"token":[]}', '40{"last_id":-1}', '42/other,["ping"]', "42/,[]", "41/other,",
    "\x1e", "\x1e\x1e", "42[\"ping\"]\x1e\x1e", "4\x00", "4" + "[" * 50_000, '42["echo",' + "[" * 5000 + "]" * 5000 + "]",
]


def packets():
    for packet in PACKETS:
        polling = Polling()
        check(f"POST {packet[:40]!r}", fine, polling.post(packet.encode()).status_code)
        websocket = WebSocket()
        websocket.say(packet)
        websocket.stream.close()
        check(f"after {packet[:40]!r}", True, bystander.lives())
    check("POST not UTF-8", 400, Polling().post(b'42["\xff\xfe"]').status_code)
    websocket = WebSocket()
    websocket.frame(b'42["\xff\xfe"]')
    check("a text frame that is not UTF-8 ends the connection", True, websocket.ends())


def shapes():
    """Data that cannot be read is an error, and the connection stays."""
    polling = Polling()
    polling.post('42["echo",' + "[" * 5000 + "]" * 5000 + "]")
    check("deep data", lambda packet: '"code":"invalid_type"' in packet, polling.wait('42["error"'))
    polling.post('421["join",17]')
    check("join 17", lambda packet: '"code":"field_required"' in packet, polling.wait('42["error"'))
    check("and its ack", lambda packet: '"ok":false' in packet, polling.wait("431["))
    check("it stays", True, polling.lives())


def namespaces():
    polling = Polling()
    polling.post("40/other,")
    refused = json.loads(polling.wait("44/other,").partition(",")[2])
    check("another namespace", {"message": "Invalid namespace"}, refused)
    check("the first one stays", True, polling.lives())
    polling.post("40")
    check("connecting twice changes nothing", True, polling.lives())


def sizes():
    head = '42["echo","'
    full = head + "x" * (PAYLOAD - len(head) - 2) + '"]'
    polling = Polling()
    check("a body of the full size", 200, polling.post(full).status_code)
    check("comes back", lambda packet: len(packet) > PAYLOAD, polling.wait('42["echo_response"'))
    check("a byte more", 413, polling.post(full + " ").status_code)
    check("ten times as much", 413, Polling().post(full * 10).status_code)

    full = head + "x" * (FRAME - len(head) - 2) + '"]'
    websocket = WebSocket()
    websocket.say(full)
    check("a frame of the full size", lambda text: len(text) > FRAME, websocket.wait('42["echo_response"'))
    websocket.say(full + " ")
    check("a byte more ends it", True, websocket.ends())
    websocket = WebSocket()
    websocket.frame(full[:FRAME // 2].encode(), last=False)
    websocket.frame(full[:FRAME // 2].encode(), kind=0, last=False)
    websocket.frame(b"xx", kind=0)
    check("so does a message in parts", True, websocket.ends())
    many = Polling()
    check("many packets in one body", 200, many.post("\x1e".join(['42["ping"]'] * 5000)).status_code)
    check("are too many events", lambda packet: '"code":"rate_limited"' in packet, many.wait('42["error"'))


def frames():
    websocket = WebSocket()
    websocket.frame(b'42["ping"]', masked=False)
    check("an unmasked frame ends it", True, websocket.ends())
    for kind in (3, 11):
        websocket = WebSocket()
        websocket.frame(b"", kind=kind)
        check(f"a frame of kind {kind} ends it", True, websocket.ends())
    websocket = WebSocket()
    websocket.frame(b"x" * 200, kind=9)
    check("a ping too long ends it", True, websocket.ends())
    websocket = WebSocket()
    websocket.frame(b"stray", kind=2)
    check("a stray binary frame ends it", True, websocket.ends())
    websocket = WebSocket(connect=False)
    websocket.say('42["ping"]')
    check("an event before the connection ends it", True, websocket.ends())


def requests_():
    url = f"{BASE}/socket.io/?"
    plain = {"transport": "polling"}
    for what, pairs, code in [
        ("no transport", {}, 0), ("an unknown transport", {"transport": "smoke"}, 0),
        ("no version", {**plain, "EIO": ""}, 5), ("a session that never was", {**plain, "sid": "A" * 16}, 1),
        ("an empty session", {**plain, "sid": ""}, 1), ("an absurd session", {**plain, "sid": "%00" * 999}, 1),
    ]:
        answer = requests.get(url + query(**pairs), timeout=PATIENCE)
        check(what, (400, str(code)), (answer.status_code, str(answer.json().get("code"))))
    answer = requests.post(url + query(**plain), data="40", timeout=PATIENCE)
    check("a POST without a session", (400, "2"), (answer.status_code, str(answer.json()["code"])))
    for transport in ("polling", "websocket"):
        answer = requests.get(url + query(transport=transport, EIO=3), timeout=PATIENCE)
        check("an Engine.IO 3 client", (400, 5), (answer.status_code, answer.json()["code"]))
        for part in ("Engine.IO 3", "Engine.IO 4", "socket.io-client 4", "python-socketio 5"):
            check(f"hears {part}", lambda text, part=part: part in text, answer.json()["message"])
    for method in ("PUT", "DELETE", "PATCH"):
        check(method, 405, requests.request(method, url + query(**plain), timeout=PATIENCE).status_code)
    for path in ("/socket.io", "/socket.io/x/y?a=b", "/socket.io/?&&&=&", "/socket.io/?" + "a" * 5000):
        check(path[:30], below_500, requests.get(BASE + path, timeout=PATIENCE).status_code)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    answer = requests.get(url + query(transport="websocket"), headers=upgrade, timeout=PATIENCE)
    check("an upgrade without a key", 400, answer.status_code)
    answer = requests.get(url + query(**plain), headers=upgrade, timeout=PATIENCE)
    check("an upgrade to polling is a handshake", lambda text: "." in json.loads(text[1:])["sid"], answer.text)
    check("a WebSocket of the old protocol", 400, WebSocket(path="/socket.io/?EIO=3&transport=websocket").status)


def two_polls():
    polling = Polling()
    polling.post('42["ping"]')
    polling.wait('42["pong"')
    statuses: list[int] = []
    polls = [threading.Thread(target=lambda: statuses.append(
        requests.get(polling.url(polling.sid), timeout=PATIENCE).status_code)) for _ in range(2)]
    for poll in polls:
        poll.start()
    for poll in polls:
        poll.join()
    check("two polls at once end the session", lambda got: 400 in got and max(got) < 500, statuses)
    check("which is gone then", 400, polling.get(polling.sid).status_code)


def upgrades():
    for words in (["5"], ["2probe", "garbage"], ["2probe", "41"], ["garbage"], []):
        polling = Polling()
        probe = WebSocket(polling.sid)
        for word in words:
            probe.say(word)
        probe.stream.close()
        deadline = threading.Event()
        while polling.get(polling.sid).status_code == 200 and not deadline.wait(0.05):
            pass
        check(f"an upgrade that failed by {words} ends", 400, polling.get(polling.sid).status_code)
    websocket = WebSocket()
    check("a WebSocket is not upgraded again", lambda status: status in (400, 101), WebSocket(websocket.sid).status)
    check("and goes on", True, websocket.lives())


def sleepers():
    """Who takes nothing is cut off before it costs much; everybody else hears everything."""
    sleeper, speaker = WebSocket(window=4096), WebSocket()
    packet = '42["broadcast",{"message":"' + "x" * 90_000 + '"}]'
    for number in range(150):
        speaker.say(packet)
        for reader in (speaker, bystander):
            check(f"broadcast {number}", lambda text: len(text) > 90_000, reader.wait('42["broadcast_message"'))
    for _ in range(100):
        speaker.say('42["get_status"]')
        if gone := sleeper.id not in speaker.wait('42["status_response"'):
            break
        time.sleep(0.05)
    check("the sleeper is gone", True, gone)


for part in (packets, shapes, namespaces, sizes, frames, requests_, two_polls, upgrades, sleepers):
    part()
check("the bystander goes on", True, bystander.lives())
check("newcomers are served", True, Polling().lives() and WebSocket().lives())
finish()
