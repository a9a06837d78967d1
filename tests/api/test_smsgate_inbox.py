"""The inbox: what phones received, and checks 60, 61 and 75: asking them for it."""

import contextlib
import json
import sqlite3

import pytest

from support.gateway import M, T, Gateway
from support.phone import date

NUMBER = "+4915112345678"
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


# ---- what was received ----

@pytest.fixture
def phone(account):
    return account.add_phone()


def inbox(account, query=""):
    return account.app.get(T + "/inbox" + query).expect(200).json


def test_a_received_sms_is_listed_and_read(account, phone):
    got = phone.tell_received("hallo \U0001f600", NUMBER, receivedAt="2026-01-02T10:04:05.123+07:00",
                              simNumber=2, recipient="+4915199999999")
    listed = inbox(account)
    assert listed == [{"id": got, "deviceId": phone.id, "type": "SMS", "sender": NUMBER,
                       "recipient": "+4915199999999", "simNumber": 2,
                       "contentPreview": "hallo \U0001f600",
                       "createdAt": "2026-01-02T03:04:05.123Z"}]
    assert account.app.get(T + "/inbox/" + got).expect(200).json == listed[0]
    gone = account.app.get(T + "/inbox/%s/attachments/1" % got).expect(404)
    assert "stay on the phone" in gone.json["message"]
    account.app.get(T + "/inbox/" + "A" * 21).expect(404)


def test_other_kinds_and_their_filters(account, phone):
    phone.tell("sms:data-received", {"data": "aGk=", "sender": "Bank", "phoneNumber": "Bank",
                                     "messageId": "1", "receivedAt": date()}).expect(200)
    phone.tell("mms:received", {"transactionId": "T1", "subject": "hi", "size": 1234,
                                "sender": NUMBER, "receivedAt": date()}).expect(200)
    phone.tell("mms:downloaded", {"body": "look", "attachments": [
        {"partId": 1, "contentType": "image/png", "data": "aGk="}], "phoneNumber": NUMBER,
        "receivedAt": date()}).expect(200)
    phone.tell_received("plain", "900")
    for query, texts in (("DATA_SMS", ["aGk="]), ("MMS", [""]), ("MMS_DOWNLOADED", ["look"]),
                         ("SMS", ["plain"])):
        found = inbox(account, "?type=" + query)
        assert [one["contentPreview"] for one in found] == texts
        assert {one["type"] for one in found} == {query}
    assert len(inbox(account, "?sender=%2B4915112345678")) == 2
    assert inbox(account, "?sender=4915112345678") == []
    other = account.add_phone()
    other.tell_received("elsewhere")
    assert len(inbox(account, "?deviceId=" + other.id)) == 1
    assert len(inbox(account, "?deviceId=%s&includeAttachments=true" % phone.id)) == 4


def test_paging(account, phone):
    for hour in range(5):
        phone.tell_received("n%d" % hour, receivedAt="2026-01-02T0%d:00:00.000Z" % hour)
    answer = account.app.get(T + "/inbox?limit=2&offset=1").expect(200)
    assert [one["contentPreview"] for one in answer.json] == ["n3", "n2"]
    assert answer.headers["X-Total-Count"] == "5"
    answer = account.app.get(T + "/inbox?from=2026-01-02T01:00:00Z&to=2026-01-02T03:00:00Z")
    assert [one["contentPreview"] for one in answer.json] == ["n2", "n1"]
    assert answer.headers["X-Total-Count"] == "2"


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "offset=-1", "from=now",
                                   "to=2026-01-02", "type=sms", "deviceId=short",
                                   "includeAttachments=maybe"])
def test_bad_filters(account, query):
    refused = account.app.get(T + "/inbox?" + query).expect(400)
    assert query.split("=")[0] in refused.json["message"]


def test_the_same_is_kept_once(account, phone):
    moment = date()
    assert phone.tell_received("once", receivedAt=moment)
    assert not phone.tell_received("once", receivedAt=moment, messageId="another")
    ahead = date(shift_s=3600)  # the phone's clock is wrong, and says the same again
    assert phone.tell_received("once", receivedAt=ahead)
    assert not phone.tell_received("once", receivedAt=ahead)
    assert phone.tell_received("once", "+4915112340001", receivedAt=moment)
    item = {"type": "SMS", "sender": "+4915112340000", "contentPreview": "once",
            "createdAt": moment}
    assert phone.client.post(M + "/inbox", [item]).expect(201).json == {"stored": 0, "dropped": []}
    assert len(inbox(account)) == 3
    assert all(one["createdAt"] <= date() for one in inbox(account))


