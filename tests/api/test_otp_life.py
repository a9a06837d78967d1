"""Verifications from start to end. The numbers are those of the OTP requirements."""

import re
import time

import pytest

from support import otp
from support.gateway import T, Gateway
from support.otp import V
from support.phone import date
from support.wait import in_parallel, wait_for

FLAGS = ["--otp.resend_waits", "1s,1s,1s", "--otp.ttl", "10m", "--otp.lock_after", "100"]


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account()
    made.phone = made.add_phone()
    return made


@pytest.fixture
def begun(gateway, account):
    """(id, code, message) of a fresh verification."""
    return otp.started(account.app, account.phone, gateway.fresh_number())


def events(account, verification):
    return [event["event"] for event in otp.show(account.app, verification)["timeline"]]


def wrong(account, verification, code, count):
    return [otp.check(account.app, verification, otp.wrong_code(code)).expect(200).json
            for _ in range(count)]


# ---- start ----

def test_start_answers_as_described(gateway, account):
    number = gateway.fresh_number()
    answer = otp.start(account.app, number).expect(201)
    made = answer.json
    assert set(made) == {"id", "to", "purpose", "status", "code_length", "sends", "created_at",
                         "expires_at", "resend_after", "ended_at"}
    assert made["status"] == "pending" and made["ended_at"] is None
    assert (made["purpose"], made["code_length"], made["sends"]) == ("login", 6, 1)
    assert number not in answer.body.decode() and made["to"].endswith(number[-2:])
    assert answer.headers["Location"] == V + "/" + made["id"]
    assert otp.show(account.app, made["id"])["status"] == "pending"


def test_requirement_4_leading_zeros(gateway):
    own = gateway.account(custom_code=True)
    phone = own.add_phone()
    number = gateway.fresh_number()
    verification, code, message = otp.started(own.app, phone, number, code="000042")
    assert code == "000042" and message["message"].startswith("000042")
    otp.check(own.app, verification, "42").expect(422)
    assert otp.check(own.app, verification, "000042").expect(200).json["approved"] is True
    seen = set()
    for _ in range(60):
        seen.add(otp.started(own.app, phone, gateway.fresh_number())[1])
    assert all(re.match(r"^[0-9]{6}$", code) for code in seen) and len(seen) > 50


