"""Codes that go nowhere: sandbox, test numbers, concealed starts (requirements 40, 76)."""

import statistics
import time

import pytest

from support import otp
from support.gateway import Gateway, T
from support.routes import OWN, check_problem

FIXED, OVER = "+447700900123", "+447700900124"
FLAGS = ["--otp.environment", "test", "--otp.test_numbers",
         FIXED + "=123456@2099-01-01T00:00:00Z," + OVER + "=123456@2020-01-01T00:00:00Z",
         "--otp.lock_after", "5"]


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account(brand="Shop")
    made.phone = made.add_phone()
    return made


@pytest.fixture(scope="module")
def sandbox(gateway):
    return gateway.account(brand="Shop", sandbox=True)


def inbox(account, after=""):
    path = "/otp/v1/sandbox/messages" + ("?after=" + after if after else "")
    return account.app.get(path).expect(200).json["messages"]


# ---- sandbox ----

def test_a_sandbox_delivers_to_its_inbox(gateway, sandbox):
    """Without any phone, and with one that gets nothing."""
    number = gateway.fresh_number()
    made = otp.start(sandbox.app, number).expect(201).json
    assert made["mode"] == "sandbox"
    message = inbox(sandbox)[-1]
    assert (message["to"], message["verification_id"]) == (number, made["id"])
    phone = sandbox.add_phone()
    assert phone.pull() == []
    checked = otp.check(sandbox.app, made["id"], otp.code_in(message["text"])).expect(200).json
    assert checked["approved"] is True
    shown = otp.show(sandbox.app, made["id"])
    assert [event["event"] for event in shown["timeline"]] == ["accepted", "sent", "delivered",
                                                               "approved"]


def test_a_sandbox_resends_to_its_inbox(gateway, sandbox):
    """And any SMS of the account goes there."""
    sent = sandbox.app.post(T + "/messages", {
        "phoneNumbers": ["+447700900001", "+447700900002"], "message": "hello"}).expect(202).json
    assert sent["state"] == "Delivered"
    last = inbox(sandbox)[-2:]
    assert [(one["to"], one["text"], one["verification_id"]) for one in last] == [
        ("+447700900001", "hello", None), ("+447700900002", "hello", None)]
    assert inbox(sandbox, last[0]["id"]) == last[1:]
    assert sandbox.message(sent["id"])["state"] == "Delivered"


def test_an_inbox_keeps_the_newest_hundred(gateway):
    full = gateway.account(sandbox=True)
    for first in range(0, 120, 60):
        full.app.post(T + "/messages", {
            "phoneNumbers": ["+4477009%05d" % (first + i) for i in range(60)],
            "message": "x"}).expect(202)
    kept = inbox(full)
    assert len(kept) == 100 and kept[-1]["to"] == "+447700900119"


def test_only_operators_set_the_sandbox(gateway, account):
    key = account.with_key("admin")
    path = "/admin/v1/accounts/" + account.id
    check_problem(OWN, key.patch(path, {"sandbox": True}).expect(403), "sandbox")
    own = gateway.account()
    own.phone = own.add_phone()
    path = "/admin/v1/accounts/" + own.name
    assert gateway.admin.patch(path, {"sandbox": True}).expect(200).json["sandbox"] is True
    assert otp.start(own.app, gateway.fresh_number()).json["mode"] == "sandbox"
    gateway.admin.patch(path, {"sandbox": False}).expect(200)
    _, code, _ = otp.started(own.app, own.phone, gateway.fresh_number())
    assert code


def test_tail_shows_the_inbox(gateway, sandbox):
    otp.start(sandbox.app, gateway.fresh_number()).expect(201)
    env = {"OTPGATE_KEY": sandbox.make_key()["key"]}
    done = gateway.cli("sandbox", "tail", "--once", env=env)
    assert done.returncode == 0 and inbox(sandbox)[-1]["text"] in done.stdout, done
    changed = gateway.cli("account", "set", sandbox.name, "--sandbox", "yes")
    assert changed.returncode == 0, changed.stderr


def test_a_stranger_sees_another_inbox(gateway, sandbox, account):
    otp.start(sandbox.app, gateway.fresh_number()).expect(201)
    assert inbox(account) == []
    account.with_key("otp:start").get("/otp/v1/sandbox/messages").expect(403)


# ---- test numbers ----

