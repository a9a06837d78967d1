"""The traps of the phone app (wire/smsgate.md sections 4.5 and 4.6), with the virtual phone as the
app of several versions: whatever is asked of the gateway, no phone gets an answer that it throws
away, and no queue stands still."""

import pytest

from support.gateway import T, Gateway
from support.virtual import VirtualPhone
from support.wait import wait_for

NUMBER = "+4915112345678"
HOOKS = ["sms:received", "sms:sent", "sms:batch:received", "sms:batch:data-received",
         "mms:batch:received", "mms:batch:downloaded", "mms:downloaded", "message.expired",
         "otp.approved"]

# what a JSON parser of little patience could meet in a message
TRAPS = [
    {"priority": 127}, {"priority": -128}, {"simNumber": 3}, {"ttl": 86400},
    {"validUntil": "2099-01-02T03:04:05.123456789Z"},
    {"validUntil": "2099-01-02T03:04:05.1+14:00"},
    {"validUntil": "2099-01-02T03:04:05-07:00"}, {"withDeliveryReport": False},
    {"textMessage": None, "dataMessage": {"data": "aGVsbG8=", "port": 65535}},
    {"textMessage": None, "message": "legacy"}, {"textMessage": {"text": "\U0001f600 \u2028 x"}},
    {"id": "36 characters, with \"quotes\" in it"}, {"phoneNumbers": [NUMBER, "+4915112345679"]},
]
REFUSED = [
    {"priority": 128}, {"priority": 256}, {"priority": 1.5}, {"priority": "5"}, {"priority": True},
    {"simNumber": 0}, {"simNumber": "1"}, {"ttl": -1}, {"ttl": 1e30},
    {"validUntil": "2099-01-02T03:04:05"}, {"validUntil": ""}, {"validUntil": 4070908800},
    {"withDeliveryReport": 1}, {"phoneNumbers": []}, {"phoneNumbers": None},
    {"phoneNumbers": [NUMBER, NUMBER]}, {"phoneNumbers": [None]}, {"id": "a|b"},
    {"textMessage": None, "dataMessage": {"data": "aGVsbG8=", "port": 65536}},
    {"textMessage": None, "dataMessage": {"data": "not base64", "port": 1}},
    {"textMessage": {"text": "\0"}}, {"scheduleAt": "tomorrow"},
    {"state": "Bogus", "textMessage": None},
]


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


def violations(phone):
    return [line for line in phone.lines() if line.get("event") == "violation"]


@pytest.mark.parametrize("app", ["sms-gate", "sms-gate-1.66", "sms-gate-next"])
def test_no_answer_is_thrown_away(gateway, app):
    account = gateway.account()
    for event in HOOKS:
        account.app.post(T + "/webhooks", {"url": "https://hook.example/", "event": event}) \
            .expect(201)
    account.app.put(T + "/settings", {"messages": {"limit_period": "Per30Minutes",
                                                   "limit_value": 1000}}).expect(200)
    with VirtualPhone(account, "--perfect", "--strict", "--sims", "3",
                      "--app-profile", app) as phone:
        phone.wait_connected()
        plain = {"phoneNumbers": [NUMBER], "textMessage": {"text": "x"}}
        for trap in REFUSED:
            account.app.post(T + "/messages", dict(plain, **trap)).expect(400)
        sent = [account.app.post(T + "/messages", dict(plain, **trap)).expect(202).json["id"]
                for trap in TRAPS]
        account.app.patch(T + "/settings", {"messages": {"limit_value": None}}).expect(200)
        account.app.post(T + "/inbox/refresh", {"since": "2026-01-02T00:00:00Z",
                                                "until": "2026-01-03T00:00:00Z"}).expect(202)

        def delivered():
            listed = account.app.get(T + "/messages?limit=100").expect(200).json
            states = {one["id"]: one["state"] for one in listed}
            assert "Failed" not in states.values(), listed
            return all(states[one] in ("Delivered", "Sent") for one in sent)
        wait_for(delivered, "all messages to be delivered")
        assert phone.stop() == 0, phone.output
        assert violations(phone) == []
