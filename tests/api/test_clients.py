"""Check 81: what sms-gate.app's clients send, byte for byte (wire/smsgate.md section 7), and whether
each could parse the answer.

clients/NAME.calls holds the head of a client's requests, in its order (lines with ? only when
there is a body), and below it its calls: who asks | status and shape of the answer | request line
| body. A status @ is the route's own in support/routes.py. What earlier answers gave stands in braces.
"""

import json
import re
from pathlib import Path

import pytest

from support import routes
from support.client import basic, bearer
from support.gateway import T
from support.http1 import RawConnection

CALLS = sorted(Path(__file__).with_name("clients").glob("*.calls"))
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|[+-]\d\d:\d\d)")
STATES = {"Pending", "Processed", "Sent", "Delivered", "Failed"}  # all that Python knows
CANCELS = {"Cancelling", "Cancelled"}
INT32 = 2 ** 31


# ---- what a client can parse ----

def text(value):
    return isinstance(value, str)


def moment(value):
    return text(value) and TIME.fullmatch(value)


def truth(value):
    return isinstance(value, bool)


def number(value):
    return type(value) is int and -INT32 <= value < INT32


def any_object(value):
    return isinstance(value, dict)


def nothing_or(check):
    return lambda value: value is None or check(value)


def one_of(*words):
    return lambda value: value in words


def list_of(check):
    return lambda value: isinstance(value, list) and all(map(check, value))


def map_of(check):
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def members(**checks):
    """An object: members ending in _ may be missing, more than these do no harm."""
    def check(value):
        assert isinstance(value, dict), value
        for name, one in checks.items():
            bare = name.rstrip("_")
            if bare not in value:
                assert name != bare, "%s is missing in %s" % (bare, value)
            else:
                assert one(value[bare]), "%s of %s" % (bare, value)
        return True
    return check


def shapes(client):
    """The answers as this client's types have them."""
    state = one_of(*STATES) if client.startswith("python") else one_of(*STATES | CANCELS)
    snake = members(id=text, token_type=one_of("Bearer"), access_token=text, refresh_token=text,
                    expires_at=moment)
    camel = members(id=text, tokenType=one_of("Bearer"), accessToken=text, refreshToken=text,
                    expiresAt=moment)
    of = {
        "Error": members(message=text),
        "Object": any_object,
        "MessageState": members(
            id=text, deviceId=text, state=state, isHashed=truth, isEncrypted=truth,
            recipients=list_of(members(phoneNumber=text, state=state, error_=nothing_or(text))),
            states=map_of(moment), textMessage_=members(text=text),
            dataMessage_=members(data=text, port=number)),
        "Device": members(id=text, name=text, createdAt=moment, updatedAt=moment, lastSeen=moment,
                          deletedAt_=nothing_or(moment), simCards_=list_of(any_object)),
        "Webhook": members(id=text, url=text, event=text, deviceId=nothing_or(text)),
        "Settings": map_of(any_object),
        "Health": members(status=one_of("pass", "warn", "fail"), version_=text, releaseId_=number,
                          checks_=map_of(members(status=one_of("pass", "warn", "fail"),
                                                 observedValue=number, observedUnit_=text,
                                                 description_=text))),
        "Token": camel if client.startswith("python") or client == "rust" else snake,
        "IncomingMessage": members(id=text, type=text, sender=text, contentPreview=text,
                                   createdAt=moment, recipient_=nothing_or(text),
                                   simNumber_=nothing_or(number)),
        "LogEntry": members(id=number, priority=one_of("DEBUG", "INFO", "WARN", "ERROR"),
                            module=text, message=text, context=any_object, createdAt=moment),
    }
    of.update({"[%s]" % name: list_of(check) for name, check in of.items()})
    return of


# ---- a client at work ----

class Replay:
    def __init__(self, gateway, path):
        head, calls = path.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
        self.head, self.calls = head.split("\n"), calls.split("\n")
        self.shapes = shapes(path.stem)
        self.gateway = gateway
        account = gateway.account()
        self.found = {"device": account.add_phone().id, "host": "localhost:%d" % gateway.port}
        self.credentials = {"basic": basic(account.login, account.password),
                            "wrong": basic(account.login, "wrong")}

    def fill(self, pattern, **more):
        for name, value in {**self.found, **more}.items():
            pattern = pattern.replace("{%s}" % name, str(value))
        return pattern

    def request(self, who, line, body):
        body = self.fill(body)
        more = {"authorization": self.credentials[who], "length": len(body.encode())}
        method, path = line.split(" ")
        lines = ["%s %s HTTP/1.1" % (method, self.fill(T + path))]
        for one in self.head:
            if one[0] != "?" or body or (method == "POST" and "length" in one):
                lines.append(self.fill(one.lstrip("?"), **more))
        return "\r\n".join(lines + ["", body]).encode()

    def remember(self, shape, answer):
        if shape in ("MessageState", "Webhook"):
            self.found["message" if shape == "MessageState" else "webhook"] = answer["id"]
        elif shape == "Token":
            self.found["jti"] = answer["id"]
            self.credentials["token"] = bearer(answer["access_token"])
            self.credentials["refresh"] = bearer(answer["refresh_token"])

    def run(self, connection, call):
        who, want, line, body = (call.split(" | ", 3) + [""])[:4]
        status, _, shape = want.partition(" ")
        if status == "@":
            status = status_of(line)
        connection.send(self.request(who, line, body))
        answer = connection.read()
        assert answer.status == int(status), answer
        if answer.status == 204:
            assert not answer.body and "content-type" not in answer.headers
            return
        assert answer.headers["content-type"] == "application/json"
        if answer.status == 501:
            shape = "Error"
        content = json.loads(answer.body)
        assert self.shapes[shape](content), content
        self.remember(shape, content)
        if line.startswith("GET /messages?") and answer.status == 200:
            assert int(answer.headers["x-total-count"]) >= len(content)


def status_of(line):
    method, path = line.split(" ")
    path = "/3rdparty/v1" + path.split("?")[0]
    return next(one.success for one in routes.ROUTES if (one.method, one.path) == (method, path))


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_check_81_replay(gateway, path):
    replay = Replay(gateway, path)
    with RawConnection(gateway) as connection:
        for call in replay.calls:
            replay.run(connection, call)


def test_check_81_every_client_is_there():
    assert {path.stem for path in CALLS} == {
        "cli", "go", "php", "python-aiohttp", "python-httpx", "python-requests", "rust"}
