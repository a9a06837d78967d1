"""Checks 62 to 79 of the sms-gate.app checklist: the phone's side."""

import re
import time

import pytest

from support.client import basic, bearer
from support.gateway import M, T, Gateway
from support.phone import Phone, Stream, date
from support.wait import wait_for

NUMBER = "+4915112345678"
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
HOUR_S = 3600


@pytest.fixture
def phone(account):
    return account.add_phone()


def send(account, count=1, query="", **changes):
    body = dict({"phoneNumbers": [NUMBER], "textMessage": {"text": "x"}}, **changes)
    sent = [account.app.post(T + "/messages" + query, body).expect(202).json["id"]
            for _ in range(count)]
    return sent if count > 1 else sent[0]


def ids(messages):
    return [message["id"] for message in messages]


# ---- registration ----

def test_check_62_register(gateway, account):
    account.pair()
    body = {"name": "samsung/a12nsxx", "pushToken": "ignored", "simCards": [
        {"slotIndex": 0, "simNumber": 1, "carrierName": "****", "iccid": "***************2245"}]}
    made = gateway.client(bearer(account.join_token)).post(M + "/device", body).expect(201).json
    assert {"id", "token", "login"} <= set(made)
    assert made["login"] == account.login and re.match(r"^[A-Za-z0-9_-]{21}$", made["id"])
    refused = gateway.anyone.post(M + "/device", body).expect(401)
    assert refused.body == b"missing or malformed API Key"
    for scheme in ("Bearer wrong", "bearer " + account.join_token):
        refused = gateway.client(scheme).post(M + "/device", body).expect(401)
        assert refused.type.startswith("text/plain")
    again = gateway.client(bearer(account.join_token)).post(M + "/device", body).expect(201).json
    assert again["id"] != made["id"] and again["token"] != made["token"]


def test_check_62_register_with_basic_and_code(gateway, account):
    signed_in = Phone.register(gateway, basic(account.login, account.password))
    assert signed_in.login == account.login
    gateway.client(basic(account.login, "wrong")).post(M + "/device", {}).expect(401)
    given = account.app.get(M + "/user/code").expect(200).json
    gateway.client("Code " + given["code"].upper()).post(M + "/device", {"name": "by code"}) \
        .expect(201)
    again = gateway.client("Code " + given["code"]).post(M + "/device", {}).expect(401)
    assert again.type == "application/json"
    gateway.client("Code zzzzzz").post(M + "/device", {}).expect(401)
    assert len(account.app.get(T + "/devices").json) == 2


def test_check_63_change(gateway, account, phone):
    gateway.client(bearer("A" * 21)).patch(M + "/device", {"id": phone.id}).expect(401)
    phone.client.patch(M + "/device", {"id": "A" * 21}).expect(403)
    phone.client.patch(M + "/device", {"id": phone.id}).expect(204)
    phone.client.patch(M + "/device", {"id": phone.id, "pushToken": "x", "simCards": [
        {"slotIndex": 1, "simNumber": 2}]}).expect(204)
    assert account.app.get(T + "/devices").json[0]["simCards"] == [{"slotIndex": 1, "simNumber": 2}]
    phone.client.patch(M + "/device", {"id": phone.id, "unknown": [{}]}).expect(204)


def test_check_65_self(gateway, phone):
    got = phone.client.get(M + "/device").expect(200).json
    assert got["device"]["id"] == phone.id and got["externalIp"] == "127.0.0.1"
    for client in (gateway.anyone, gateway.client(bearer("A" * 21))):
        assert client.get(M + "/device").expect(200).json == {"externalIp": "127.0.0.1"}


# ---- fetching ----

def test_check_66_fetch_until_reported(account, phone):
    first = send(account)
    assert ids(phone.pull()) == ids(phone.pull()) == [first]
    phone.report(phone.pull()[0], "Sent")
    assert phone.pull() == []
    phone.client.get(M + "/message?order=LIFO").expect(400)


def test_check_66_order(account, phone):
    low = send(account, 3)
    high = send(account, 2, priority=50)
    lowest = send(account, priority=-1)
    assert ids(phone.pull("fifo")) == high + low + [lowest]
    assert ids(phone.pull("lifo")) == high[::-1] + low[::-1] + [lowest]
    assert ids(phone.pull()) == ids(phone.pull("lifo"))
    assert ids(phone.client.get("/mobile/v1/messages?order=fifo").json) == high + low + [lowest]


def test_check_67_at_most_100_and_told_of_the_rest(account, phone):
    stream = phone.listen()
    sent = send(account, 150)
    first = phone.pull("fifo")
    assert ids(first) == sent[:100]
    seen = len(stream.events("MessageEnqueued"))
    phone.report_raw([{"id": m["id"], "state": "Sent", "recipients": [
        {"phoneNumber": NUMBER, "state": "Sent"}]} for m in first]).expect(204)
    stream.wait("MessageEnqueued", seen + 1)
    assert ids(phone.pull("fifo")) == sent[100:]
    stream.close()


