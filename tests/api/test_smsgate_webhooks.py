"""Checks 49, 50 and 76 of the sms-gate.app checklist: webhooks as applications and phones see them."""

import pytest

from support.gateway import M, T
from support.wait import wait_for

HOOKS = T + "/webhooks"
URL = "https://hook.example/x"
BATCH = ["sms:batch:received", "sms:batch:data-received", "mms:batch:received",
         "mms:batch:downloaded"]
OF_PHONES = ["system:ping", "mms:downloaded", "app:started"]
INCOMING = ["sms:received", "sms:data-received", "mms:received"]
OF_STATES = INCOMING + ["sms:sent", "sms:delivered", "sms:failed", "sms:cancelled"]
OURS = ["message.expired", "message.canceled", "otp.approved", "otp.failed", "otp.undeliverable",
        "device.online", "device.offline"]


def make(account, event="sms:received", **members):
    return account.app.post(HOOKS, dict({"url": URL, "event": event}, **members))


def listed(account):
    return account.app.get(HOOKS).expect(200).json


def events_of(phone):
    return {hook["event"] for hook in phone.webhooks()}


@pytest.mark.parametrize("members", [
    {"url": "http://hook.example/"}, {"url": "ftp://hook.example/"}, {"url": "https://"},
    {"url": "https:///x"}, {"url": "https://a b/"}, {"url": "https://" + "a" * 249},
    {"url": ""}, {"url": None}, {"event": "sms:unknown"}, {"event": ""}, {"event": None},
    {"id": "x" * 37}, {"deviceId": "A" * 21}, {"deviceId": "A" * 22}, {"device_id": "A" * 21},
    {"url": 1}])
def test_check_49_refused(account, members):
    assert "message" in make(account, **members).expect(400).json
    assert listed(account) == []


def test_check_49_make_and_replace(gateway, account):
    made = make(account).expect(201).json
    assert made == {"id": made["id"], "deviceId": None, "url": URL, "event": "sms:received"}
    assert len(made["id"]) == 21
    phone = account.add_phone()
    for spelling in ("deviceId", "device_id"):
        again = make(account, "sms:sent", id=made["id"], **{spelling: phone.id}).expect(201).json
        assert again == {"id": made["id"], "deviceId": phone.id, "url": URL, "event": "sms:sent"}
        assert listed(account) == [again]
    assert make(account, id=None, deviceId=None, url="HTTPS://hook.example").expect(201)
    other = gateway.account()
    make(other, id=made["id"]).expect(201)
    make(other, deviceId=phone.id).expect(400)
    assert len(listed(account)) == 2 and len(listed(other)) == 1


@pytest.mark.parametrize("event", OF_PHONES + OF_STATES + BATCH + OURS)
def test_check_49_every_event(account, event):
    assert make(account, event).expect(201).json["event"] == event


def test_an_account_has_a_limit_of_webhooks(account):
    for number in range(200):
        make(account, id="hook-%d" % number).expect(201)
    make(account, id="hook-200").expect(400)
    make(account, id="hook-0").expect(201)


@pytest.mark.parametrize("written", ["web-dashboard-sms:received",
                                     "web-dashboard-sms%3Areceived"])
def test_check_50_remove(account, written):
    name = "web-dashboard-sms:received"
    make(account, id=name).expect(201)
    assert [hook["id"] for hook in listed(account)] == [name]
    account.app.delete(HOOKS + "/" + written).expect(204)
    account.app.delete(HOOKS + "/" + written).expect(204)
    assert listed(account) == []


def test_check_50_streams_are_told(account):
    here, there = account.add_phone(), account.add_phone()
    streams = here.listen(), there.listen()
    wait_for(lambda: all(s.events("WebhooksUpdated") for s in streams), "the first word")
    before = [len(s.events("WebhooksUpdated")) for s in streams]
    make(account, id="a").expect(201)
    for stream, count in zip(streams, before):
        stream.wait("WebhooksUpdated", count + 1)
    make(account, id="b", deviceId=here.id).expect(201)
    streams[0].wait("WebhooksUpdated", before[0] + 2)
    account.app.delete(HOOKS + "/a").expect(204)
    streams[1].wait("WebhooksUpdated", before[1] + 2)


def test_check_76_what_phones_see(gateway, account):
    here, there = account.add_phone(), account.add_phone()
    for event in OF_PHONES + OF_STATES + BATCH + OURS:
        make(account, event).expect(201)
    mine = make(account, "app:started", deviceId=here.id).expect(201).json
    assert events_of(here) == set(OF_PHONES) == events_of(there)
    assert mine in here.webhooks() and mine not in there.webhooks()
    path = "/admin/v1/accounts/%s/webhooks" % account.id
    gateway.admin.patch(path, {"webhooks_by": "phone"}).expect(200)
    assert events_of(here) == set(OF_PHONES + OF_STATES)
    assert events_of(gateway.account().add_phone()) == set()
    account.app.delete(T + "/devices/" + here.id).expect(204)
    assert mine not in listed(account)


def test_the_setting_and_its_key(gateway, account):
    path = "/admin/v1/accounts/%s/webhooks" % account.id
    first = gateway.admin.get(path).expect(200).json
    assert first["webhooks_by"] == "server" and len(first["signing_key"]) == 32
    assert gateway.admin.get(path).json == first
    turned = gateway.admin.patch(path, {"rotate_signing_key": True}).expect(200).json
    assert turned["signing_key"] != first["signing_key"] and turned["webhooks_by"] == "server"
    gateway.admin.patch(path, {"webhooks_by": "nobody"}).expect(400)
    gateway.admin.patch(path, {"webhooks_by": "phone"}).expect(200)
    assert gateway.admin.get(path).json == dict(turned, webhooks_by="phone")
    gateway.admin.get("/admin/v1/accounts/unknown/webhooks").expect(404)
    assert turned["signing_key"] not in gateway.log()
