"""Checks 13, 15 and 24 of the sms-gate.app checklist: data messages, and messages for later."""

import base64
import time

import pytest

from support.client import bearer
from support.gateway import T, Gateway
from support.phone import date

NUMBER = "+4915112345678"


@pytest.fixture
def phone(account):
    return account.add_phone()


def send(account, status=202, **changes):
    body = dict({"phoneNumbers": [NUMBER]}, **changes)
    if not {"message", "dataMessage", "textMessage"} & set(changes):
        body["textMessage"] = {"text": "x"}
    return account.app.post(T + "/messages", body).expect(status).json


def ids(messages):
    return [message["id"] for message in messages]


# ---- data messages ----

def data(text, port=53739):
    return {"data": text, "port": port}


def test_check_13_two_kinds_of_content(account, phone):
    send(account, 400, message="x", dataMessage=data("AAAA"))
    send(account, 400, textMessage={"text": "x"}, dataMessage=data("AAAA"))
    assert phone.pull() == []


@pytest.mark.parametrize("wrong", [
    data("AAA"), data("AAA*"), data("AAA-"), data("AAAA\n"), data("AAAAA==="), data(""),
    data("é==="),
    data("AAAA", 0), data("AAAA", 65536), data("AAAA", -1), data("AAAA", "1"), data("AAAA", 1.5),
    data("AAAA" * 16384), data(None), {"data": "AAAA"}, {"port": 1}, {}, "AAAA", [],
])
def test_check_24_refused(account, phone, wrong):
    assert "dataMessage" in send(account, 400, dataMessage=wrong)["message"]
    assert phone.pull() == []


def test_check_24_the_phone_gets_what_was_given(account, phone):
    text = base64.b64encode(bytes(range(256))).decode()
    made = send(account, dataMessage=data(text, 65535))
    assert made["dataMessage"] == data(text, 65535) and "textMessage" not in made
    got = phone.pull()[0]
    assert got["dataMessage"] == data(text, 65535)
    assert not {"message", "textMessage"} & set(got)
    phone.deliver(got)
    read = account.message(made["id"])
    assert read["state"] == "Delivered" and read["dataMessage"] == data(text, 65535)
    assert account.messages("?includeContent=true")[0]["dataMessage"] == data(text, 65535)
    assert "dataMessage" not in account.messages()[0]


def test_check_24_encrypted_data_is_opaque(account, phone):
    sealed = "$aes-256-cbc/pbkdf2-sha1$i=300000$salt$data"
    send(account, dataMessage=data(sealed, 1), isEncrypted=True, phoneNumbers=[sealed])
    got = phone.pull()[0]
    assert got["dataMessage"] == data(sealed, 1) and got["isEncrypted"] is True
    send(account, 400, dataMessage=data(sealed, 0), isEncrypted=True)


# ---- messages for later ----

def test_check_15_refused(account, phone):
    send(account, 400, scheduleAt=date(-1))
    send(account, 400, scheduleAt="2099-01-01T00:00:00")
    for limit in ({"validUntil": date(3600)}, {"ttl": 60}, {"validUntil": date(-10)}):
        refused = send(account, 400, scheduleAt=date(7200), **limit)
        assert "scheduleAt must be less than or equal to validUntil" in refused["message"]
    assert phone.pull() == []


def test_check_15_leaves_at_its_time(account, phone):
    stream = phone.listen()
    due = time.time() + 2
    made = send(account, scheduleAt=date(2, "+07:00"), validUntil=date(3600))
    assert made["state"] == "Pending"
    assert phone.pull() == [] and stream.events("MessageEnqueued") == []
    frame = stream.wait("MessageEnqueued")[0]
    assert due - 0.5 < time.time() < due + 5 and frame.data == "null"
    got = phone.pull()
    assert ids(got) == [made["id"]]
    assert "scheduleAt" not in got[0]  # its time has come, whatever the phone's clock says
    phone.deliver(got[0])
    assert account.message(made["id"])["state"] == "Delivered"
    stream.close()


def test_check_15_goes_to_the_phone_that_is_there_then(account, phone):
    made = send(account, scheduleAt=date(2))
    assert made["deviceId"] == phone.id
    another = account.add_phone()
    stream = another.listen()
    account.app.delete(T + "/devices/" + phone.id).expect(204)
    stream.wait("MessageEnqueued")
    assert ids(another.pull()) == [made["id"]]
    assert account.message(made["id"])["deviceId"] == another.id
    stream.close()


def test_check_15_a_bound_one_fails_with_its_phone(account, phone):
    account.add_phone()
    made = send(account, scheduleAt=date(3600), deviceId=phone.id)
    account.app.delete(T + "/devices/" + phone.id).expect(204)
    assert account.message(made["id"])["state"] == "Failed"


def test_check_15_cancelled_before_its_time(account, phone):
    stream = phone.listen()
    made = send(account, scheduleAt=date(1))
    later = send(account, scheduleAt=date(1.5))
    answer = account.app.delete(T + "/messages/" + made["id"]).expect(200)
    assert answer.json["state"] == "Cancelled"
    stream.wait("MessageEnqueued")
    assert ids(phone.wait_pull()) == [later["id"]]
    assert account.message(made["id"])["state"] == "Cancelled"
    stream.close()


def test_check_15_is_never_in_the_way(account, phone):
    for _ in range(120):
        send(account, scheduleAt=date(3600), priority=127)
    now = send(account)
    assert ids(phone.pull()) == [now["id"]]


def test_check_15_after_a_restart():
    """One whose time comes while nobody runs, one that comes later, and one that is too late."""
    with Gateway() as gateway:
        account = gateway.account()
        phone = account.add_phone()
        missed = send(account, scheduleAt=date(1))
        late = send(account, scheduleAt=date(1), validUntil=date(1.5))
        later = send(account, scheduleAt=date(5))
        gateway.kill()
        time.sleep(2)  # the hour passes while nothing runs
        gateway.start()
        account.app, phone.client = account.another_client(), gateway.client(bearer(phone.token))
        assert ids(phone.wait_pull()) == [missed["id"]]
        phone.deliver(phone.pull()[0])
        assert ids(phone.wait_pull()) == [later["id"]]
        failed = account.message(late["id"])
        assert failed["state"] == "Failed"
        assert failed["recipients"][0]["error"] == "TTL expired"