def test_check_68_what_the_parser_of_the_phone_needs(account, phone):
    send(account, ttl=60, simNumber=1, priority=5)
    send(account, validUntil=date(HOUR_S, "+07:00"))
    send(account, isEncrypted=True, id="client-chosen", withDeliveryReport=False)
    messages = phone.pull()
    assert len(messages) == 3
    for message in messages:
        for name in ("validUntil", "createdAt", "scheduleAt"):
            assert DATE.match(message.get(name, "2026-01-01T00:00:00Z"))
        assert message["id"] and message["phoneNumbers"] and message["state"] == "Pending"
        assert isinstance(message["withDeliveryReport"], bool)
        assert None not in message.values()
        assert -128 <= message.get("priority", 0) <= 127
    assert phone.client.get(M + "/message").type == "application/json"


# ---- reports ----

def test_check_69_shapes(account, phone):
    phone.report_raw([]).expect(204)
    item = {"id": "unknown", "state": "Sent",
            "recipients": [{"phoneNumber": NUMBER, "state": "Sent"}]}
    phone.report_raw([item]).expect(204)
    phone.report_raw([{"id": "x", "state": "Sent"}]).expect(400)
    sent = send(account, 2)
    messages = phone.pull("fifo")
    times = {"Pending": date(0, "+07:00"), "Processed": date(0, "+07:00")}
    phone.report_raw([{"id": m["id"], "state": "Processed", "states": times, "recipients": [
        {"phoneNumber": NUMBER, "state": "Processed"}]} for m in messages]).expect(204)
    for message_id in sent:
        found = account.message(message_id)
        assert found["state"] == "Processed"
        assert abs(parse(found["states"]["Processed"]) - time.time()) < 60