def test_a_batch_and_what_is_wrong_in_it(account, phone):
    good = [{"id": "1", "type": "SMS", "sender": NUMBER, "contentPreview": "$aes-256-cbc/x$y$z$w",
             "simNumber": None, "createdAt": date()}, {"phoneNumber": "900", "message": "x"}]
    bad = [5, {}, {"sender": 5}, {"sender": "x", "type": "FAX"}, {"sender": "x" * 513},
           {"sender": "x", "createdAt": "yesterday"}, {"sender": "x", "message": "x" * 65536},
           {"sender": "x", "simNumber": 256}, None]
    answer = phone.client.post(M + "/inbox", bad[:4] + good + bad[4:]).expect(201).json
    assert answer["stored"] == 2
    assert [one["index"] for one in answer["dropped"]] == [0, 1, 2, 3, 6, 7, 8, 9, 10]
    assert [one["field"] for one in answer["dropped"]][1:8] == [
        "sender", "sender", "type", "sender", "createdAt", "message", "simNumber"]
    assert {one["sender"] for one in inbox(account)} == {NUMBER, "900"}
    assert phone.client.post(M + "/inbox", []).expect(201).json["stored"] == 0
    for refused in ({}, [{}] * 501):
        phone.client.post(M + "/inbox", refused).expect(400)
    account.app.post(M + "/inbox", good).expect(401)


def test_what_can_never_be_kept_is_not_asked_for_again(account, phone):
    """A phone repeats what is refused, and its queue waits meanwhile."""
    for event, payload in (("sms:sent", {"sender": NUMBER}), ("sms:new", {"sender": NUMBER}),
                           ("sms:received", {"message": "no sender"}), ("sms:received", [])):
        body = {"event": event, "payload": payload}
        answer = phone.gateway.anyone.post(phone.inbox_path(), body).expect(200).json
        assert answer["stored"] == 0 and len(answer["dropped"]) == 1, answer
    phone.gateway.anyone.post(phone.inbox_path(), b"{").expect(400)
    assert inbox(account) == []


def test_the_hook_is_nobody_elses(gateway, account, phone):
    other = account.add_phone()
    mine, theirs = phone.inbox_path(), other.inbox_path()
    assert mine.rsplit("/", 1)[1] != theirs.rsplit("/", 1)[1]
    body = {"event": "sms:received", "payload": {"sender": NUMBER, "message": "x"}}
    forged = mine.rsplit("/", 1)[0] + "/" + theirs.rsplit("/", 1)[1]
    for path in (forged, mine + "A", mine[:-1], mine[:-1] + ("A" if mine[-1] != "A" else "B")):
        gateway.anyone.post(path, body).expect(404)
    assert account.app.get(T + "/webhooks").json == []
    assert gateway.admin.get("/admin/v1/webhooks").json["webhooks"] == []
    assert mine.rsplit("/", 1)[1] not in gateway.log()
    account.app.delete(T + "/devices/" + phone.id).expect(204)
    gateway.anyone.post(mine, body).expect(404)
    gateway.admin.patch("/admin/v1/accounts/" + account.id, {"disabled": True}).expect(200)
    gateway.anyone.post(theirs, body).expect(404)


@pytest.mark.parametrize("agent,events", [
    ("me.capcom.smsgateway/1.68.0", 4), ("me.capcom.smsgateway/1.67.9", 1),
    ("me.capcom.smsgateway/2.0.0", 4), ("okhttp/4.10.0", 4)])
def test_check_76_only_events_that_the_app_knows(account, phone, agent, events):
    account.app.post(T + "/webhooks", {"id": "mms", "url": "https://hook.example/",
                                       "event": "mms:received"}).expect(201)
    hooks = phone.client.get(M + "/webhooks", headers={"User-Agent": agent}).expect(200).json
    ours = [hook for hook in hooks if "/mobile/v1/inbox/" in hook["url"]]
    assert len(ours) == events and len({hook["id"] for hook in ours}) == events
    # what such a phone does not tell us it must tell the receiver itself
    assert len(hooks) - len(ours) == (1 if events == 1 else 0)


def test_nothing_readable_is_on_disk(gateway, account, phone):
    phone.tell_received("a very secret text", "+4915112349999")
    phone.client.close()
    with contextlib.closing(sqlite3.connect(gateway.data + "/otpgate.db")) as database:
        rows = b"|".join(str(row).encode() for row in database.execute("SELECT * FROM inbox"))
    assert b"secret" not in rows and b"12349999" not in rows
    for word in ("very secret", "12349999"):
        assert word not in gateway.log()


# ---- sent on ----

@pytest.fixture(scope="module")
def teller(certificate):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0]) as running:
        yield running