def test_requirement_7_own_codes(gateway, account):
    number = gateway.fresh_number()
    refused = otp.start(account.app, number, code="482913").expect(422).json
    assert refused["field"] == "code"
    own = gateway.account(custom_code=True)
    phone = own.add_phone()
    for code in ("123", "1" * 11, "12 34", "ab-cd", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        otp.start(own.app, number, code=code).expect(422)
    made = otp.start(own.app, number, code="aB3dE").expect(201).json
    assert otp.fetch(phone, number)["message"].startswith("aB3dE ")
    assert otp.check(own.app, made["id"], "aB3dE").expect(200).json["approved"] is True


def test_requirement_37_ids(gateway, account):
    made = [otp.start(account.app, gateway.fresh_number()).expect(201).json["id"]
            for _ in range(50)]
    assert len(set(made)) == 50
    assert all(re.match(r"^[A-Za-z0-9_-]{30}$", one) for one in made)
    tails = {one[-22:] for one in made}  # 132 bits of it, none of them the clock's
    assert len(tails) == 50


def test_requirement_41_one_active(gateway, account):
    number = gateway.fresh_number()
    first = otp.start(account.app, number).expect(201).json
    again = otp.start(account.app, number[:3] + " " + number[3:]).expect(200).json
    assert again["id"] == first["id"] and again["resent"] is False
    assert otp.start(account.app, number, "payment").expect(201).json["id"] != first["id"]
    other = gateway.account()
    other.add_phone()
    assert otp.start(other.app, number).expect(201).json["id"] != first["id"]
    otp.cancel(account.app, first["id"]).expect(200)
    assert otp.start(account.app, number).expect(201).json["id"] != first["id"]


def test_requirement_41_parallel_starts(gateway, account):
    number = gateway.fresh_number()
    clients = [account.another_client() for _ in range(16)]
    answers = in_parallel([lambda c=c: otp.start(c, number) for c in clients])
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    offered = [m for m in account.phone.pull() if m["phoneNumbers"] == [number]]
    assert len(offered) == 1
    # the code of the one that was sent is the one that counts
    code = otp.code_in(offered[0]["message"])
    assert otp.check(account.app, answers[0].json["id"], code).json["approved"] is True


ACCEPTED = ["+49 (151) 123.456-78", "+49 151 12345679", "+1-212-555-0123", "+49.151.123.456.70",
            " +4915112345671 ", "+2909999", "+888123456789012"]


@pytest.mark.parametrize("text", ACCEPTED)
def test_requirement_44_accepted_numbers(gateway, text):
    account = gateway.account()
    phone = account.add_phone()
    answer = otp.start(account.app, text)
    digits = "+" + re.sub(r"[^0-9]", "", text)
    assert answer.status == 201, answer
    assert phone.pull()[0]["phoneNumbers"] == [digits]


def test_without_a_phone_nothing_starts(gateway):
    account = gateway.account()
    refused = otp.start(account.app, gateway.fresh_number()).expect(409).json
    assert refused["error"] == "conflict" and account.messages() == []


# ---- check ----

def test_right_code_approves(account, begun):
    verification, code, _ = begun
    answer = otp.check(account.app, verification, code).expect(200).json
    assert answer == {"id": verification, "status": "approved", "approved": True,
                      "attempts_left": None, "receipt": answer["receipt"]}
    assert answer["receipt"].count(".") == 2
    shown = otp.show(account.app, verification)
    assert shown["status"] == "approved" and shown["ended_at"] and shown["resend_after"] is None


def test_requirement_11_parallel_right_checks(gateway, account):
    """64 at once, each on its own connection: exactly one is approved."""
    number = gateway.fresh_number()
    verification, code, _ = otp.started(account.app, account.phone, number)
    clients = [account.another_client() for _ in range(64)]
    in_parallel([lambda c=c: c.get(T + "/devices").expect(200) for c in clients])  # connect first
    answers = in_parallel([lambda c=c: otp.check(c, verification, code) for c in clients])
    approved = [a for a in answers if a.status == 200 and a.json["approved"]]
    assert len(approved) == 1
    for answer in answers:
        assert answer.status == 409 or answer.json["approved"] in (True, False), answer
        assert answer.status == 409 or answer.status == 200
    assert events(account, verification).count("approved") == 1
    assert otp.show(account.app, verification)["status"] == "approved"


def test_requirement_12_second_check(account, begun):
    verification, code, _ = begun
    otp.check(account.app, verification, code).expect(200)
    for text in (code, otp.wrong_code(code)):
        refused = otp.check(account.app, verification, text).expect(409).json
        assert refused["error"] == "already_verified"
        assert "approved" not in refused


def test_requirement_13_fifth_wrong_kills(account, begun):
    verification, code, _ = begun
    answers = wrong(account, verification, code, 5)
    assert [a["attempts_left"] for a in answers] == [4, 3, 2, 1, 0]
    assert [a["status"] for a in answers] == ["pending"] * 4 + ["failed"]
    assert not any(a["approved"] for a in answers)
    last = otp.check(account.app, verification, code).expect(200).json
    assert last["approved"] is False and last["status"] == "failed"
    assert otp.show(account.app, verification)["status"] == "failed"
    otp.resend(account.app, verification).expect(409)


def test_four_wrong_then_right(account, begun):
    verification, code, _ = begun
    wrong(account, verification, code, 4)
    assert otp.check(account.app, verification, code).json["approved"] is True


def test_requirement_14_parallel_wrong_checks(gateway, account):
    """64 wrong ones at once: five are compared, and the right one is then too late."""
    number = gateway.fresh_number()
    verification, code, _ = otp.started(account.app, account.phone, number)
    before = gateway.metric('otpgate_otp_checks_total{verdict="wrong"}')
    clients = [account.another_client() for _ in range(64)]
    in_parallel([lambda c=c: c.get(T + "/devices").expect(200) for c in clients])
    answers = in_parallel([lambda c=c: otp.check(c, verification, otp.wrong_code(code))
                           for c in clients])
    assert not any(answer.expect(200).json["approved"] for answer in answers)
    assert gateway.metric('otpgate_otp_checks_total{verdict="wrong"}') == before + 5
    assert otp.check(account.app, verification, code).json["approved"] is False
    assert otp.show(account.app, verification)["status"] == "failed"


def test_right_among_wrong_in_parallel(gateway, account):
    """Whatever the order: never approved twice, never approved and failed."""
    for _ in range(5):
        number = gateway.fresh_number()
        verification, code, _ = otp.started(account.app, account.phone, number)
        clients = [account.another_client() for _ in range(12)]
        texts = [code] * 4 + [otp.wrong_code(code)] * 8
        answers = in_parallel([lambda c=c, t=t: otp.check(c, verification, t)
                               for c, t in zip(clients, texts)])
        approved = [a for a in answers if a.status == 200 and a.json["approved"]]
        status = otp.show(account.app, verification)["status"]
        assert (len(approved), status) in ((1, "approved"), (0, "failed"))


def test_requirement_15_malformed_codes_cost_nothing(account, begun):
    verification, code, _ = begun
    for text in ("", "12345", "1234567", "12345678901", "abcdef", "1" * 9000, "12 34", "-"):
        refused = otp.check(account.app, verification, text).expect(422).json
        assert refused["field"] == "code" and refused["error"] == "unprocessable"
    answer = wrong(account, verification, code, 1)[0]
    assert answer["attempts_left"] == 4
    assert otp.check(account.app, verification, code).json["approved"] is True


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0x966, 0xFF10],
                         ids=["arabic-indic", "persian", "devanagari", "full-width"])
