"""Checks 45 to 48 and 77 of the sms-gate.app checklist: settings of phones."""

import sqlite3

import pytest

from support.gateway import M, T

PATH = T + "/settings"
SECRETS = {"encryption": {"passphrase": "a long passphrase"},
           "webhooks": {"signing_key": "a signing key"}}


@pytest.fixture
def phone(account):
    return account.add_phone()


def test_check_45_patch_keeps_and_put_replaces(gateway, account, phone):
    assert account.app.get(PATH).expect(200).json == {}
    first = {"messages": {"send_interval_min": 3, "limit_value": 4},
             "ping": {"interval_seconds": 9}}
    assert account.app.put(PATH, first).expect(200).json == first
    got = account.app.patch(PATH, {"messages": {"limit_value": 5}}).expect(200).json
    expected = {"messages": {"send_interval_min": 3, "limit_value": 5},
                "ping": {"interval_seconds": 9}}
    assert got == expected == account.app.get(PATH).json == phone.client.get(M + "/settings").json
    gateway.restart()
    assert account.another_client().get(PATH).json == expected
    second = {"logs": {"lifetime_days": 7}}
    assert account.another_client().put("/3rdparty/v1/settings", second).expect(200).json == second
    assert account.another_client().get(PATH).json == second


def test_check_45_null_resets_and_null_sections_are_skipped(account, phone):
    account.app.put(PATH, {"messages": {"limit_value": 5}, "ping": {"interval_seconds": 9}})
    got = account.app.patch(PATH, {"messages": None, "ping": {"interval_seconds": None}}).json
    assert got == {"messages": {"limit_value": 5}, "ping": {"interval_seconds": None}}
    assert phone.client.get(M + "/settings").json == got


def test_check_45_all_streams_of_the_account_are_told(gateway, account, phone):
    streams = []
    for one in (phone, account.add_phone(), gateway.account().add_phone()):
        streams.append(one.listen())
        streams[-1].wait("SettingsUpdated")  # a phone that comes is told to ask
    other = streams.pop()
    streams.append(phone.listen())
    before = [len(stream.events("SettingsUpdated")) for stream in streams]
    others = len(other.events("SettingsUpdated"))
    account.app.patch(PATH, {"ping": {"interval_seconds": 60}}).expect(200)
    for stream, count in zip(streams, before):
        assert stream.wait("SettingsUpdated", count + 1)[-1].data == "null"
    account.app.patch(PATH, {"ping": {"interval_seconds": 0}}).expect(400)
    account.app.put(PATH, {}).expect(200)
    for stream, count in zip(streams, before):
        stream.wait("SettingsUpdated", count + 2)
        assert len(stream.events("SettingsUpdated")) == count + 2
    assert len(other.events("SettingsUpdated")) == others
    for stream in streams + [other]:
        stream.close()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("body", [
    {"messages": {"send_interval_min": 5, "send_interval_max": 4}},
    {"messages": {"limit_period": "Per15"}},
    {"messages": {"work_hours_enabled": True}},
    {"messages": {"work_hours_start": "25:00"}},
    {"messages": {"work_hours_enabled": True, "work_hours_start": "25:00",
                  "work_hours_end": "07:00"}},
    {"messages": "x"},
    {"gateway": {"cloud_url": "https://elsewhere.example"}},
    [], "x", None,
])
def test_check_46_refused(account, method, body):
    refused = account.app.request(method, PATH, body)
    if body is None:
        refused = account.app.request(method, PATH, b"null", {"Content-Type": "application/json"})
    assert isinstance(refused.expect(400).json["message"], str)
    assert account.app.get(PATH).json == {}


def test_check_46_rules_hold_for_what_a_patch_leaves(account):
    account.app.put(PATH, {"messages": {"send_interval_min": 5}}).expect(200)
    account.app.patch(PATH, {"messages": {"send_interval_max": 4}}).expect(400)
    assert account.app.get(PATH).json == {"messages": {"send_interval_min": 5}}
    times = {"work_hours_start": "07:00", "work_hours_end": "19:00"}
    account.app.patch(PATH, {"messages": times}).expect(200)
    account.app.patch(PATH, {"messages": {"work_hours_enabled": True}}).expect(200)


def test_check_47_secrets_reach_phones_only(gateway, account, phone):
    body = dict(SECRETS, webhooks=dict(SECRETS["webhooks"], retry_count=3))
    shown = {"webhooks": {"retry_count": 3}}
    assert account.app.put(PATH, body).expect(200).json == shown
    assert account.app.patch(PATH, SECRETS).expect(200).json == shown
    assert account.app.get(PATH).json == shown
    assert phone.client.get(M + "/settings").json == body
    account.app.get(M + "/settings").expect(401)
    other = gateway.account()
    assert other.app.get(PATH).json == {}
    assert other.add_phone().client.get(M + "/settings").json == {}


def test_check_47_secrets_are_sealed_and_never_logged(gateway, account):
    account.app.put(PATH, SECRETS).expect(200)
    with sqlite3.connect("file:%s/otpgate.db?mode=ro" % gateway.data, uri=True) as db:
        documents = [row[0] for row in db.execute("SELECT document FROM phone_settings")]
    assert documents and all(b"passphrase" not in document for document in documents)
    for secret in ("a long passphrase", "a signing key"):
        assert secret not in gateway.log()
        account.app.put(PATH, {"messages": {"limit_period": secret}}).expect(400)
        assert secret not in gateway.log()


def test_check_48_processing_order_and_aliases(account, phone):
    body = {"messages": {"processingOrder": "FIFO", "sendIntervalMin": 2, "sendIntervalMax": 6,
                         "simSelectionMode": "Random"},
            "gateway": {"notificationChannel": "SSE_ONLY"}}
    expected = {"messages": {"processing_order": "FIFO", "send_interval_min": 2,
                             "send_interval_max": 6, "sim_selection_mode": "Random"},
                "gateway": {"notification_channel": "SSE_ONLY"}}
    assert account.app.put(PATH, body).expect(200).json == expected
    assert phone.client.get(M + "/settings").json == expected


def test_check_77_what_phones_can_parse(account, phone):
    assert phone.client.get(M + "/settings").json == {}
    account.app.put(PATH, {"messages": {"limit_period": "Per30Minutes", "limit_value": 2}})
    for version, has_period in (("1.66.0", False), ("1.67.0", True), ("1.68.0", True)):
        agent = {"User-Agent": "me.capcom.smsgateway/" + version}
        got = phone.client.request("GET", M + "/settings", None, agent).expect(200).json
        assert ("limit_period" in got["messages"]) is has_period
        assert got["messages"]["limit_value"] == 2
