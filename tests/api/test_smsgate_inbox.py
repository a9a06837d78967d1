"""Checks 60, 61 and 75 of the sms-gate.app checklist: asking phones for what they received."""

import json

import pytest

from support.gateway import T

SPAN = {"since": "2026-01-02T03:04:05+07:00", "until": "2026-01-03T00:00:00.5Z"}
GIVEN = {"since": "2026-01-01T20:04:05.000Z", "until": "2026-01-03T00:00:00.500Z"}
EVENT = "MessagesExportRequested"
EXPORTS = ["/inbox/export", "/messages/inbox/export", "/message/inbox/export"]


@pytest.fixture
def stream(account):
    listening = account.add_phone().listen()
    yield listening
    listening.close()


def asked(account, stream, path, **members):
    """The event that the phone gets; all values are texts."""
    before = len(stream.events(EVENT))
    answer = account.app.post(T + path, dict(SPAN, **members)).expect(202)
    assert answer.json == {}
    got = json.loads(stream.wait(EVENT, before + 1)[-1].data)
    assert all(isinstance(value, str) for value in got.values())
    return got, answer


def test_check_60_refresh(account, stream):
    got, answer = asked(account, stream, "/inbox/refresh")
    assert got == dict(GIVEN, webhookDelivery="Disabled", triggerWebhooks="false")
    assert "Deprecation" not in answer.headers
    got, _ = asked(account, stream, "/inbox/refresh", messageTypes=["MMS", "SMS", "MMS"],
                   triggerWebhooks=True)
    assert got == dict(GIVEN, messageTypes="SMS,MMS", webhookDelivery="Individual",
                       triggerWebhooks="true")
    got, _ = asked(account, stream, "/inbox/refresh", webhookDelivery="Batch",
                   triggerWebhooks=False, messageTypes=["MMS"])
    assert got == dict(GIVEN, messageTypes="MMS", webhookDelivery="Batch", triggerWebhooks="true")


@pytest.mark.parametrize("changes", [
    {"since": "2026-01-04T00:00:00Z"}, {"since": None}, {"until": None}, {"since": 5},
    {"since": "2026-01-02T03:04:05"}, {"messageTypes": []}, {"messageTypes": ["DATA_SMS"]},
    {"messageTypes": "SMS"}, {"webhookDelivery": "X"}, {"triggerWebhooks": "true"},
    {"deviceId": "A" * 22},
])
@pytest.mark.parametrize("path", ["/inbox/refresh"] + EXPORTS)
def test_check_60_refused(account, path, changes):
    refused = account.app.post(T + path, dict(SPAN, **changes)).expect(400)
    assert list(changes)[0] in refused.json["message"]


@pytest.mark.parametrize("path", EXPORTS)
def test_check_61_export(account, stream, path):
    got, answer = asked(account, stream, path, messageTypes=["MMS"], webhookDelivery="Disabled")
    assert got == dict(GIVEN, messageTypes="SMS", webhookDelivery="Individual",
                       triggerWebhooks="true")
    assert answer.headers["Deprecation"] == "true"


def test_check_75_only_the_phone_that_was_named(gateway, account):
    phones = [account.add_phone(), account.add_phone(), gateway.account().add_phone()]
    streams = [phone.listen() for phone in phones]
    account.app.post(T + "/inbox/refresh", dict(SPAN, deviceId=phones[2].id)).expect(202)
    account.app.post(T + "/inbox/refresh", dict(SPAN, deviceId="A" * 21)).expect(202)
    account.app.post(T + "/inbox/refresh", dict(SPAN, deviceId=phones[0].id)).expect(202)
    account.app.post(T + "/inbox/refresh", SPAN).expect(202)
    streams[0].wait(EVENT, 2)
    streams[1].wait(EVENT, 1)
    assert [len(stream.events(EVENT)) for stream in streams] == [2, 1, 0]
    for stream in streams:
        stream.close()


def test_what_stays_on_the_phone(account):
    for path in ("/inbox", "/logs"):
        assert "not implemented" in account.app.get(T + path).expect(501).json["message"]
