"""Idempotency of starts (requirement 39) and the lock of a recipient (17 to 19)."""

import pytest

from support import otp
from support.client import basic
from support.gateway import Gateway
from support.wait import in_parallel

FLAGS = ["--otp.lock_after", "7", "--login.lock", "1h", "--otp.attempts", "5"]


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account()
    made.phone = made.add_phone()
    return made


def start(client, number, key, **members):
    return otp.start(client, number, headers={"Idempotency-Key": key}, **members)


def offered(account, number):
    return [m for m in account.phone.pull() if m["phoneNumbers"] == [number]]


def test_requirement_39_same_key_same_answer(gateway, account):
    number, key = gateway.fresh_number(), gateway.fresh("key")
    first = start(account.app, number, key).expect(201)
    assert first.headers["Idempotent-Replayed"] is None
    for _ in range(3):
        again = start(account.app, number, key).expect(201)
        assert again.body == first.body
        assert again.headers["Idempotent-Replayed"] == "true"
    assert len(offered(account, number)) == 1


def test_requirement_39_other_body(gateway, account):
    number, key = gateway.fresh_number(), gateway.fresh("key")
    start(account.app, number, key).expect(201)
    for body in (dict(purpose="payment"), dict(ttl=120), dict(locale="de")):
        refused = start(account.app, number, key, **body).expect(422).json
        assert refused["field"] == "Idempotency-Key"
    other = gateway.fresh_number()
    start(account.app, other, key).expect(422)
    assert len(offered(account, number)) == 1 and offered(account, other) == []


def test_requirement_39_keys_belong_to_an_account(gateway, account):
    key, number = gateway.fresh("key"), gateway.fresh_number()
    other = gateway.account()
    other.add_phone()
    start(account.app, number, key).expect(201)
    start(other.app, number, key, purpose="payment").expect(201)


def test_requirement_39_concurrent(gateway, account):
    """However many at once: one SMS, and nobody is told of another verification."""
    number, key = gateway.fresh_number(), gateway.fresh("key")
    clients = [account.another_client() for _ in range(16)]
    answers = in_parallel([lambda c=c: start(c, number, key) for c in clients])
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert len(offered(account, number)) == 1


def test_requirement_39_key_length(gateway, account):
    start(account.app, gateway.fresh_number(), "k" * 255).expect(201)
    refused = start(account.app, gateway.fresh_number(), "k" * 256).expect(400).json
    assert refused["field"] == "Idempotency-Key"


def test_a_refused_start_does_not_use_up_its_key(gateway):
    account = gateway.account()
    number, key = gateway.fresh_number(), gateway.fresh("key")
    start(account.app, number, key).expect(409)  # no phone yet
    account.phone = account.add_phone()
    start(account.app, number, key).expect(201)


def test_requirement_39_outlives_a_restart():
    with Gateway() as own:
        account = own.account()
        account.phone = account.add_phone()
        first = start(account.app, "+4915112345678", "the-key").expect(201)
        own.restart()
        account = type(account)(own, {"id": account.id, "name": "", "login": account.login,
                                      "password": account.password})
        assert start(account.app, "+4915112345678", "the-key").expect(201).body == first.body


def fail(account, number, count, purpose="login"):
    made = otp.start(account.app, number, purpose).json
    code = otp.code_in(offered(account, number)[-1]["message"])
    for _ in range(count):
        otp.check(account.app, made["id"], otp.wrong_code(code), purpose).expect(200)
    return made["id"], code


def test_requirements_17_18_19_lock(gateway):
    """Failures add up over new codes and lock the recipient for that purpose, over a restart."""
    account = gateway.account()
    account.phone = account.add_phone()
    number = gateway.fresh_number()
    fail(account, number, 5)  # the first code is dead
    verification, code = fail(account, number, 2)  # and with this one it is seven
    answer = otp.check(account.app, verification, code).expect(200).json
    assert answer["approved"] is False and answer["status"] == "failed"
    refused = otp.start(account.app, number).expect(429)
    assert refused.json["field"] == "to"
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    otp.start(account.app, number, "payment").expect(201)
    otp.start(account.app, gateway.fresh_number()).expect(201)
    gateway.restart()
    again = gateway.client(basic(account.login, account.password))
    refused = otp.start(again, number).expect(429)
    assert 3400 < int(refused.headers["Retry-After"]) <= 3600
    assert gateway.metric("otpgate_otp_locks_total") == 0  # counted where it happened


def test_requirement_18_success_clears(gateway):
    account = gateway.account()
    account.phone = account.add_phone()
    number = gateway.fresh_number()
    for _ in range(3):
        verification, code = fail(account, number, 4)
        assert otp.check(account.app, verification, code).json["approved"] is True
    assert otp.start(account.app, number).status == 201
