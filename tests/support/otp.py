"""Verifications as an application makes them, and the code as its user reads it."""

import re

V = "/otp/v1/verifications"


def code_in(text):
    """The first group of digits: the user's eye, and every phone's autofill, takes that one."""
    return re.search(r"[0-9]+", text).group()


def wrong_code(code):
    """Another code of the same length."""
    return "%0*d" % (len(code), (int(code) + 1) % 10 ** len(code))


def start(client, to, purpose="login", headers=None, **members):
    return client.post(V, dict(members, to=to, purpose=purpose), headers=headers)


def check(client, verification, code, purpose="login"):
    return client.post("%s/%s/check" % (V, verification), {"code": code, "purpose": purpose})


def show(client, verification):
    return client.get("%s/%s" % (V, verification)).expect(200).json


def resend(client, verification):
    return client.post("%s/%s/resend" % (V, verification))


def cancel(client, verification):
    return client.delete("%s/%s" % (V, verification))


def fetch(phone, number):
    """The newest message for this number among those that the phone is offered."""
    found = [m for m in phone.wait_pull() if m["phoneNumbers"] == [number]]
    assert found, "no message for this number"
    return found[-1]


def started(client, phone, to, purpose="login", **members):
    """A new verification and its code, fetched by the phone: (id, code, message)."""
    made = start(client, to, purpose, **members).expect(201).json
    message = fetch(phone, to)
    return made["id"], code_in(message["textMessage"]["text"]), message
