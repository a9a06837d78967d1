"""Checks 11 to 33 of the sms-gate.app checklist: sending."""

import datetime
import re
import signal
import time

import pytest

from support.gateway import T, Gateway
from support.phone import date
from support.wait import wait_for

NUMBER = "+4915112345678"


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account()
    made.phone = made.add_phone()
    return made


def body(**changes):
    made = {"phoneNumbers": [NUMBER], "textMessage": {"text": "x"}}
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def send(account, status=202, query="", **changes):
    return account.app.post(T + "/messages" + query, body(**changes)).expect(status).json


def offered(phone, message_id):
    """The message as the phone gets it; it is then reported, so that the queue stays short."""
    found = wait_for(lambda: [m for m in phone.pull() if m["id"] == message_id])[0]
    phone.report(found, "Sent")
    return found


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_check_11_minimal_body(account):
    answer = account.app.post(T + "/messages", body()).expect(202)
    made = answer.json
    assert re.match(r"^[A-Za-z0-9_-]{21}$", made["id"])
    assert (made["state"], made["deviceId"]) == ("Pending", account.phone.id)
    assert made["isHashed"] is False and made["isEncrypted"] is False
    assert made["recipients"] == [{"phoneNumber": NUMBER, "state": "Pending"}]
    assert abs(parse(made["states"]["Pending"]) - time.time()) < 30
    assert made["textMessage"] == {"text": "x"}
    assert account.app.get(answer.headers["Location"]).expect(200).json == made


def test_check_12_legacy_message(account):
    answer = account.app.post("/api/3rdparty/v1/message",
                              {"message": "legacy", "phoneNumbers": [NUMBER]}).expect(202)
    got = offered(account.phone, answer.json["id"])
    assert got["message"] == "legacy" and got["textMessage"] == {"text": "legacy"}


def test_check_13_exactly_one_content(account):
    send(account, 400, message="a second one")
    send(account, 400, textMessage=None)
    send(account, 400, textMessage=None, message="")
    send(account, 202, message="")  # an empty one does not count


def test_check_14_ttl(account):
    send(account, 400, ttl=60, validUntil=date(60))
    send(account, 400, ttl=4)
    send(account, 400, ttl=0)
    sent_at = time.time()
    got = offered(account.phone, send(account, ttl=20)["id"])
    assert abs(parse(got["validUntil"]) - sent_at - 20) < 5
    assert 10 < got["ttl"] <= 20
    send(account, 202, ttl=5)
    got = offered(account.phone, send(account, validUntil=date(3600, "+07:00"))["id"])
    assert abs(parse(got["validUntil"]) - time.time() - 3600) < 30


def test_check_16_valid_until_in_the_past(account):
    made = send(account, validUntil=date(-10))
    assert made["state"] == "Failed"
    assert made["recipients"] == [{"phoneNumber": NUMBER, "state": "Failed",
                                   "error": "TTL expired"}]
    assert made["id"] not in [m["id"] for m in account.phone.pull()]
    assert account.message(made["id"])["state"] == "Failed"


def test_check_17_sim_number(account):
    send(account, 400, simNumber=0)
    send(account, 400, simNumber=4)
    for number in (1, 2, 3):
        assert offered(account.phone, send(account, simNumber=number)["id"])["simNumber"] == number


def test_check_18_priority(account):
    for value in (-129, 128, 1.5, "5"):
        send(account, 400, priority=value)
    for value in (-128, 0, 100, 127):
        got = offered(account.phone, send(account, priority=value)["id"])
        assert got.get("priority", 0) == value
        assert value != 0 or "priority" not in got


def test_check_19_phone_numbers(account):
    for numbers in ([], ["+49151%08d" % n for n in range(101)], [""], ["+" + "1" * 128]):
        send(account, 400, phoneNumbers=numbers)
    many = ["+49151%08d" % n for n in range(100)]
    got = offered(account.phone, send(account, phoneNumbers=many)["id"])
    assert got["phoneNumbers"] == many


def test_check_20_unique_numbers(account):
    for second in (NUMBER, "+49 151 123-456 78", "+49 (151) 12345678"):
        refused = send(account, 400, phoneNumbers=[NUMBER, second])
        assert "phone numbers must be unique" in refused["message"]


def test_check_21_validation(account):
    send(account, 400, phoneNumbers=["12345"])
    made = send(account, query="?skipPhoneValidation=true", phoneNumbers=["12345"])
    assert made["recipients"][0]["phoneNumber"] == "12345"
    assert offered(account.phone, made["id"])["phoneNumbers"] == ["12345"]
    made = send(account, phoneNumbers=["+49 (151) 123.456-78"])
    assert made["recipients"][0]["phoneNumber"] == NUMBER