def test_requirement_16_other_digits(account, begun, zero):
    verification, code, _ = begun
    text = "".join(chr(zero + int(digit)) for digit in code)
    assert otp.check(account.app, verification, text).expect(200).json["approved"] is True


@pytest.mark.parametrize("pattern", ["%s %s", " %s%s ", "%s-%s", "%s\u00a0%s", "%s\u2009%s"])
def test_requirement_16_spaces_and_hyphens(account, begun, pattern):
    verification, code, _ = begun
    text = pattern % (code[:3], code[3:])
    assert otp.check(account.app, verification, text).expect(200).json["approved"] is True


def test_requirement_34_purpose(account, begun):
    verification, code, _ = begun
    answer = otp.check(account.app, verification, code, "payment").expect(200).json
    assert answer["approved"] is False and answer["attempts_left"] == 4
    assert otp.check(account.app, verification, code).json["approved"] is True


def test_requirement_10_end_of_life_looks_like_a_wrong_code():
    """A crash ends lives early: that spares the test a minute's wait."""
    with Gateway(*FLAGS) as own:
        account = own.account()
        phone = account.add_phone()
        verification, code, _ = otp.started(account.app, phone, own.fresh_number())
        other, other_code, _ = otp.started(account.app, phone, own.fresh_number())
        unsent = otp.start(account.app, own.fresh_number()).expect(201).json["id"]
        shape = otp.check(account.app, other, otp.wrong_code(other_code)).expect(200).json
        own.kill()
        own.start()
        account.app.close()
        phone.client.close()
        answer = otp.check(account.app, verification, code).expect(200).json
        assert dict(answer, id=other) == shape
        for one in (verification, other, unsent):
            assert otp.show(account.app, one)["status"] == "expired"
            otp.resend(account.app, one).expect(409)
            otp.cancel(account.app, one).expect(409)
        # an SMS with a dead code must not go out; what the phone had, it may still tell of
        offered = phone.pull()
        assert unsent not in [m["id"] for m in offered] and len(offered) <= 2
        for message in offered:
            phone.report(message, "Failed", error="TTL expired")
        assert phone.pull() == []


# ---- cancel ----

def test_requirement_20_cancel(gateway, account):
    number = gateway.fresh_number()
    made = otp.start(account.app, number).expect(201).json
    answer = otp.cancel(account.app, made["id"]).expect(200).json
    assert answer["status"] == "canceled" and answer["ended_at"]
    assert number not in [n for m in account.phone.pull() for n in m["phoneNumbers"]]
    otp.cancel(account.app, made["id"]).expect(200)
    otp.resend(account.app, made["id"]).expect(409)


def test_requirement_20_cancelled_code_is_dead(account, begun):
    verification, code, message = begun
    otp.cancel(account.app, verification).expect(200)
    answer = otp.check(account.app, verification, code).expect(200).json
    assert answer["approved"] is False and answer["status"] == "canceled"
    # the phone has it already: it is told
    assert [m["state"] for m in account.phone.pull() if m["id"] == message["id"]] == ["Cancelling"]
    account.phone.report(message, "Cancelled")
    assert otp.show(account.app, verification)["status"] == "canceled"


def test_approved_cannot_be_cancelled(account, begun):
    verification, code, _ = begun
    otp.check(account.app, verification, code)
    otp.cancel(account.app, verification).expect(409)
    assert otp.show(account.app, verification)["status"] == "approved"


# ---- resend ----

