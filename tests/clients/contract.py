"""Walks through contract.json with requests, comparing whole bodies.

Run: tests/clients/.venv/bin/python tests/clients/contract.py http://127.0.0.1:5003
(a server that was just started with `--store memory:`)
"""

import json
import re
import sys
from pathlib import Path

import requests

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def stands_for(wanted, got) -> bool:
    """Whether a placeholder of contract.json allows this value."""
    if not isinstance(got, str):
        return False
    if wanted == "<time>":
        return TIME.fullmatch(got) is not None
    if wanted == "<token>":
        return re.fullmatch(r"[A-Za-z0-9_-]{22,}", got) is not None
    return wanted in ("<epoch>", "<text>") and got != ""


def same(wanted, got) -> bool:
    """Equality of JSON, where 1 is not true and a placeholder stands for what it allows."""
    if type(wanted) is not type(got):
        return False
    if isinstance(wanted, dict):
        return wanted.keys() == got.keys() and all(same(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    return wanted == got or stands_for(wanted, got)


def main(base: str) -> None:
    tokens: dict[str, str] = {}
    about = ""
    calls = wrong = 0
    for step in json.loads(Path(__file__).with_name("contract.json").read_text("utf-8")):
        if "call" not in step:
            about = step["about"]
            continue
        method, path = step["call"].split()
        arguments = {"timeout": 30, "params": step.get("query")}
        if "json" in step:
            body = step["json"]
            if isinstance(body, dict) and body.get("token") == "<token>":
                body = {**body, "token": tokens.get(body["username"])}
            # `json=None` would send no body at all.
            arguments |= {"data": "null"} if body is None else {"json": body}
        if "form" in step:
            arguments["data"] = step["form"]
        if "text" in step:
            arguments |= {"data": step["text"], "headers": {"Content-Type": "text/plain"}}
        answer = requests.request(method, base + path, **arguments)
        got = answer.json()
        calls += 1
        if answer.status_code != step["status"] or not same(step["body"], got):
            wrong += 1
            print(f"{about}: {step['call']} {step.get('json', step.get('query', ''))}")
            print(f"  wanted {step['status']} {step['body']}")
            print(f"  got    {answer.status_code} {got}")
        if path == "/register" and "token" in got:
            tokens[step.get("json", step.get("form"))["username"]] = got["token"]
    print(f"{calls} calls, {wrong} wrong")
    sys.exit(wrong > 0 or calls == 0)


if __name__ == "__main__":
    main(sys.argv[1])
