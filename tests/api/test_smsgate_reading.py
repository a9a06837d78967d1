"""Checks 34 to 44 of the sms-gate.app checklist: reading, cancelling, devices."""

import urllib.parse

import pytest

from support.gateway import M, T
from support.phone import date
from support.wait import wait_for

NUMBER = "+4915112345678"


def send(account, text="x", **changes):
    body = dict({"phoneNumbers": [NUMBER], "textMessage": {"text": text}}, **changes)
    return account.app.post(T + "/messages", body).expect(202).json


@pytest.fixture(scope="module")
def shelf(gateway):
    """Sixty messages, the first three of which are with the phone, one of them sent."""
    account = gateway.account()
    account.phone = account.add_phone()
    account.other_phone = account.add_phone()
    account.sent = [send(account, "text %d" % n, deviceId=account.phone.id)["id"]
                    for n in range(60)]
    first = [m for m in account.phone.pull("fifo") if m["id"] == account.sent[0]][0]
    account.phone.report(first, "Sent")
    return account


def ids(answer):
    return [message["id"] for message in answer.json]


def listed(account, query=""):
    return account.app.get(T + "/messages" + query).expect(200)


def test_check_34_get_one(gateway, shelf):
    found = shelf.message(shelf.sent[5])
    assert found["textMessage"] == {"text": "text 5"}
    assert shelf.app.get("/3rdparty/v1/message/" + shelf.sent[5]).expect(200).json == found
    for unknown in ("A" * 21, "nothing", shelf.sent[5][:-1]):
        shelf.app.get(T + "/messages/" + unknown).expect(404)
    gateway.account().app.get(T + "/messages/" + shelf.sent[5]).expect(404)


def test_check_35_default_order_and_sort(shelf):
    assert ids(listed(shelf)) == shelf.sent[:-51:-1]
    assert ids(listed(shelf, "?sort=-created_at")) == shelf.sent[:-51:-1]
    assert ids(listed(shelf, "?sort=created_at")) == shelf.sent[:50]
    shelf.app.get(T + "/messages?sort=x").expect(400)


def test_check_36_limit_and_offset(shelf):
    for query in ("limit=0", "limit=101", "limit=-1", "limit=a", "offset=-1"):
        shelf.app.get(T + "/messages?" + query).expect(400)
    assert ids(listed(shelf, "?limit=1")) == [shelf.sent[-1]]
    assert ids(listed(shelf, "?limit=100")) == shelf.sent[::-1]
    pages = [ids(listed(shelf, "?sort=created_at&limit=25&offset=%d" % n)) for n in (0, 25, 50, 75)]
    assert sum(pages, []) == shelf.sent and pages[3] == []


def test_check_37_total_count(shelf):
    for query in ("", "?limit=1", "?offset=1000", "?limit=100&offset=10", "?includeContent=true"):
        assert listed(shelf, query).headers["X-Total-Count"] == "60"
    assert listed(shelf, "?state=Sent").headers["X-Total-Count"] == "1"


def test_check_38_from_and_to(shelf):
    at = shelf.message(shelf.sent[30])["createdAt"]
    quoted = urllib.parse.quote(at)
    from_here = ids(listed(shelf, "?sort=created_at&limit=100&from=" + quoted))
    to_here = ids(listed(shelf, "?sort=created_at&limit=100&to=" + quoted))
    assert shelf.sent[30] in from_here and shelf.sent[30] not in to_here
    assert to_here + from_here == shelf.sent
    assert ids(listed(shelf, "?limit=100&from=%s&to=%s" % (quoted, quoted))) == []
    assert listed(shelf, "?from=%s&to=%s" % (date(60), date(-60))).json == []
    assert len(ids(listed(shelf, "?limit=100&from=" +
                          urllib.parse.quote(date(-3600, "+07:00"))))) == 60
    assert "%2B" in urllib.parse.quote(date(0, "+07:00"))
    for query in ("from=invalid", "to=invalid", "from=2026-01-02"):
        shelf.app.get(T + "/messages?" + query).expect(400)


def test_check_39_state_and_device(shelf):
    shelf.app.get(T + "/messages?state=Bogus").expect(400)
    shelf.app.get(T + "/messages?deviceId=" + "x" * 24).expect(400)
    assert ids(listed(shelf, "?state=Sent")) == [shelf.sent[0]]
    assert ids(listed(shelf, "?state=Delivered")) == []
    for state in ("Pending", "Cancelling", "Cancelled", "Processed", "Failed"):
        listed(shelf, "?state=" + state)
    assert listed(shelf, "?deviceId=" + shelf.phone.id).headers["X-Total-Count"] == "60"
    assert listed(shelf, "?deviceId=" + shelf.other_phone.id).json == []