def test_requirements_47_and_48_resend(gateway, account):
    number = gateway.fresh_number()
    verification, code, message = otp.started(account.app, account.phone, number)
    expires_at = otp.show(account.app, verification)["expires_at"]
    early = otp.resend(account.app, verification).expect(429)
    assert early.headers["Retry-After"] == "1" and early.json["error"] == "rate_limited"
    account.phone.report(message, "Sent")
    for sends in (2, 3):
        answer = wait_for(lambda: (lambda a: a.status == 200 and a)(
            otp.resend(account.app, verification)), timeout_s=5).json
        assert (answer["sends"], answer["expires_at"]) == (sends, expires_at)
        again = otp.fetch(account.phone, number)
        assert otp.code_in(again["message"]) == code and again["id"] != message["id"]
        account.phone.report(again, "Sent")
    time.sleep(1.1)  # the wait is over, but there is no fourth
    spent = otp.resend(account.app, verification).expect(429)
    assert 30 < int(spent.headers["Retry-After"]) <= 600
    assert answer["resend_after"] is None
    assert events(account, verification).count("resent") == 2
    assert otp.check(account.app, verification, code).json["approved"] is True
    otp.resend(account.app, verification).expect(409)


def test_requirement_17_resend_gives_no_new_attempts(account, begun):
    verification, code, _ = begun
    wrong(account, verification, code, 4)
    wait_for(lambda: otp.resend(account.app, verification).status == 200, timeout_s=5)
    assert wrong(account, verification, code, 1)[0]["status"] == "failed"


def test_resend_replaces_what_no_phone_has(gateway):
    """A phone that comes back sends one SMS, not two."""
    account = gateway.account()
    phone = account.add_phone()
    made = otp.start(account.app, gateway.fresh_number()).expect(201).json
    wait_for(lambda: otp.resend(account.app, made["id"]).status == 200, timeout_s=5)
    assert len(phone.pull()) == 1


# ---- what becomes of the message ----

def test_requirement_46_message_ends_with_the_code(account, begun):
    verification, _, message = begun
    shown = otp.show(account.app, verification)
    assert message["validUntil"] <= shown["expires_at"]
    assert 0 < message["ttl"] <= 600


def test_requirement_50_delivery_goes_forward(gateway, account):
    number = gateway.fresh_number()
    verification, code, message = otp.started(account.app, account.phone, number)
    assert events(account, verification) == ["accepted", "handed"]
    for state in ("Delivered", "Sent", "Processed"):
        account.phone.report(message, state)
    account.phone.report(message, "Failed", error="too late")
    shown = otp.show(account.app, verification)["timeline"]
    assert "delivered" in [e["event"] for e in shown]
    assert "send_failed" not in [e["event"] for e in shown]
    assert [e["at"] for e in shown] == sorted(e["at"] for e in shown)
    count = len(shown)
    account.phone.report(message, "Delivered")
    assert len(otp.show(account.app, verification)["timeline"]) == count


def test_timeline_tells_the_whole_story(gateway, account):
    number = gateway.fresh_number()
    verification, code, message = otp.started(account.app, account.phone, number)
    for state in ("Processed", "Sent", "Delivered"):
        account.phone.report(message, state)
    wrong(account, verification, code, 1)
    otp.check(account.app, verification, code)
    names = events(account, verification)
    assert names == ["accepted", "handed", "sent", "delivered", "checked", "approved"]


def test_failed_send_is_told(gateway, account):
    verification, _, message = otp.started(account.app, account.phone, gateway.fresh_number())
    account.phone.report(message, "Failed", error="RESULT_ERROR_NO_SERVICE")
    last = otp.show(account.app, verification)["timeline"][-1]
    assert (last["event"], last["reason"]) == ("send_failed", "RESULT_ERROR_NO_SERVICE")
    assert otp.show(account.app, verification)["status"] == "pending"


def test_requirement_51_codes_go_first(gateway):
    """Before all other traffic, oldest first, whatever priority and order the others have."""
    account = gateway.account()
    phone = account.add_phone()
    for priority in (127, 0):
        account.app.post(T + "/messages", {"phoneNumbers": [gateway.fresh_number()],
                                           "message": "x", "priority": priority}).expect(202)
    numbers = [gateway.fresh_number() for _ in range(4)]
    for number in numbers:
        otp.start(account.app, number).expect(201)
    for order in ("lifo", "fifo", None):
        offered = phone.pull(order)
        assert [m["phoneNumbers"][0] for m in offered[:4]] == numbers
        assert len(offered) == 6 and all(m["priority"] >= 100 for m in offered[:4])


def test_life_is_within_bounds(gateway, account):
    number = gateway.fresh_number()
    for ttl in (59, 601):
        otp.start(account.app, number, ttl=ttl).expect(422)
    made = otp.start(account.app, number, ttl=600).expect(201).json
    assert date(590) < made["expires_at"] < date(610)