def test_the_longest_sms_is_kept_whole(gateway, account):
    """255 parts, put together by the phone: 153 letters each, or 67 of UCS-2."""
    phone = account.add_phone()
    letters, signs = "0123456789" * 3902, "щ😀ж" * 4272
    for text in (letters[:255 * 153], signs[:255 * 67 * 3 // 4]):
        got = phone.tell_received(text)
        assert account.app.get(T + "/inbox/" + got).expect(200).json["contentPreview"] == text
        listed = account.app.get(T + "/inbox?limit=1").expect(200).json[0]["contentPreview"]
        assert text.startswith(listed) and 4000 < len(listed.encode()) <= 4096
        upload = [{"type": "SMS", "sender": "+4915112349999", "contentPreview": text,
                   "createdAt": date()}]
        answer = phone.client.post(M + "/inbox", upload).expect(201).json
        assert answer == {"stored": 1, "dropped": []}
        newest = account.app.get(T + "/inbox?limit=1").expect(200).json[0]["id"]
        assert account.app.get(T + "/inbox/" + newest).json["contentPreview"] == text


def test_the_server_tells_the_receivers(teller, receiver):
    account = teller.account()
    phone, other = account.add_phone(), account.add_phone()
    for name, event, device in (("all", "sms:received", None), ("one", "sms:received", other.id),
                                ("data", "sms:data-received", None), ("mms", "mms:received", None)):
        account.app.post(T + "/webhooks", {"id": name, "url": receiver.url(), "event": event,
                                           "deviceId": device}).expect(201)
    got = phone.tell_received("x" * 65535, NUMBER)
    call = receiver.wait(1)[0].json
    assert (call["webhookId"], call["event"], call["deviceId"]) == ("all", "sms:received", phone.id)
    payload = call["payload"]
    assert payload.pop("receivedAt")[-1] == "Z"
    assert payload == {"messageId": got, "sender": NUMBER, "phoneNumber": NUMBER, "simNumber": 1,
                       "message": "x" * 65535}
    phone.tell_received("x" * 65535, NUMBER, receivedAt=date(shift_s=-100))
    phone.tell("sms:data-received", {"data": "aGk=", "sender": NUMBER, "receivedAt": date()})
    phone.tell("mms:received", {"transactionId": "T1", "size": 7, "sender": NUMBER,
                                "receivedAt": date()})
    calls = receiver.wait(4)[1:]
    assert sorted(call.json["webhookId"] for call in calls) == ["all", "data", "mms"]
    by_hook = {call.json["webhookId"]: call.json["payload"] for call in calls}
    assert by_hook["data"]["data"] == "aGk="
    assert (by_hook["mms"]["transactionId"], by_hook["mms"]["size"]) == ("T1", 7)


def test_where_phones_tell_the_server_keeps_quiet(teller, receiver):
    account = teller.account()
    phone = account.add_phone()
    account.app.post(T + "/webhooks", {"id": "h", "url": receiver.url(),
                                       "event": "sms:received"}).expect(201)
    assert phone.webhooks() == []
    path = "/admin/v1/accounts/%s/webhooks" % account.id
    teller.admin.patch(path, {"webhooks_by": "phone"}).expect(200)
    assert [hook["id"] for hook in phone.webhooks()] == ["h"]
    phone.tell_received("kept all the same")
    assert len(inbox(account)) == 1
    teller.admin.patch(path, {"webhooks_by": "server"}).expect(200)
    phone.tell_received("told")
    assert receiver.wait(1)[0].json["payload"]["message"] == "told"


def test_an_inbox_that_is_off(certificate):
    with Gateway("--inbox.enabled=false") as gateway:
        account = gateway.account()
        phone = account.add_phone()
        account.app.post(T + "/webhooks", {"id": "h", "url": "https://hook.example/",
                                           "event": "sms:received"}).expect(201)
        hooks = phone.client.get(M + "/webhooks").expect(200).json
        assert [hook["id"] for hook in hooks] == ["h"]
        refused = phone.client.post(M + "/inbox", []).expect(404)
        assert "inbox.enabled" in refused.json["message"]
        assert inbox(account) == []


# ---- the log ----

def test_logs_are_the_accounts_part_of_the_audit_log(gateway, account):
    other = gateway.account()
    other.add_phone()
    phone = account.add_phone()
    account.app.post(T + "/auth/token", {"scopes": ["messages:list"]}).expect(201)
    logs = account.app.get(T + "/logs").expect(200).json
    assert all(set(one) == {"id", "priority", "module", "message", "context", "createdAt"}
               and one["priority"] in ("DEBUG", "INFO", "WARN", "ERROR")
               and isinstance(one["context"], dict) for one in logs)
    assert [one["id"] for one in logs] == sorted({one["id"] for one in logs})
    joined = [one for one in logs if one["context"].get("object") == phone.id]
    assert joined and joined[0]["module"] == "admin" and joined[0]["message"]
    assert not any(one["context"].get("object") == other.id for one in logs)
    last = logs[-1]["createdAt"]
    before = account.app.get(T + "/logs?from=2026-01-01T00:00:00Z&to=" + last).expect(200).json
    assert before == [one for one in logs if one["createdAt"] < last]
    after = account.app.get(T + "/logs?from=" + last).expect(200).json
    assert after[0]["createdAt"] == last
    for query in ("from=x", "to=2026"):
        refused = account.app.get(T + "/logs?" + query).expect(400)
        assert query.split("=")[0] in refused.json["message"]
    account.with_key("messages:send").get(T + "/logs").expect(403)
