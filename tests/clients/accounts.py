"""Walks through the rows of /auth with requests, whose session keeps the cookie.

Run: tests/clients/.venv/bin/python tests/clients/accounts.py http://127.0.0.1:5003
(a server that was just started with `--store memory:`)
"""

import sys

import requests

PASSWORD = {"username": "ann", "password": "correct horse"}
NEITHER = "Username and password are required"
NOBODY = "Authentication required"
PROTECTED = "This name is protected: log in, or present its token."


def refused(message: str, code: str) -> dict:
    """The body of a refusal."""
    return {"status": "fail", "message": message, "error": message, "code": code}


def main(base: str) -> None:
    calls = 0

    def says(session, method: str, path: str, status: int, body, **arguments) -> None:
        """The answer is this, to the last key; but for the token, which must be there or not."""
        nonlocal calls
        answer = session.request(method, base + path, timeout=30, **arguments)
        got = answer.json()
        if isinstance(body, dict) and body.get("token") == "<token>":
            assert len(got["token"]) == 43, got
            body = {**body, "token": got["token"]}
        assert (answer.status_code, got) == (status, body), (method, path, answer.status_code, got)
        calls += 1

    with requests.Session() as page, requests.Session() as phone, requests.Session() as stranger:
        says(page, "GET", "/auth/check", 401, {"authenticated": False})
        says(page, "POST", "/auth/logout", 401, refused(NOBODY, "authentication_required"))
        for path in ("/auth/register", "/auth/login"):
            says(page, "POST", path, 400, refused(NEITHER, "field_required"), json={"username": "ann"})
        entered = {"user_id": 1, "username": "ann", "token": "<token>"}
        says(
            page, "POST", "/auth/register", 201,
            {"message": "User registered successfully", **entered}, json=PASSWORD,
        )
        # From here on the cookie says who it is; the page never sees the token again.
        assert page.cookies["chatroom_session"]
        who = {"authenticated": True, "user_id": 1, "username": "ann"}
        says(page, "GET", "/auth/check", 200, who)
        says(
            stranger, "POST", "/auth/register", 400,
            refused("User already exists", "username_taken"), json=PASSWORD,
        )
        wrong = refused("Invalid credentials", "invalid_credentials")
        says(stranger, "POST", "/auth/login", 401, wrong, json={**PASSWORD, "password": "wrong horse"})
        says(stranger, "POST", "/auth/login", 401, wrong, json={**PASSWORD, "username": "nobody"})
        logged_in = {"message": "Login successful", **entered}
        says(phone, "POST", "/auth/login", 200, logged_in, json=PASSWORD)

        # The name is protected in the chat too.
        sent = {"status": "success", "message": "Message sent successfully."}
        message = {"sender": "ann", "recipient": "ann", "message": "Hello, me"}
        denied = refused(PROTECTED, "authentication_required")
        says(stranger, "POST", "/send", 401, denied, json=message)
        says(page, "POST", "/send", 200, sent, json=message)
        inbox = {"status": "success", "messages": [{"id": 1, **message}]}
        says(phone, "GET", "/messages", 200, inbox, params={"username": "ann", "last_id": 0})
        says(stranger, "GET", "/messages", 401, denied, params={"username": "ann"})

        listed = page.get(f"{base}/auth/sessions", timeout=30).json()
        assert [session["current"] for session in listed] == [True, False], listed
        assert all(session["agent"].startswith("python-requests/") for session in listed), listed
        ended = {"message": "Session ended successfully"}
        says(page, "DELETE", f"/auth/sessions/{listed[1]['id']}", 200, ended)
        says(phone, "GET", "/auth/check", 401, {"authenticated": False})
        says(phone, "POST", "/auth/login", 200, logged_in, json=PASSWORD)
        says(page, "DELETE", "/auth/sessions", 200, {"message": "Other sessions ended successfully"})
        says(phone, "GET", "/auth/check", 401, {"authenticated": False})

        change = {"old_password": "correct horse", "new_password": "battery staple"}
        says(page, "POST", "/auth/password", 200, {"message": "Password changed successfully"}, json=change)
        says(phone, "POST", "/auth/login", 401, wrong, json=PASSWORD)
        password = {**PASSWORD, "password": "battery staple"}
        says(phone, "POST", "/auth/login", 200, logged_in, json=password)
        says(phone, "POST", "/auth/logout", 200, {"message": "Logged out successfully"})
        assert "chatroom_session" not in phone.cookies
        says(phone, "GET", "/auth/check", 401, {"authenticated": False})
        says(page, "GET", "/auth/check", 200, who)
        says(
            page, "DELETE", "/auth/account", 200, {"message": "Account deleted successfully"},
            json={"password": "battery staple", "messages": "remove"},
        )
        assert "chatroom_session" not in page.cookies
        says(page, "GET", "/auth/check", 401, {"authenticated": False})
        says(page, "POST", "/auth/login", 401, wrong, json=password)
    print(f"{calls} calls, 0 wrong")


main(sys.argv[1])