def test_check_22_skip_phone_validation_words(account):
    send(account, 400, query="?skipPhoneValidation=maybe")
    for word in ("1", "true", "on", "t", "T", "TRUE", "True"):
        send(account, query="?skipPhoneValidation=" + word, phoneNumbers=["900"])
    for word in ("0", "f", "false", "FALSE"):
        send(account, 400, query="?skipPhoneValidation=" + word, phoneNumbers=["900"])


def test_check_23_long_text(account):
    made = send(account, textMessage={"text": "x" * 65535})
    assert account.message(made["id"])["textMessage"]["text"] == "x" * 65535
    send(account, 400, textMessage={"text": "x" * 65536})
    made = send(account, textMessage={"text": "\u00e4\U0001f600" * 1000})
    got = offered(account.phone, made["id"])
    assert got["textMessage"]["text"] == "\u00e4\U0001f600" * 1000


def test_check_25_client_id(account):
    made = send(account, id="c" * 36)
    assert made["id"] == "c" * 36
    assert offered(account.phone, "c" * 36)["id"] == "c" * 36
    assert account.message("c" * 36)["state"] == "Sent"
    send(account, 400, id="c" * 37)
    send(account, 400, id="a|b")
    assert len(send(account, id="")["id"]) == 21


def test_check_26_same_id_again(gateway):
    """Also when another phone would be chosen; nothing is sent twice."""
    account = gateway.account()
    phones = [account.add_phone(), account.add_phone()]
    send(account, id="order-1")
    for _ in range(4):
        refused = send(account, 409, id="order-1")
        assert "message with the same ID already exists" in refused["message"]
    send(account, 409, id="order-1", deviceId=phones[0].id)
    send(account, 409, id="order-1", deviceId=phones[1].id)
    assert [m["id"] for phone in phones for m in phone.pull()] == ["order-1"]
    other = gateway.account()
    other.add_phone()
    assert send(other, id="order-1")["id"] == "order-1"
    # an id of ours is taken, too
    ours = send(account)["id"]
    send(account, 409, id=ours)


def test_check_27_unknown_device(gateway, account):
    foreign = gateway.account()
    phone = foreign.add_phone()
    for device in ("A" * 21, phone.id, "x"):
        assert "record not found" in send(account, 400, deviceId=device)["message"]
    empty = gateway.account()
    assert "record not found" in send(empty, 400)["message"]
    assert empty.messages() == [] and foreign.messages() == []


def test_check_28_two_devices_share(gateway):
    account = gateway.account()
    phones = [account.add_phone(), account.add_phone()]
    streams = [phone.listen() for phone in phones]
    chosen = {send(account)["deviceId"] for _ in range(100)}
    assert chosen == {phone.id for phone in phones}
    for _ in range(10):
        assert send(account, deviceId=phones[1].id)["deviceId"] == phones[1].id
    counts = [len(phone.pull()) for phone in phones]
    assert sum(counts) == 110 and min(counts) >= 25
    for stream in streams:
        stream.close()


def test_check_28_connected_phone_goes_first(gateway):
    account = gateway.account()
    account.add_phone()
    there = account.add_phone()
    with_stream = there.listen()
    assert {send(account)["deviceId"] for _ in range(20)} == {there.id}
    with_stream.close()


def test_check_29_device_active_within(gateway, account):
    send(account, query="?deviceActiveWithin=1")
    send(account, query="?deviceActiveWithin=0")
    send(account, 400, query="?deviceActiveWithin=-1")
    send(account, 400, query="?deviceActiveWithin=abc")
    # no clock can be turned here: that two hours are too long is a unit test of the queue


def test_check_31_encrypted(account):
    cipher = "$aes-256-cbc/pbkdf2-sha1$i=75000$obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ=="
    long = "$rsa-oaep-aes-256-gcm$" + "A" * 490
    made = send(account, isEncrypted=True, textMessage={"text": cipher},
                phoneNumbers=[cipher, long])
    assert made["isEncrypted"] is True and made["isHashed"] is False
    got = offered(account.phone, made["id"])
    assert got["isEncrypted"] is True and got["phoneNumbers"] == [cipher, long]
    assert got["textMessage"]["text"] == cipher
    send(account, 400, isEncrypted=True, phoneNumbers=["x" * 513])


def test_check_32_delivery_report_by_default(account):
    assert offered(account.phone, send(account)["id"])["withDeliveryReport"] is True
    got = offered(account.phone, send(account, withDeliveryReport=False)["id"])
    assert got["withDeliveryReport"] is False


def test_check_33_a_202_is_durable():
    with Gateway() as own:
        account = own.account()
        phone = account.add_phone()
        ids = [send(account)["id"] for _ in range(20)]
        own.signal(signal.SIGKILL)
        own.process.wait()
        own.start()
        phone.client = own.client(phone.client.authorization)
        assert sorted(m["id"] for m in phone.pull()) == sorted(ids)
