"""The virtual phone with what comes in: it tells the server, and receivers where it is to."""

import hashlib
import hmac

import pytest

from support.gateway import T, Gateway
from support.receiver import hook
from support.virtual import VirtualPhone
from support.wait import wait_for

SENDER, KEY = "+447700900456", "known-to-both"


@pytest.fixture(scope="module")
def gateway(certificate):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0]) as running:
        yield running


def phone(account, certificate, *flags):
    """It trusts the gateway and the receiver."""
    gateway = account.gateway
    both = gateway.write(gateway.fresh("trust") + ".pem",
                         open(gateway.ca, encoding="utf-8").read() +
                         open(certificate[0], encoding="utf-8").read())
    return VirtualPhone(account, "--perfect", "--ca", both, *flags)


def inbox(account, count=1):
    def listed():
        found = account.app.get(T + "/inbox").expect(200).json
        return len(found) >= count and found
    return wait_for(listed, "%d received messages" % count)


@pytest.mark.parametrize("version", ["sms-gate", "sms-gate-1.66", "sms-gate-next"])
def test_the_server_learns_of_it_once(account, certificate, version):
    """By the server's own webhook; a coming version uploads it, too."""
    with phone(account, certificate, "--app-profile", version, "--receive",
               SENDER + ":Yes: at eight", "--receive", SENDER + ":no", "--summary", "-") as running:
        found = inbox(account, 2)
        running.stop()
    assert sorted(one["contentPreview"] for one in found) == ["Yes: at eight", "no"]
    assert {(one["sender"], one["type"], one["simNumber"]) for one in found} == {(SENDER, "SMS", 1)}
    assert len(account.app.get(T + "/inbox").json) == 2


def check_signature(call, key):
    stamp = call.headers["X-Timestamp"]
    assert call.headers["X-Signature"] == hmac.new(
        key.encode(), call.body + stamp.encode(), hashlib.sha256).hexdigest()


def test_receivers_are_told_by_the_phone_where_the_account_says_so(gateway, account, receiver,
                                                                  certificate):
    gateway.admin.patch("/admin/v1/accounts/%s/webhooks" % account.id,
                        {"webhooks_by": "phone"}).expect(200)
    account.app.patch(T + "/settings", {"webhooks": {"signing_key": KEY}}).expect(200)
    hook(account, receiver.url(), "sms:received")
    receiver.answers["/hook"] = lambda count: 500 if count == 1 else 200
    with phone(account, certificate, "--receive", SENDER + ":Größe 😀") as running:
        first, second = receiver.wait(2, timeout_s=30)[:2]
        device = gateway.admin.get("/admin/v1/devices?account=" + account.id).json["devices"][0]
        assert inbox(account)[0]["contentPreview"] == "Größe 😀"  # the server hears of it, too
        running.stop()
    assert first.json == second.json  # a repetition
    check_signature(second, KEY)
    assert second.headers["User-Agent"].startswith("me.capcom.smsgateway/")
    assert (second.json["event"], second.json["deviceId"]) == ("sms:received", device["id"])
    payload = second.json["payload"]
    assert (payload["message"], payload["sender"]) == ("Größe 😀", SENDER)
    assert len(payload["messageId"]) == 8


def test_receivers_are_told_by_the_server_otherwise(account, receiver, certificate):
    hook(account, receiver.url(), "sms:received")
    with phone(account, certificate, "--receive", SENDER + ":hello"):
        call = receiver.wait(1)[0]
        listed = inbox(account)[0]
    assert call.headers["User-Agent"] == "otpgate"
    assert call.json["payload"]["messageId"] == listed["id"]


def test_it_pings_as_its_settings_say(account, receiver, certificate):
    account.app.patch(T + "/settings", {"ping": {"interval_seconds": 1},
                                        "webhooks": {"signing_key": KEY}}).expect(200)
    hook(account, receiver.url(), "system:ping")
    with phone(account, certificate):
        calls = receiver.wait(2)
    assert calls[0].json["event"] == "system:ping" and calls[0].json["id"] != calls[1].json["id"]
    assert calls[0].json["payload"]["health"]["status"] == "pass"
    check_signature(calls[0], KEY)


@pytest.mark.parametrize("value", ["", "hello", ":hello", "+44:", "+" * 80 + ":x"])
def test_what_is_no_message_is_refused(account, certificate, value):
    with phone(account, certificate, "--receive", value) as running:
        running.process.wait(10)
    assert running.process.returncode == 2 and "FROM:TEXT" in running.output
