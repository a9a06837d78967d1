"""Checks 1 to 10 of the sms-gate.app checklist: conventions and authentication."""

import json
import re

import pytest

from support.client import basic
from support.gateway import Gateway, T
from support.http1 import exchange
from support.wait import wait_for

NUMBER = "+4915112345678"
SEND = {"phoneNumbers": [NUMBER], "textMessage": {"text": "x"}}
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account()
    made.phone = made.add_phone()
    return made


@pytest.mark.parametrize("base", ["/api/3rdparty/v1", "/3rdparty/v1"])
def test_check_1_no_credential(gateway, base):
    answer = gateway.anyone.get(base + "/messages").expect(401)
    assert answer.type == "application/json"
    assert list(answer.json) == ["message"] and isinstance(answer.json["message"], str)
    assert answer.headers["WWW-Authenticate"] is None


def test_check_2_wrong_basic(gateway, account):
    for header in (basic(account.login, "wrong"), "Basic !!!", "Basic bm9jb2xvbg==",
                   basic(account.login.lower() + "x", account.password)):
        gateway.client(header).get(T + "/messages").expect(401)


def test_check_3_spelling_of_the_scheme(gateway, account):
    right = basic(account.login, account.password)
    for word in ("basic", "BASIC", "bAsIc"):
        gateway.client(right.replace("Basic", word)).get(T + "/messages").expect(200)
    key = account.make_key(["messages:read"])["key"]
    for word in ("bearer", "BEARER", "Bearer"):
        gateway.client(word + " " + key).get(T + "/messages").expect(200)


@pytest.mark.parametrize("base", ["", T, "/3rdparty/v1"])
def test_check_4_health(gateway, base):
    for path in ("/health", "/health/live", "/health/ready", "/health/startup"):
        body = gateway.anyone.get(base + path).expect(200).json
        assert body["status"] in ("pass", "warn", "fail")
        for name, check in body["checks"].items():
            assert re.match(r"^[a-z]+:[a-z]+$", name)
            assert check["status"] in ("pass", "warn", "fail")
            assert -2 ** 31 <= check["observedValue"] < 2 ** 31  # Rust's client reads an int32


def test_check_5_unknown_routes(gateway, account):
    gateway.anyone.get("/nothing").expect(404)
    gateway.anyone.get(T + "/nothing").expect(401)
    account.app.get(T + "/nothing").expect(404)


def test_check_6_content_type(account):
    for content_type, status in (("text/plain", 400), ("application/json", 202),
                                 ("application/json; charset=utf-8", 202),
                                 ("Application/JSON;charset=UTF-8", 202)):
        account.app.post(T + "/messages", SEND,
                         headers={"Content-Type": content_type}).expect(status)


def test_check_7_malformed_and_too_large(gateway, account):
    assert account.app.post(T + "/messages", b"{").expect(400).json["message"]
    account.app.post(T + "/messages", b" " * (4 << 20)).expect(400)
    head = "POST %s/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n" \
           "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    answer, _ = exchange(gateway, (head % (
        T, basic(account.login, account.password), (4 << 20) + 1)).encode())
    assert answer.status == 413


def test_check_8_null_is_absent(account):
    nothing = dict.fromkeys(["id", "deviceId", "message", "dataMessage", "simNumber", "ttl",
                             "validUntil", "scheduleAt", "priority", "isEncrypted",
                             "withDeliveryReport", "somethingElse"])
    sent = account.app.post(T + "/messages", dict(SEND, **nothing)).expect(202).json
    offered = wait_for(lambda: [m for m in account.phone.pull() if m["id"] == sent["id"]])[0]
    assert set(offered) == {"id", "message", "textMessage", "phoneNumbers", "withDeliveryReport",
                            "state", "createdAt"}
    assert offered["withDeliveryReport"] is True
    account.app.post(T + "/messages", dict(SEND, phoneNumbers=None)).expect(400)


def test_check_9_trailing_slash_and_empty_query(account):
    plain = account.app.get(T + "/messages").expect(200).body
    for path in (T + "/messages/", T + "/messages?", "/3rdparty/v1/messages",
                 "/API/3RDPARTY/v1/Messages", T + "/message"):
        assert account.app.get(path).expect(200).body == plain
    account.app.post(T + "/messages?", SEND).expect(202)


def test_check_10_link_to_the_catalog(gateway, account):
    link = '</.well-known/api-catalog>; rel="api-catalog"'
    for answer in (account.app.get(T + "/messages").expect(200),
                   account.app.get("/3rdparty/v1/devices").expect(200),
                   account.app.post(T + "/messages", SEND).expect(202),
                   account.app.post(T + "/messages", b"{").expect(400),
                   account.app.get(T + "/messages/unknown").expect(404)):
        assert answer.headers["Link"] == link
    for answer in (gateway.anyone.get(T + "/messages").expect(401),
                   gateway.anyone.get(T + "/health").expect(200),
                   account.phone.client.get("/mobile/v1/message").expect(200)):
        assert answer.headers["Link"] is None


def test_check_10_catalog():
    """RFC 9727, and the 61st request within a minute."""
    with Gateway() as own:
        path = "/.well-known/api-catalog"
        for method in ["GET", "HEAD"] + 58 * ["GET"]:
            answer = own.anyone.request(method, path).expect(200)
            assert answer.type == ('application/linkset+json; '
                                   'profile="https://www.rfc-editor.org/info/rfc9727"')
            assert answer.headers["Cache-Control"] == "public, max-age=3600"
            assert answer.headers["Link"] == '<%s>; rel="api-catalog"' % path
        context = json.loads(answer.body)["linkset"][0]
        assert set(json.loads(answer.body)) == {"linkset"}
        assert context["anchor"].endswith("/api/3rdparty/v1")
        base = context["anchor"][:-len("/api/3rdparty/v1")]
        assert base.startswith("https://")
        assert context["status"] == [{"href": base + "/api/3rdparty/v1/health/ready",
                                      "type": "application/json"}]
        for one in json.loads(answer.body)["linkset"]:
            for name in set(one) - {"anchor"}:
                for link in one[name]:
                    if link["href"].startswith(base):
                        own.anyone.get(link["href"][len(base):]).expect(200)
        refused = own.anyone.get(path).expect(429)
        assert 1 <= int(refused.headers["Retry-After"]) <= 64  # in steps of 2 s
        assert refused.headers["Cache-Control"] == "no-store"
        own.anyone.get("/health").expect(200)


def test_dates_and_ids_everywhere(account):
    """Section 0: UTC with exactly three fraction digits; ids of 21 characters."""
    message = account.app.post(T + "/messages", SEND).expect(202).json
    assert re.match(r"^[A-Za-z0-9_-]{21}$", message["id"])
    assert all(DATE.match(value) for value in message["states"].values())
    device = account.app.get(T + "/devices").json[0]
    assert re.match(r"^[A-Za-z0-9_-]{21}$", device["id"])
    assert all(DATE.match(device[name]) for name in ("createdAt", "updatedAt", "lastSeen"))


def test_request_id_is_echoed_or_made(gateway):
    answer = gateway.anyone.get("/health", headers={"X-Request-Id": "abc-123"})
    assert answer.headers["X-Request-Id"] == "abc-123"
    for bad in ("", "x" * 65, "a b", "a\"b"):
        made = gateway.anyone.get("/health", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert made != bad and re.match(r"^[A-Za-z0-9._-]{1,64}$", made)
