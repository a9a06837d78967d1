"""Webhooks that the server delivers: content, signature, and what must not happen."""

import hashlib
import hmac
import time

import pytest

from support import otp
from support.gateway import T, Gateway
from support.receiver import hook, send
from support.wait import wait_for

NUMBER = "+4915112345678"
STATES = ["sms:sent", "sms:delivered", "sms:failed", "sms:cancelled", "message.expired",
          "message.canceled", "otp.approved", "otp.failed"]


@pytest.fixture(scope="module")
def gateway(certificate):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0]) as running:
        yield running


def signing_key(gateway, account):
    return gateway.admin.get("/admin/v1/accounts/%s/webhooks" % account.id).json["signing_key"]


def check_signature(call, key):
    stamp = call.headers["X-Timestamp"]
    assert abs(int(stamp) - time.time()) < 120
    assert call.headers["X-Signature"] == hmac.new(
        key.encode(), call.body + stamp.encode(), hashlib.sha256).hexdigest()
    assert call.headers["Content-Type"] == "application/json"


def test_states_of_a_message(gateway, account, receiver):
    hook(account, receiver.url(), *STATES)
    phone = account.add_phone()
    sent = send(account, "a secret text", simNumber=1)
    phone.deliver(phone.wait_pull()[0])
    calls = receiver.wait(2)
    assert [call.json["event"] for call in calls] == ["sms:sent", "sms:delivered"]
    for call, moment in zip(calls, ("sentAt", "deliveredAt")):
        check_signature(call, signing_key(gateway, account))
        payload = call.json["payload"]
        assert call.json["deviceId"] == phone.id and payload.pop(moment)[-1] == "Z"
        payload.pop("partsCount", None)
        assert payload == {"messageId": sent, "recipient": NUMBER, "phoneNumber": NUMBER,
                           "simNumber": 1}
        assert b"secret" not in call.body
    assert calls[0].json["id"] != calls[1].json["id"]


def test_failed_and_cancelled_and_expired(account, receiver):
    hook(account, receiver.url(), *STATES)
    phone = account.add_phone()
    send(account)
    phone.report(phone.wait_pull()[0], "Failed", error="no radio")
    assert receiver.wait(1)[0].json["payload"]["reason"] == "no radio"
    cancelled = send(account)
    account.app.delete(T + "/messages/" + cancelled).expect(200)
    assert [call.json["event"] for call in receiver.wait(3)[1:]] == ["sms:cancelled",
                                                                    "message.canceled"]
    send(account, ttl=5)
    calls = receiver.wait(5, timeout_s=20)[3:]
    assert [call.json["event"] for call in calls] == ["sms:failed", "message.expired"]


def test_the_key_of_the_settings_signs(gateway, account, receiver):
    path = "/admin/v1/accounts/%s/webhooks" % account.id
    account.add_phone()
    own = signing_key(gateway, account)
    hook(account, receiver.url(), "sms:cancelled")
    for count, key in enumerate(("a key of phones", "k" * 256, "ключ"), 1):
        account.app.patch(T + "/settings", {"webhooks": {"signing_key": key}}).expect(200)
        assert signing_key(gateway, account) == key
        gateway.admin.patch(path, {"rotate_signing_key": True}).expect(409)
        account.app.delete(T + "/messages/" + send(account)).expect(200)
        check_signature(receiver.wait(count)[-1], key)
    account.app.patch(T + "/settings", {"webhooks": {"signing_key": None}}).expect(200)
    assert signing_key(gateway, account) == own
    account.app.delete(T + "/messages/" + send(account)).expect(200)
    check_signature(receiver.wait(4)[-1], own)


def test_phones_that_come_and_go(account, receiver):
    hook(account, receiver.url(), "device.online", "device.offline")
    phone = account.add_phone()
    stream, twin = phone.listen(), phone.listen()
    stream.close()
    twin.close()
    calls = [call.json for call in receiver.wait(2)]
    assert [call["event"] for call in calls] == ["device.online", "device.offline"]
    for call, moment in zip(calls, ("onlineAt", "offlineAt")):
        assert call["deviceId"] == phone.id == call["payload"]["deviceId"]
        assert call["payload"][moment][-1] == "Z"


def test_codes_are_never_in_it(account, receiver):
    hook(account, receiver.url(), *STATES)
    phone = account.add_phone()
    begun = otp.start(account.app, NUMBER).expect(201).json
    message = phone.wait_pull()[0]
    code = otp.code_in(message["textMessage"]["text"])
    phone.report(message, "Sent")
    otp.check(account.app, begun["id"], code).expect(200)
    calls = receiver.wait(2)
    assert {call.json["event"] for call in calls} == {"sms:sent", "otp.approved"}
    approved = [call.json for call in calls if call.json["event"] == "otp.approved"][0]
    assert approved["payload"]["verificationId"] == begun["id"] and approved["deviceId"] is None
    for call in calls:
        payload = dict(call.json["payload"])
        for name in [name for name in payload if name.endswith("At")] + [
                "messageId", "verificationId"]:
            payload.pop(name, None)
        assert code not in str(payload) and "text" not in payload


