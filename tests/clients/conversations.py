"""Walks through conversations.json with requests: everybody has a session, kept by its cookie.

Run: tests/clients/.venv/bin/python tests/clients/conversations.py http://127.0.0.1:5003
(a server that was just started with `--store memory:`)
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import requests
from contract import same


def main(base: str) -> None:
    sessions: dict[str, requests.Session] = defaultdict(requests.Session)
    about = ""
    calls = wrong = 0
    for step in json.loads(Path(__file__).with_name("conversations.json").read_text("utf-8")):
        if "call" not in step:
            about = step["about"]
            continue
        method, path = step["call"].split()
        arguments = {"timeout": 30, "params": step.get("query")}
        if "json" in step:
            arguments["json"] = step["json"]
        if "form" in step:
            arguments["data"] = step["form"]
        if "file" in step:
            name, content = step["file"]["name"], step["file"]["content"]
            arguments["files"] = {"file": (name, content.encode())}
        if "range" in step:
            arguments["headers"] = {"Range": "bytes=" + step["range"]}
        # Whoever is nobody has no cookie.
        session = sessions[step["as"]] if "as" in step else requests.Session()
        answer = session.request(method, base + path, **arguments)
        if "text" in step:
            fits, got = answer.content.decode() == step["text"], answer.content
        else:
            got = answer.json()
            fits = same(step["body"], got)
        calls += 1
        if answer.status_code != step["status"] or not fits:
            wrong += 1
            print(f"{about}: {step}\n  got {answer.status_code} {got}")
    for name, session in sessions.items():
        cookies = [cookie for cookie in session.cookies if cookie.name == "chatroom_session"]
        if len(cookies) != 1 or not cookies[0].has_nonstandard_attr("HttpOnly"):
            wrong += 1
            print(f"{name} has no cookie that scripts cannot see: {cookies}")
    print(f"{calls} calls, {wrong} wrong")
    sys.exit(wrong > 0 or calls == 0)


main(sys.argv[1])