def test_check_40_content_only_when_asked(shelf):
    for message in listed(shelf).json:
        assert not {"textMessage", "dataMessage", "hashedMessage"} & set(message)
        assert {"id", "deviceId", "state", "isHashed", "isEncrypted", "recipients",
                "states"} <= set(message)
    for word in ("true", "1", "on"):
        assert listed(shelf, "?includeContent=" + word).json[0]["textMessage"]["text"] == "text 59"
    assert "textMessage" not in listed(shelf, "?includeContent=false").json[0]


def test_check_41_and_42_cancel(gateway):
    account = gateway.account()
    phone = account.add_phone()
    never_fetched = send(account)["id"]
    answer = account.app.delete(T + "/messages/" + never_fetched).expect(200).json
    assert answer["state"] in ("Cancelling", "Cancelled")
    wait_for(lambda: account.message(never_fetched)["state"] == "Cancelled", timeout_s=1)
    assert phone.pull() == []
    refused = account.app.delete(T + "/messages/" + never_fetched).expect(409)
    assert "message is not pending" in refused.json["message"]
    account.app.delete(T + "/messages/" + "A" * 21).expect(404)

    stream = phone.listen()
    fetched = send(account)["id"]
    message = phone.pull()[0]
    assert account.app.delete(T + "/message/" + fetched).expect(200).json["state"] == "Cancelling"
    frame = stream.wait("MessageCancelled")[0]
    assert frame.data == '{"messageId":"%s"}' % fetched  # check 75
    account.app.delete(T + "/messages/" + fetched).expect(409)
    assert [(m["id"], m["state"]) for m in phone.pull()] == [(fetched, "Cancelling")]
    phone.report(message, "Cancelled")
    assert account.message(fetched)["state"] == "Cancelled"
    assert phone.pull() == []

    sent = send(account)["id"]
    phone.report(phone.wait_pull()[0], "Sent")
    account.app.delete(T + "/messages/" + sent).expect(409)
    stream.close()


def test_cancelled_too_late_is_told_as_it_was(gateway):
    account = gateway.account()
    phone = account.add_phone()
    sent = send(account)["id"]
    message = phone.pull()[0]
    account.app.delete(T + "/messages/" + sent).expect(200)
    phone.report(message, "Sent")
    phone.report(message, "Delivered")
    assert account.message(sent)["state"] == "Delivered"


def test_check_43_devices(gateway):
    account = gateway.account()
    sims = [{"slotIndex": 0, "simNumber": 1, "carrierName": "****", "iccid": "*******2245"}]
    with_sims = account.add_phone("Fairphone/FP4", sims)
    bare = account.add_phone("test/bare")
    for path in ("/devices", "/device"):
        by_id = {device["id"]: device for device in account.app.get(T + path).expect(200).json}
        assert set(by_id) == {with_sims.id, bare.id}
        for device in by_id.values():
            assert all(isinstance(device[name], str)
                       for name in ("id", "name", "createdAt", "updatedAt", "lastSeen"))
        assert by_id[with_sims.id]["simCards"] == sims
        assert by_id[with_sims.id]["name"] == "Fairphone/FP4"
        assert "simCards" not in by_id[bare.id]


def test_check_44_remove_a_device(gateway):
    account = gateway.account()
    phone = account.add_phone()
    bound = send(account, deviceId=phone.id)["id"]
    handed = send(account)["id"]
    stream = phone.listen()
    phone.wait_pull(2)
    waiting = send(account, deviceId=phone.id)["id"]
    account.app.delete(T + "/devices/" + phone.id).expect(204)
    phone.client.patch(M + "/device", {"id": phone.id}).expect(401)
    phone.client.get(M + "/message").expect(401)
    stream.wait_closed()
    assert account.app.get(T + "/devices").json == []
    account.app.delete(T + "/devices/" + phone.id).expect(204)
    account.app.delete(T + "/devices/" + "A" * 21).expect(204)
    # nobody is left who could send or report them: they end, with a reason
    for message_id in (bound, handed, waiting):
        ended = wait_for(lambda: (lambda m: m["state"] == "Failed" and m)(
            account.message(message_id)), "the end of a removed phone's message", 3)
        assert ended["recipients"][0]["error"]


def test_waiting_messages_of_a_removed_device_move(gateway):
    account = gateway.account()
    phones = [account.add_phone(), account.add_phone()]
    stays = phones[1].listen()
    leaves = phones[0].listen()
    sent = [send(account)["id"] for _ in range(4)]
    account.app.delete(T + "/devices/" + phones[0].id).expect(204)
    assert sorted(m["id"] for m in phones[1].wait_pull(4)) == sorted(sent)
    stays.close()
    leaves.close()