def test_a_phone_that_delivers_itself(gateway, account, receiver):
    gateway.admin.patch("/admin/v1/accounts/%s/webhooks" % account.id,
                        {"webhooks_by": "phone"}).expect(200)
    hook(account, receiver.url(), "sms:sent", "otp.approved")
    phone = account.add_phone()
    send(account)
    phone.deliver(phone.wait_pull()[0])
    begun = otp.start(account.app, NUMBER).expect(201).json
    code = otp.code_in(phone.wait_pull()[0]["textMessage"]["text"])
    otp.check(account.app, begun["id"], code).expect(200)
    receiver.wait(1)
    assert [call.json["event"] for call in receiver.at()] == ["otp.approved"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # the second: the stalling one's own
def test_a_dead_receiver_holds_up_nobody(account, receiver, host):
    receiver.answers["/stall"] = lambda count: time.sleep(60)
    other = receiver.url("/quick").replace("localhost", host)
    hook(account, receiver.url("/stall"), "sms:sent")
    phone = account.add_phone()

    def send_some():
        for _ in range(20):
            send(account)
        for message in phone.wait_pull(20):
            phone.report(message, "Sent")
    send_some()
    receiver.wait(2, "/stall")
    hook(account, other, "sms:sent")
    begun = time.monotonic()
    send_some()
    receiver.wait(20, "/quick")
    assert time.monotonic() - begun < 10
    assert len(receiver.at("/stall")) <= 8


def test_gone_is_disabled_kept_and_replayed(gateway, account, receiver):
    receiver.answers["/hook"] = 410
    hook(account, receiver.url(), "sms:sent")
    phone = account.add_phone()
    send(account)
    phone.report(phone.wait_pull()[0], "Sent")
    receiver.wait(1)
    dead = "/admin/v1/webhooks/dead"
    events = wait_for(lambda: gateway.admin.get(dead + "?account=" + account.name).json["events"],
                      "the dead letter")
    assert len(events) == 1 and events[0]["event"] == "sms:sent" and events[0]["dead_at"]
    assert gateway.account().with_key("admin").get(dead).expect(200).json == {"events": []}
    listed = gateway.admin.get("/admin/v1/webhooks").json["webhooks"]
    assert [one["disabled_at"] is not None for one in listed if one["account_id"] == account.id] \
        == [True]
    send(account)
    phone.report(phone.wait_pull()[0], "Sent")
    receiver.answers["/hook"] = 200
    gateway.admin.post(dead + "/replay?id=unknown").expect(404)
    replayed = gateway.admin.post(dead + "/replay?account=" + account.id).expect(200).json
    assert replayed == {"replayed": 1}
    again = receiver.wait(2)
    assert again[1].json["id"] == events[0]["id"] == again[0].json["id"]
    wait_for(lambda: gateway.admin.get(dead).json["events"] == [], "no dead letters")


def test_an_untrusted_receiver_gets_nothing(receiver):
    with Gateway("--webhook.allow_private") as gateway:
        account = gateway.account()
        hook(account, receiver.url(), "sms:sent")
        phone = account.add_phone()
        send(account)
        phone.report(phone.wait_pull()[0], "Sent")
        refused = 'otpgate_webhook_tries_total{result="no_answer"}'
        wait_for(lambda: gateway.metric(refused), "a try")
        assert not receiver.calls


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "2130706433",
                                  "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_not_called(certificate, receiver, host):
    with Gateway("--webhook.ca_file", certificate[0]) as gateway:
        account = gateway.account()
        hook(account, receiver.url().replace("localhost", host), "sms:sent")
        phone = account.add_phone()
        send(account)
        phone.report(phone.wait_pull()[0], "Sent")
        refused = 'otpgate_webhook_tries_total{result="no_answer"}'
        wait_for(lambda: gateway.metric(refused), "a try")
        assert not receiver.calls


# ---- by the command line ----

def cli(gateway, *words):
    done = gateway.cli("webhook", *words)
    assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def test_the_command_line(gateway, account, receiver):
    receiver.answers["/hook"] = 410
    hook(account, receiver.url(), "sms:sent")
    key = signing_key(gateway, account)
    shown = cli(gateway, "account", account.name)
    assert "server" in shown and key in shown
    assert cli(gateway, "account", account.name, "--by", "phone").split() == [
        "told", "by", "phone", "signing", "key", key]
    turned = cli(gateway, "account", account.name, "--by", "server", "--rotate")
    assert key not in turned and signing_key(gateway, account) in turned
    phone = account.add_phone()
    for _ in range(2):
        send(account)
    for message in phone.wait_pull(2):
        phone.report(message, "Sent")
    events = wait_for(lambda: (lambda lines: len(lines) == 3 and lines)(
        cli(gateway, "dead", account.name).splitlines()), "two dead letters")
    assert account.id in events[1] and "sms:sent" in events[1]
    listed = [line for line in cli(gateway, "list").splitlines() if account.id in line]
    assert len(listed) == 1 and receiver.url() in listed[0]
    receiver.answers["/hook"] = 200
    seen = len(receiver.at())
    assert cli(gateway, "replay", "--id", events[1].split()[0]).startswith("1 event")
    receiver.wait(seen + 1)
    assert cli(gateway, "replay", account.name).startswith("1 event")
    wait_for(lambda: len(cli(gateway, "dead", account.name).splitlines()) <= 1, "no dead letters")
    for words in (["account"], ["account", "nobody"], ["account", account.name, "--by", "pigeon"],
                  ["replay", "--id", "unknown"], ["replay", "nobody"], ["list", "more"]):
        done = gateway.cli("webhook", *words)
        assert done.returncode != 0 and done.stderr, words