def parse(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def test_check_70_history(account, phone):
    sent = send(account)
    message = phone.pull()[0]
    for state in ("Processed", "Sent", "Delivered"):
        phone.report(message, state)
    phone.report(message, "Processed")  # late: changes nothing
    phone.report(message, "Delivered")  # repeated: neither
    found = account.message(sent)
    assert found["state"] == "Delivered"
    assert list(found["states"]) == ["Pending", "Processed", "Sent", "Delivered"]
    assert sorted(found["states"].values()) == list(found["states"].values())


def test_check_70_pending_counts_as_processed(account, phone):
    sent = send(account)
    phone.report(phone.pull()[0], "Pending")
    found = account.message(sent)
    assert found["state"] == "Processed"
    assert found["recipients"][0]["state"] == "Processed"


ORDERS = [["Sent", "Processed", "Delivered"], ["Delivered", "Sent", "Processed"],
          ["Delivered", "Processed", "Sent", "Delivered", "Sent"]]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_reports_in_any_order(account, phone, order):
    sent = send(account)
    message = phone.pull()[0]
    for state in order:
        phone.report(message, state)
    assert account.message(sent)["state"] == "Delivered"
    assert phone.pull() == []


def test_impossible_reports_are_counted_and_answered(gateway, account, phone):
    sent = send(account)
    message = phone.pull()[0]
    phone.report(message, "Failed", error="RESULT_ERROR_NO_SERVICE")
    before = gateway.metric('otpgate_reports_total{result="impossible"}')
    for state in ("Delivered", "Sent", "Processed", "Cancelled"):
        phone.report(message, state)
    assert gateway.metric('otpgate_reports_total{result="impossible"}') == before + 4
    found = account.message(sent)
    assert found["state"] == "Failed"
    assert found["recipients"][0]["error"] == "RESULT_ERROR_NO_SERVICE"
    # a state that nobody knows, and a number that is not there
    phone.report_raw([{"id": sent, "state": "Teleported", "recipients": [
        {"phoneNumber": NUMBER, "state": "Teleported"}]}]).expect(204)
    phone.report(message, "Sent", numbers=["+4915100000000"])
    assert account.message(sent)["state"] == "Failed"


def test_reports_before_a_fetch_or_by_another_phone(account, phone):
    other = account.add_phone()
    sent = send(account, deviceId=phone.id)
    item = {"id": sent, "phoneNumbers": [NUMBER]}
    phone.report(item, "Sent")  # it cannot know of it
    assert account.message(sent)["state"] == "Pending"
    phone.pull()
    other.report(item, "Sent")
    assert account.message(sent)["state"] == "Pending"
    phone.report(item, "Sent")
    assert account.message(sent)["state"] == "Sent"


def test_times_of_a_wrong_clock_do_not_leave_the_life_of_the_message(account, phone):
    sent = send(account)
    phone.report(phone.pull()[0], "Sent", states={
        "Pending": date(-10 * HOUR_S), "Processed": date(-10 * HOUR_S), "Sent": date(10 * HOUR_S),
        "Delivered": "yesterday"})
    states = account.message(sent)["states"]
    assert list(states) == ["Pending", "Processed", "Sent"]
    assert states["Pending"] <= states["Processed"] <= states["Sent"] <= date(60)


def test_check_71_numbers(account, phone):
    sent = send(account)
    phone.report(phone.pull()[0], "Sent", numbers=[NUMBER[1:]])
    assert account.message(sent)["recipients"] == [{"phoneNumber": NUMBER, "state": "Sent"}]
    short = send(account, query="?skipPhoneValidation=true", phoneNumbers=["900"])
    phone.report(phone.pull()[0], "Sent")
    assert account.message(short)["state"] == "Sent"
    cipher = "$aes-256-cbc/pbkdf2-sha1$i=75000$obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ=="
    hidden = send(account, isEncrypted=True, phoneNumbers=[cipher])
    phone.report(phone.pull()[0], "Sent")
    assert account.message(hidden)["recipients"] == [{"phoneNumber": cipher, "state": "Sent"}]
    phone.report({"id": hidden}, "Delivered", numbers=[NUMBER])  # as the phone reads it
    assert account.message(hidden)["recipients"] == [{"phoneNumber": cipher,
                                                      "state": "Delivered"}]


def test_each_recipient_has_its_own_state(account, phone):
    numbers = [NUMBER, "+4915112345679", "+4915112345670"]
    sent = send(account, phoneNumbers=numbers)
    message = phone.pull()[0]
    phone.report(message, "Sent", numbers=numbers[:1])
    assert account.message(sent)["state"] == "Pending"
    phone.report(message, "Failed", numbers=numbers[1:2], error="no")
    phone.report(message, "Delivered", numbers=numbers[2:])
    found = account.message(sent)
    assert [r["state"] for r in found["recipients"]] == ["Sent", "Failed", "Delivered"]
    assert found["state"] == "Sent"
    phone.report(message, "Delivered", numbers=numbers[:1])
    assert account.message(sent)["state"] == "Sent"  # {Failed, Delivered} is Sent, as on the phone


# ---- events ----

def test_check_72_stream_opens_at_once(gateway, phone):
    stream = Stream(gateway, phone.token)
    wait_for(lambda: stream.comments)
    assert stream.opened_at - stream.asked_at < 1 and stream.status == 200
    assert stream.headers["content-type"].split(";")[0] == "text/event-stream"
    assert "content-encoding" not in stream.headers
    assert "no-" in stream.headers["cache-control"]
    stream.wait("WebhooksUpdated")
    text = stream.raw.decode()
    assert text.endswith("\n\n") and "\r" not in text
    for block in text.strip("\n").split("\n\n"):
        names = [line.split(":")[0] for line in block.split("\n")]
        assert names[0] == "" or names == ["event", "data"]
    stream.close()


def test_check_73_told_at_once(gateway, account, phone):
    stream = phone.listen()
    fastest = []
    for n in range(5):
        asked_at = time.monotonic()
        sent = send(account)
        frame = stream.wait("MessageEnqueued", n + 1)[n]
        fastest.append(frame.at - asked_at)
        phone.report(phone.pull()[0], "Sent")
        assert account.message(sent)["state"] == "Sent"
    assert min(fastest) < 0.1, fastest
    assert all(frame.data == "null" for frame in stream.events("MessageEnqueued"))
    stream.close()


def test_check_73_fifty_sends_few_frames(account, phone):
    """A phone that does not fetch hears of it once, and once more a second later."""
    stream = phone.listen()
    begun = time.monotonic()
    sent = send(account, 50)
    took = time.monotonic() - begun
    stream.wait("MessageEnqueued")
    frames = [f for f in stream.events("MessageEnqueued") if f.at - begun <= took]
    assert len(frames) <= 2 + int(took), (len(frames), took)
    assert sorted(ids(phone.pull())) == sorted(sent)
    stream.close()


def test_check_74_all_streams_of_a_phone(account, phone):
    other = account.add_phone()
    streams = [phone.listen(), phone.listen()]
    elsewhere = other.listen()
    send(account, deviceId=phone.id)
    for stream in streams:
        stream.wait("MessageEnqueued")
    assert elsewhere.events("MessageEnqueued") == []
    streams[0].close()  # the other one still counts
    phone.report(phone.pull()[0], "Sent")
    send(account, deviceId=phone.id)
    streams[1].wait("MessageEnqueued", 2)
    streams[1].close()
    elsewhere.close()


def test_streams_of_a_phone_are_few(phone):
    """The oldest is closed beyond the limit of four."""
    streams = [phone.listen() for _ in range(6)]
    streams[0].wait_closed()
    streams[1].wait_closed()
    assert not any(stream.is_closed for stream in streams[2:])
    for stream in streams:
        stream.close()


def test_stream_tells_of_what_waits(account, phone):
    sent = send(account)
    stream = phone.listen()
    stream.wait("MessageEnqueued")
    assert ids(phone.pull()) == [sent]
    stream.close()


def test_head_takes_no_message(account, phone):
    sent = send(account)
    for path in ("/message", "/messages?order=fifo"):
        asked = phone.client.request("HEAD", M + path).expect(200)
        assert asked.body == b""
    phone.client.request("HEAD", M + "/message?order=LIFO").expect(400)
    account.app.delete(T + "/messages/" + sent).expect(200)
    wait_for(lambda: account.message(sent)["state"] == "Cancelled", "the end of what no phone has")


def test_every_stream_is_told_to_ask(phone):
    streams = [phone.listen() for _ in range(2)]
    for stream in streams:
        stream.wait("SettingsUpdated")
        stream.wait("WebhooksUpdated")
        stream.close()


def test_check_75_no_other_events(account, phone):
    stream = phone.listen()
    send(account)
    phone.pull()
    account.app.delete(T + "/messages/" + account.messages()[0]["id"])
    stream.wait("MessageCancelled")
    assert {frame.event for frame in stream.frames} <= {
        "MessageEnqueued", "MessageCancelled", "SettingsUpdated", "WebhooksUpdated"}
    stream.close()


def test_check_76_and_77_webhooks_and_settings(phone):
    assert phone.webhooks() == []
    assert phone.client.get(M + "/settings").expect(200).json == {}
    assert phone.client.get("/mobile/v1/settings").expect(200).json == {}


# ---- the person who owns the account ----

def test_check_78_login_code(account, phone):
    given = account.app.get(M + "/user/code").expect(200).json
    assert re.match(r"^[23456789abcdefghjkmnpqrstuvwxyz]{6}$", given["code"])
    left = parse(given["validUntil"]) - time.time()
    assert 0 < left <= 300 and DATE.match(given["validUntil"])
    phone.client.get(M + "/user/code").expect(401)
    account.with_key("admin").get(M + "/user/code").expect(401)
    assert account.app.get(M + "/user/code").json["code"] != given["code"]


def test_check_79_password(gateway, account, phone):
    change = {"currentPassword": account.password, "newPassword": "x" * 13}
    phone.client.patch(M + "/user/password", change).expect(400)
    phone.client.patch(M + "/user/password",
                       {"currentPassword": "wrong", "newPassword": "x" * 14}).expect(401)
    account.app.get(T + "/messages").expect(200)
    change["newPassword"] = "a new one: \u00e4\u00f6\u00fc!"
    phone.client.patch(M + "/user/password", change).expect(204)
    account.app.get(T + "/messages").expect(401)  # at once, cached or not
    account.another_client().get(T + "/messages").expect(401)
    gateway.client(basic(account.login, change["newPassword"])).get(T + "/messages").expect(200)
    phone.client.get(M + "/settings").expect(200)


# ---- public registration ----

@pytest.fixture(scope="module")
def public():
    with Gateway("--phone.public_registration", "--login.registrations_max", "8") as running:
        yield running


def test_check_62_public_registration(public):
    body = {"name": "samsung/a12nsxx", "pushToken": "ignored"}
    made = [public.client(authorization).post(M + "/device", body).expect(201).json
            for authorization in (None, "Bearer ", "Bearer unknown")]
    assert len({one["login"] for one in made}) == len({one["id"] for one in made}) == 3
    for one in made:
        assert set(one) == {"id", "token", "login", "password"} and len(one["password"]) >= 14
        app = public.client(basic(one["login"], one["password"]))
        devices = app.get(T + "/devices").expect(200).json
        assert [device["id"] for device in devices] == [one["id"]]
        assert public.client(bearer(one["token"])).get(M + "/message").expect(200).json == []
        assert one["password"] not in public.log()
    # the account can sign in with a second phone; a claim that is wrong makes no account
    again = Phone.register(public, basic(made[0]["login"], made[0]["password"]))
    assert again.login == made[0]["login"]
    public.client(basic(made[0]["login"], "wrong")).post(M + "/device", body).expect(401)
    public.client("Code 222222").post(M + "/device", body).expect(401)
    public.anyone.post(M + "/device", b"{").expect(400)
    # nor is it without limit
    limited = public.anyone.post(M + "/device", body)
    while limited.status == 201:
        limited = public.anyone.post(M + "/device", body)
    assert limited.status == 429 and int(limited.headers["Retry-After"]) > 0
    accounts = public.admin.get("/admin/v1/accounts").json["accounts"]
    assert 3 <= len(accounts) <= 8 and all(one["name"].startswith("phone-") for one in accounts)