def test_req_76_a_test_number_has_its_code_and_no_sms(gateway, account):
    for _ in range(2):
        made = otp.start(account.app, FIXED, code_length=8).expect(201).json
        assert made["mode"] == "test"
        assert otp.check(account.app, made["id"], "123456").json["approved"] is True
    assert account.phone.pull() == []


def test_req_76_a_test_number_has_an_end(gateway, account):
    made, code, _ = otp.started(account.app, account.phone, OVER)
    assert "mode" not in otp.show(account.app, made)
    assert otp.check(account.app, made, code).json["approved"] is True


@pytest.mark.parametrize("flags,text", [
    (["--otp.test_numbers", FIXED + "=123456@2099-01-01T00:00:00Z"], "environment"),
    (["--otp.environment", "test", "--otp.test_numbers", FIXED + "=123456"], "no end"),
    (["--otp.environment", "test", "--otp.test_numbers", "0177=123456@2099-01-01T00:00:00Z"],
     "like +447700900123"),
    (["--otp.environment", "test", "--otp.test_numbers", FIXED + "=1@2099-01-01T00:00:00Z"],
     "4 to 10")])
def test_req_76_not_in_production_and_not_without_an_end(flags, text):
    own = Gateway(*flags)
    try:
        own.spawn()
        assert own.process.wait(20) != 0
        assert "otp.test_numbers" in own.log() and text in own.log()
    finally:
        own.remove()


# ---- concealed starts ----

def shape(answer):
    """What a stranger can tell apart."""
    ids = ("id", "to", "created_at", "expires_at", "resend_after")
    headers = {name for name in answer.headers if name not in ("Date",)}
    return (answer.status, headers, {name: "…" if name in ids else value
                                     for name, value in answer.json.items()})


def locked_number(gateway, account):
    number = gateway.fresh_number()
    made, code, _ = otp.started(account.app, account.phone, number)
    for _ in range(5):
        otp.check(account.app, made, otp.wrong_code(code))
    otp.start(account.app, number).expect(429)
    return number


def test_req_40_known_unknown_and_locked_look_alike(gateway, account):
    known = otp.start(account.app, gateway.fresh_number(), conceal=True)
    unknown = otp.start(account.app, gateway.fresh_number(), conceal=True, deliver=False)
    locked = otp.start(account.app, locked_number(gateway, account), conceal=True)
    phoneless = gateway.account()
    nobody = otp.start(phoneless.app, gateway.fresh_number(), conceal=True)
    assert known.status == 202
    assert shape(known) == shape(unknown) == shape(locked) == shape(nobody)
    for client, answer in ((account.app, unknown), (account.app, locked), (phoneless.app, nobody)):
        shown = otp.show(client, answer.json["id"])
        assert [event["event"] for event in shown["timeline"]] == ["accepted"]


def test_req_40_a_decoy_sends_nothing_and_is_never_approved(gateway, account):
    """Its whole life is that of any other: wrong codes, resends, the end."""
    number = gateway.fresh_number()
    key = {"Idempotency-Key": gateway.fresh("decoy")}
    made = otp.start(account.app, number, headers=key, conceal=True, deliver=False)
    again = otp.start(account.app, number, headers=key, conceal=True, deliver=False)
    assert (again.status, again.json) == (202, made.json)
    active = otp.start(account.app, number, conceal=True).expect(202).json
    assert (active["id"], active["resent"]) == (made.json["id"], False)
    for left in (4, 3, 2, 1, 0):
        answer = otp.check(account.app, made.json["id"], "000000").expect(200).json
        assert (answer["approved"], answer["attempts_left"]) == (False, left)
    assert [m for m in account.phone.pull() if m["phoneNumbers"] == [number]] == []


def difference_of_medians_s(gateway, account):
    times = {True: [], False: []}
    for _ in range(40):
        for deliver in (True, False):
            number = gateway.fresh_number()
            begun = time.monotonic()
            otp.start(account.app, number, conceal=True, deliver=deliver).expect(202)
            times[deliver].append(time.monotonic() - begun)
    return abs(statistics.median(times[True]) - statistics.median(times[False]))


def test_req_40_times_are_alike(gateway, account):
    """In turns, so that a busy machine is busy for both; a real difference shows every time."""
    assert any(difference_of_medians_s(gateway, account) < 0.010 for _ in range(3))


def test_not_delivering_needs_concealment(gateway, account):
    refused = otp.start(account.app, gateway.fresh_number(), deliver=False).expect(422)
    check_problem(OWN, refused, "deliver")
