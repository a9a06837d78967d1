"""Bad input at every route: its documented status, an error that names the field, and no effect."""

import json
import time

import pytest

from support import routes
from support.client import basic, bearer
from support.gateway import ALL_SCOPES, M, T
from support.http1 import RawConnection, exchange
from support.otp import V
from support.routes import NUMBER, ROUTES, SMSGATE, check_problem, name_of

FLAGS = ["--login.failures_max", "1000", "--http.header_timeout", "1s",
         "--http.body_timeout", "1s"]
# An unknown id is as good as removed.
QUIET = ("DELETE /3rdparty/v1/devices/{id}", "DELETE /3rdparty/v1/auth/token/{id}",
         "DELETE /3rdparty/v1/webhooks/{id}")
WITH_BODY = [one for one in ROUTES if one.limit]


class World:
    """An account with a listening phone that must never hear of a bad request."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.account = gateway.account()
        self.other = gateway.account()
        self.phone = self.account.add_phone()
        self.stream = self.phone.listen()
        self.credentials = {
            routes.APP: basic(self.account.login, self.account.password),
            routes.BASIC: basic(self.account.login, self.account.password),
            routes.DEVICE: bearer(self.phone.token),
            routes.JOINING: bearer(self.account.join_token),
            routes.OPERATOR: bearer(gateway.operator_token),
            routes.SECRET: bearer("not looked at"),
        }
        self.clients = {who: gateway.client(text) for who, text in self.credentials.items()}
        self.ids = {"account": self.account.id, "key": "A" * 21, "device": "A" * 21,
                    "message": "A" * 21, "verification": "A" * 30, "token": "A" * 21,
                    "webhook": "A" * 21, "stop": "A" * 21, "received": "A" * 21, "batch": "A" * 21,
                    "hook": self.phone.id, None: ""}
        self.ids.update({kind: "bad-input?account=" + self.account.id for kind in routes.NAMED})

    def account_names(self):
        accounts = self.gateway.admin.get("/admin/v1/accounts").json["accounts"]
        return {account["name"] for account in accounts}

    def url(self, one):
        key = self.phone.inbox_path().rsplit("/", 1)[1]
        return one.path.replace("{id}", self.ids[one.kind]).replace("{key}", key)

    def ask(self, one, body, headers=None):
        return self.clients[one.who].request(one.method, self.url(one), body, headers)

    def check_untouched(self):
        assert self.account.messages() == []
        assert self.phone.pull() == []
        assert self.stream.events("MessageEnqueued") == []
        assert not self.stream.is_closed
        admin = self.gateway.admin
        devices = admin.get("/admin/v1/devices?account=" + self.account.id).json["devices"]
        assert [(d["id"], d["name"]) for d in devices] == [(self.phone.id, "test/phone")]
        shown = admin.get("/admin/v1/accounts/" + self.account.id).json
        assert (shown["brand"], shown["custom_code"], shown["disabled"]) == (None, False, False)
        assert admin.get("/admin/v1/accounts/%s/keys" % self.account.id).json["keys"] == []
        assert "bad-input" not in self.account_names()
        self.gateway.check_healthy()


@pytest.fixture(scope="module")
def world(gateway):
    made = World(gateway)
    yield made
    made.check_untouched()
    made.stream.close()


@pytest.fixture(autouse=True)
def nothing_happens(request):
    """After each test here the world is as it was."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").check_untouched()


# ---- what is wrong with any body ----

def nested(depth):
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


NOT_JSON = [b"", b" ", b"{", b"}", b"{]", b"nul", b"{'a':1}", b'{"a":1,}', b'{"a" 1}', b'{"a":01}',
            b'{"a":+1}', b'{"a":1e}', b'{"a":NaN}', b'{"a":Infinity}',
            b'{"a":"\n"}', b'{"a":"\\x"}',
            b'{"a":"\\ud800"}', b'{"a":"\\u12"}', b"{}{}", b"{} x", b"\xef\xbb\xbf{}", b'{"a":"x',
            b"/*c*/{}", b"a=b&c=d", b"<a/>", b"\x00", b'{"a":1}\x00']
NOT_UTF8 = [b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}',
            b'{"\xff":1}', b'{"a":"\xf5\x80\x80\x80"}']
DUPLICATES = [b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b'{"a":1,"\\u0061":1}']
TOO_DEEP = [nested(17), nested(300), b"[" * 17 + b"]" * 17, b"[" * 2000]
BIG_NUMBERS = [b'{"a":' + b"9" * 400 + b"}", b'{"a":1e400}']
NUL_IN_TEXT = [b'{"a":"\\u0000"}', b'{"\\u0000":1}']
WRONG_TOP = [b"null", b"true", b"1", b'"text"']


@pytest.mark.parametrize("one", WITH_BODY, ids=name_of)
def test_broken_bodies(world, one):
    optional = b"" if one.body == {} else None  # no body at all is fine there
    for body in (NOT_JSON + NOT_UTF8 + DUPLICATES + TOO_DEEP + BIG_NUMBERS + NUL_IN_TEXT +
                 WRONG_TOP):
        if body == optional:
            continue
        answer = world.ask(one, body)
        assert answer.status == 400, (body[:60], answer)
        check_problem(one.family, answer)
        if one.family == routes.OWN:
            assert answer.json["error"] == "invalid_request"


@pytest.mark.parametrize("one", WITH_BODY, ids=name_of)
def test_wrong_content_types(world, one):
    expected = 400 if one.family == SMSGATE else 415
    body = json.dumps(one.body or {"a": 1}).encode()
    for content_type in (None, "", "text/plain", "application/x-www-form-urlencoded",
                         "multipart/form-data; boundary=x", "application/xml", "json5",
                         "application/json-seq", "text/html; charset=json"):
        answer = world.ask(one, body, {"Content-Type": content_type})
        assert answer.status == expected, (content_type, answer)
        check_problem(one.family, answer)


@pytest.mark.parametrize("one", WITH_BODY, ids=name_of)
def test_bodies_over_the_limit(world, one):
    """413 by the announcement alone, and by the size of chunks; the limit itself is read."""
    head = "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n" \
           "Content-Type: application/json\r\n" % (
               one.method, world.url(one), world.credentials[one.who])
    for rest in ("Content-Length: %d\r\n\r\n" % (one.limit + 1),
                 "Content-Length: 99999999999999999\r\n\r\n",
                 "Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (one.limit + 1),
                 "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n%x\r\n" % one.limit):
        answer, has_ended = exchange(world.gateway, (head + rest).encode())
        assert answer.status == 413 and has_ended, (rest, answer)
        body = json.loads(answer.body)
        assert body.get("message"), body
        assert one.family == SMSGATE or body["error"] == "too_large"
        assert one.family == SMSGATE or body["request_id"] == answer.headers["x-request-id"]
    answer = world.ask(one, b" " * (one.limit - 1) + b"x")
    assert answer.status == 400


def test_bodies_that_nobody_asked_for(world):
    """Rows without a body refuse one before it is read."""
    for one in ROUTES:
        if one.limit == 0 and one.who in world.clients:
            answer = world.ask(one, b'{"a":1}')
            assert answer.status == 413, (name_of(one), answer)
            world.clients[one.who].close()


# ---- members ----

def with_members(base, **changes):
    body = json.loads(json.dumps(base))
    for name, value in changes.items():
        if value is REMOVED:
            body.pop(name, None)
        else:
            body[name] = value
    return body


REMOVED = object()
LONG = "x" * 70000
WRONG_TYPES = {"string": [1, True, [], {}, 1.5], "int": ["1", True, [], {}, 1.5, None],
               "bool": ["true", 0, 1, [], {}], "list": ["x", 1, True, {}], "object": ["x", 1, []],
               "time": [1, True, "", "now", "2026-01-02", "2026-01-02T03:04:05",
                        "2026-13-01T00:00:00Z",
                        "2026-02-30T00:00:00Z", 1767268800]}


def many(name, values, status=400, field=None):
    return [({name: value}, status, field or name) for value in values]


SEND_CASES = (
    many("phoneNumbers", [REMOVED, None, [], *WRONG_TYPES["list"]])
    + many("phoneNumbers", [[1], [None], [[]], [True]])
    + many("phoneNumbers", [["+4915%08d" % n for n in range(101)],
                            ["+4915%08d" % n for n in range(10000)],
                            [NUMBER, NUMBER], [NUMBER, " " + NUMBER[:3] + " " + NUMBER[3:]]])
    + many("phoneNumbers", [[""], ["+" + "1" * 128], ["12345"], ["+49151abc"], ["++4915112345678"],
                            ["+4915112345678;ext=5"], ["+1"], ["+1234567890123456"],
                            ["+49151\u202e12345678"], ["+999151234567"], ["p:" + NUMBER],
                            ["017212345678"], ["+49 151 1234567x"]], field="phoneNumbers[0]")
    + many("phoneNumbers", [[NUMBER, "12345"]], field="phoneNumbers[1]")
    + many("textMessage", [REMOVED, None, *WRONG_TYPES["object"], True])
    + [({"textMessage": value}, 400, "textMessage.text") for value in
       ({}, {"text": ""}, {"text": None}, {"text": 1}, {"text": ["x"]}, {"text": LONG})]
    + [({"message": "a second one"}, 400, "textMessage"),
       ({"textMessage": REMOVED, "message": ""}, 400, "textMessage"),
       ({"textMessage": REMOVED, "message": LONG}, 400, "message"),
       ({"textMessage": REMOVED, "message": 5}, 400, "message"),
       ({"dataMessage": {"data": "AAAA", "port": 53739}}, 400, "textMessage"),
       ({"textMessage": REMOVED, "dataMessage": "AAAA"}, 400, "dataMessage")]
    + [({"textMessage": REMOVED, "dataMessage": value}, 400, "dataMessage." + name)
       for value, name in (({}, "data"), ({"data": "AAAA"}, "port"), ({"port": 1}, "data"),
                           ({"data": "AAA", "port": 1}, "data"),
                           ({"data": "AAAA", "port": 0}, "port"),
                           ({"data": "AAAA", "port": 65536}, "port"))]
    + many("id", [*WRONG_TYPES["string"], "x" * 37, "a|b", "a\nb", "a\u0001"])
    + many("deviceId", [*WRONG_TYPES["string"], "x" * 22, "A" * 21, "nobody's"])
    + many("simNumber", ["1", 0, -1, 4, 256, 2 ** 64, 1.5, True, []])
    + many("priority", ["5", -129, 128, 1.5, 2 ** 63, 10 ** 30, True, {}])
    + many("ttl", [-1, 0, 4, "60", 1.5, 2 ** 31 * 1000, 2 ** 63, 2 ** 64, True, []])
    + many("validUntil", WRONG_TYPES["time"])
    + many("scheduleAt", ["2000-01-01T00:00:00Z", "2099-01-01T00:00:00", 5])
    + [({"ttl": 60, "validUntil": "2099-01-01T00:00:00Z"}, 400, "ttl")]
    + many("withDeliveryReport", WRONG_TYPES["bool"])
    + many("isEncrypted", WRONG_TYPES["bool"])
    + [({"isEncrypted": True, "phoneNumbers": ["x" * 513]}, 400, "phoneNumbers[0]"),
       ({"isEncrypted": True, "phoneNumbers": [""]}, 400, "phoneNumbers[0]")])

START_CASES = (
    many("to", [REMOVED, None, *WRONG_TYPES["string"]])
    + many("to", ["", "+", "+123456", "+1234567890123456", "++4915112345678", "+49151abc12345",
                  "+4915112345678;ext=5", "+4915112345678\u0000"[:-1] + "x", "+49151\u202e1234567",
                  "+49151\u200f1234567", "4915112345678", "12345", "+999151234567", LONG[:9000],
                  "tel:+4915112345678", "+49 151 12345678 ext. 5", "＋4915112345678"], 422)
    + many("purpose", [REMOVED, None, *WRONG_TYPES["string"]])
    + many("purpose", ["", "x" * 65, "Login", "log in", "login\n", "lögin", "a/b", "a'b"], 422)
    + many("app_hash", WRONG_TYPES["string"])
    + many("app_hash", ["", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA-9qCX9VSu", "FA_9qCX9VSu",
                        "FA+9qCX9VS=", "FA+9qCX9", "FA+9 CX9VSu"], 422)
    + many("locale", WRONG_TYPES["string"])
    + many("locale", ["", "e", "en_US", "en-", "-en", "x" * 36, "en US", "../en"], 422)
    + many("code_length", ["6", 6.5, True, [], 10 ** 30])
    + many("code_length", [-1, 0, 3, 4, 5, 11, 2 ** 31, 2 ** 62], 422)
    + many("ttl", ["300", 1.5, True, {}, 2 ** 64])
    + many("ttl", [-1, 0, 59, 601, 2 ** 31, 2 ** 62], 422)
    + many("code", WRONG_TYPES["string"])
    + many("code", ["482913", "", "x" * 11], 422)
    + many("brand", WRONG_TYPES["string"])
    + many("brand", ["", "x" * 41, "a@b", "a#b", "http://x", "a\nb", "a\u202eb", "a\u200bb"], 422)
    + many("unknown", [1, None, {"a": 1}])
    + many("To", [NUMBER]))

CHECK_CASES = (
    many("code", [REMOVED, None, *WRONG_TYPES["string"]])
    + many("purpose", [REMOVED, None, *WRONG_TYPES["string"]])
    + many("purpose", ["", "X", "x" * 65], 422)
    + many("code", ["", "12345", "12345678901", "abcdef", "12 34x6", "1" * 9000, "12345\u0660x"],
           422)
    + many("to", [NUMBER]))

REGISTER_CASES = (
    many("name", [*WRONG_TYPES["string"], "x" * 129, "a\nb", "a\u202eb"])
    + many("pushToken", [*WRONG_TYPES["string"], "x" * 257])
    + many("simCards", WRONG_TYPES["list"])
    + [({"simCards": [sim]}, 400, "simCards[0]" + more) for sim, more in (
        (1, ""), ("x", ""), ({}, ".slotIndex"), ({"slotIndex": 0}, ".simNumber"),
        ({"slotIndex": -1, "simNumber": 1}, ".slotIndex"),
        ({"slotIndex": 0, "simNumber": 0}, ".simNumber"),
        ({"slotIndex": "0", "simNumber": 1}, ".slotIndex"),
        ({"slotIndex": 0, "simNumber": 1, "iccid": 5}, ".iccid"),
        ({"slotIndex": 0, "simNumber": 1, "carrierName": "x" * 200}, ".carrierName"),
        ({"slotIndex": 0, "simNumber": 1, "phoneNumber": "a\nb"}, ".phoneNumber"))]
    + [({"simCards": [{"slotIndex": 0, "simNumber": 1}] * 2}, 400, "simCards[1]"),
       ({"simCards": [{"slotIndex": n, "simNumber": n + 1} for n in range(20)]}, 400,
        "simCards")])

REPORT_CASES = [
    ({}, 400, ""), ([1], 400, "[0]"), ([[]], 400, "[0]"), ([{}], 400, "[0].id"),
    ([{"id": "x", "state": "Sent"}], 400, "[0].recipients"),
    ([{"id": "x", "state": "Sent", "recipients": []}], 400, "[0].recipients"),
    ([{"id": "x", "state": "Sent", "recipients": {}}], 400, "[0].recipients"),
    ([{"id": "x", "state": "Sent", "recipients": [1]}], 400, "[0].recipients[0]"),
    ([{"id": "x", "state": "Sent", "recipients": [{}]}], 400, "[0].recipients[0].phoneNumber"),
    ([{"id": "x", "state": 1, "recipients": [{}]}], 400, "[0].state"),
    ([{"id": 5, "state": "Sent", "recipients": [{}]}], 400, "[0].id"),
    ([{"id": "x" * 37, "state": "Sent", "recipients": [{}]}], 400, "[0].id"),
    ([{"id": "x", "state": "Sent", "states": [],
       "recipients": [{"phoneNumber": "1", "state": "Sent"}]}], 400, "[0].states"),
    ([{"id": "x", "state": "Sent",
       "recipients": [{"phoneNumber": 1, "state": "Sent"}]}], 400, "[0].recipients[0].phoneNumber"),
    ([{"id": "x", "state": "Sent", "recipients": [{"phoneNumber": "1"}]}], 400,
     "[0].recipients[0].state"),
    ([{"id": "x", "state": "Sent",
       "recipients": [{"phoneNumber": "1", "state": "Sent", "error": 1}]}], 400,
     "[0].recipients[0].error"),
    ([{"id": "x", "state": "Sent",
       "recipients": [{"phoneNumber": "1", "state": "Sent"}] * 1001}], 400, "[0].recipients"),
    ([{"id": "x", "state": "Sent", "recipients": [{"phoneNumber": "1", "state": "Sent"}]}] * 1001,
     400, ""),
]

PASSWORD_CASES = (
    many("currentPassword", [REMOVED, None, "", *WRONG_TYPES["string"], "x" * 1025])
    + many("newPassword", [REMOVED, None, "", "x" * 13, *WRONG_TYPES["string"], "x" * 1025]))

ACCOUNT_CASES = (
    many("name", [REMOVED, None, "", "x" * 65, *WRONG_TYPES["string"]])
    + many("name", ["Has Space", "UPPER", "-x", "a/b", "ä", "a\nb"], 422)
    + many("brand", [*WRONG_TYPES["string"], "x" * 65])
    + many("brand", ["a\nb", "a@b", "a\u202eb"], 422)
    + many("custom_code", WRONG_TYPES["bool"])
    + many("password", ["chosen"]) + many("id", ["x"]) + many("disabled", [True]))

CHANGE_CASES = (
    many("brand", [*WRONG_TYPES["string"], "x" * 65])
    + many("custom_code", WRONG_TYPES["bool"]) + many("disabled", WRONG_TYPES["bool"])
    + many("name", ["renamed"]) + many("login", ["ABCDEF"]))

KEY_CASES = (
    many("scopes", [REMOVED, None, [], *WRONG_TYPES["list"], [1], ["otp:start"] * 25])
    + many("scopes", [["otp:everything"], ["OTP:START"], [""], ["otp:start otp:check"]])
    + many("label", [*WRONG_TYPES["string"], "x" * 65])
    + many("expires_at", WRONG_TYPES["time"])
    + many("expires_at", ["2001-01-01T00:00:00Z"], 422)
    + many("key", ["og_chosen"]))

PAIRING_CASES = many("rotate", WRONG_TYPES["bool"]) + many("token", ["chosen"])


def body_for(base, change):
    return with_members(base, **change) if isinstance(change, dict) and isinstance(base, dict) \
        else change


def cases():
    by_name = {name_of(one): one for one in ROUTES}
    table = [
        ("POST /3rdparty/v1/messages", SEND_CASES), ("POST /otp/v1/verifications", START_CASES),
        ("POST /mobile/v1/device", REGISTER_CASES), ("PATCH /mobile/v1/message", REPORT_CASES),
        ("PATCH /mobile/v1/user/password", PASSWORD_CASES),
        ("POST /admin/v1/accounts", ACCOUNT_CASES), ("PATCH /admin/v1/accounts/{id}", CHANGE_CASES),
        ("POST /admin/v1/accounts/{id}/keys", KEY_CASES),
        ("POST /admin/v1/accounts/{id}/pairing", PAIRING_CASES)]
    return [(by_name[name], some) for name, some in table]


def ask_all(world, one, some):
    for change, status, field in some:
        body = body_for(one.body, change)
        answer = world.ask(one, body)
        shown = json.dumps(body)[:200]
        assert answer.status == status, (shown, answer)
        check_problem(one.family, answer)
        if one.family == SMSGATE:
            assert field in answer.json["message"] or \
                answer.json["message"].startswith("failed to select device"), (shown, answer)
        else:
            assert answer.json.get("field", "") == field, (shown, answer)
        assert NUMBER not in answer.body.decode()


@pytest.mark.parametrize("one,some", cases(), ids=lambda value: name_of(value)
                         if hasattr(value, "path") else "")
def test_members(world, one, some):
    ask_all(world, one, some)


def test_members_of_a_phones_change(world):
    one = next(r for r in ROUTES if name_of(r) == "PATCH /mobile/v1/device")
    one = one._replace(body={"id": world.phone.id})
    ask_all(world, one, REGISTER_CASES + many("id", [REMOVED, None, *WRONG_TYPES["string"],
                                                     "x" * 65]))
    for other in ("", "A" * 21, world.account.id):
        answer = world.ask(one, {"id": other, "name": "renamed"})
        assert answer.status == (403 if other else 400), answer


def test_members_of_a_check(gateway):
    """Nothing of it costs an attempt (requirement 15)."""
    account = gateway.account()
    account.add_phone()
    made = account.app.post(V, {"to": gateway.fresh_number(), "purpose": "login"}).expect(201).json
    url = V + "/" + made["id"] + "/check"
    for change, status, field in CHECK_CASES:
        body = with_members({"code": "000000", "purpose": "login"}, **change)
        answer = account.app.post(url, body)
        assert answer.status == status, (body, answer)
        check_problem(routes.OWN, answer, field)
    for body in NOT_JSON + NOT_UTF8 + DUPLICATES + TOO_DEEP:
        assert account.app.post(url, body).status == 400
    for body in (b'{"a":1}', b"[]", b"{"):
        account.app.post(V + "/" + made["id"] + "/resend", body).expect(400)
    account.app.post(url, b"{}", headers={"Content-Type": "text/plain"}).expect(415)
    shown = account.app.get(V + "/" + made["id"]).json
    assert [event["event"] for event in shown["timeline"]] == ["accepted"]
    assert shown["status"] == "pending"
    account.app.delete(V + "/" + made["id"]).expect(200)


def test_idempotency_keys_that_are_none(world):
    one = next(r for r in ROUTES if name_of(r) == "POST /otp/v1/verifications")
    for key in ("", "x" * 256, "with space", "x\ty"):
        answer = world.ask(one, routes.START, {"Idempotency-Key": key}).expect(400)
        check_problem(routes.OWN, answer, "Idempotency-Key")


# ---- queries ----

QUERIES = [
    ("limit", ["0", "101", "-1", "a", "", "1.5", "1e1", "99999999999999999999", "%31%00"]),
    ("offset", ["-1", "a", "", "4294967296", "9" * 30]),
    ("state", ["Bogus", "", "pending", "Pending,Sent", "%FF"]),
    ("deviceId", ["x", "x" * 24, ""]),
    ("from", ["invalid", "", "2026-01-02", "2026-01-02T03:04:05", "1767268800"]),
    ("to", ["invalid", "2026-13-02T03:04:05Z"]),
    ("includeContent", ["maybe", "", "2", "yes"]),
    ("sort", ["x", "", "created_at,id", "id;drop table messages"]),
]


def test_bad_queries_of_the_list(world):
    for name, values in QUERIES:
        for value in values:
            text = value.replace(" ", "%20")
            answer = world.account.app.get(T + "/messages?%s=%s" % (name, text))
            assert answer.status == 400, (name, value, answer)
            assert "%" in value or name in answer.json["message"], (name, value, answer)


def test_bad_queries_of_a_send(world):
    for query in ("skipPhoneValidation=maybe", "skipPhoneValidation=", "skipPhoneValidation=2",
                  "deviceActiveWithin=-1", "deviceActiveWithin=abc", "deviceActiveWithin=1.5",
                  "deviceActiveWithin=99999999999"):
        answer = world.account.app.post(T + "/messages?" + query, routes.SEND).expect(400)
        assert query.split("=")[0] in answer.json["message"]
    for order in ("LIFO", "", "random", "fifo%00"):
        answer = world.phone.client.get(M + "/message?order=" + order)
        assert answer.status == 400, (order, answer)


# ---- ids ----

STRANGE_IDS = ["x", "A" * 20, "A" * 22, "A" * 1000, "..", "%2e%2e", "%27%20or%201=1", "%22", "%7C",
               "%C3%A9", "a;b", "*", "null", "0", "-1", "%20", "a+b", "%25", "%252e",
               "%2F", "a%2Fb", "..%2F.."]
NOT_IDS = ["%00", "a%00b", "%0a", "%ff", "%", "%zz"]


def without_request_id(answer):
    return {name: value for name, value in answer.json.items() if name != "request_id"}


@pytest.mark.parametrize("one", [r for r in ROUTES if r.kind and r.kind not in routes.NAMED],
                         ids=name_of)
def test_unknown_ids(world, one):
    """All answer alike; those of phones and keys too (a removal answers 204 on purpose)."""
    is_quiet = name_of(one) in QUIET
    first = None
    client = world.clients[one.who]
    for text in ["A" * 21, "A" * 30] + STRANGE_IDS:
        answer = client.request(one.method, one.path.replace("{id}", text), one.body)
        assert answer.status == (204 if is_quiet else 404), (text, answer)
        if not is_quiet:
            check_problem(one.family, answer)
            first = first or without_request_id(answer)
            assert without_request_id(answer) == first
    for text in NOT_IDS:
        answer, _ = exchange(world.gateway, (
            "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n\r\n" % (
                one.method, one.path.replace("{id}", text),
                world.credentials[one.who])).encode())
        assert answer.status == 400, (text, answer)


def test_objects_of_another_account(world):
    """Requirement 37 and checks 27, 34: another account's objects are as if they did not exist."""
    gateway, owner = world.gateway, world.other
    phone = owner.add_phone()
    message = owner.app.post(T + "/messages", {"phoneNumbers": [gateway.fresh_number()],
                                               "message": "x"}).expect(202).json
    made = owner.app.post(V, {"to": gateway.fresh_number(), "purpose": "login"}).expect(201).json
    key = owner.make_key()
    token = owner.app.post(T + "/auth/token", {"scopes": ["messages:list"]}).expect(201).json
    own = {"message": message["id"], "device": phone.id, "verification": made["id"],
           "account": owner.id, "key": key["id"], "token": token["id"], "webhook": "hook",
           "received": phone.tell_received("a secret"), "hook": phone.id,
           "batch": owner.app.post("/bulk/v1/batches", {"text": "x"}).expect(201).json["id"],
           "stop": gateway.admin.post("/admin/v1/abuse/stops", {
               "country": "ZZ", "account": owner.id}).expect(201).json["id"]}
    owner.app.post(T + "/webhooks", dict(routes.HOOK, id="hook")).expect(201)
    rival = gateway.account()
    rival_phone = rival.add_phone()
    stranger = rival.with_key(*ALL_SCOPES, "tokens:manage", "inbox:read")  # with the scope admin, too
    for one in ROUTES:
        if not one.kind or one.kind in routes.NAMED:
            continue
        body = routes.CHECK if one.path.endswith("/check") else one.body
        answer = stranger.request(one.method, one.path.replace("{id}", own[one.kind]), body)
        unknown = stranger.request(one.method, one.path.replace("{id}", "A" * len(own[one.kind])),
                                   body)
        assert answer.status == unknown.status == (
            204 if name_of(one) in QUIET else 404), name_of(one)
        if answer.status == 404:
            assert without_request_id(answer) == without_request_id(unknown)
    assert owner.message(message["id"])["state"] == "Pending"
    assert owner.app.get(V + "/" + made["id"]).json["status"] == "pending"
    assert phone.client.get(M + "/settings").status == 200
    assert len(owner.app.get(T + "/webhooks").json) == 1
    gateway.client(bearer(key["key"])).get(T + "/messages").expect(200)
    # nor does a foreign phone count, or fetch, or report
    refused = rival.app.post(T + "/messages", dict(routes.SEND, deviceId=phone.id))
    assert "record not found" in refused.expect(400).json["message"]
    assert rival_phone.pull() == []
    assert message["id"] in [m["id"] for m in phone.pull()]
    rival_phone.report_raw([{"id": message["id"], "state": "Failed", "recipients": [
        {"phoneNumber": message["recipients"][0]["phoneNumber"], "state": "Failed"}]}]).expect(204)
    assert owner.message(message["id"])["state"] == "Pending"
    assert [a["id"] for a in stranger.get("/admin/v1/accounts").json["accounts"]] == [rival.id]
    assert stranger.get("/admin/v1/devices").json["devices"][0]["id"] == rival_phone.id
    assert rival.messages() == []


# ---- the connection ----

def head_of(one, world, more=""):
    return "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n" \
           "Content-Type: application/json\r\n%s" % (
               one.method, world.url(one), world.credentials[one.who], more)


@pytest.mark.parametrize("one", WITH_BODY, ids=name_of)
def test_half_requests(world, one):
    """A body shorter than announced: never applied, whether the peer goes or only stays silent."""
    body = json.dumps(one.body).replace("{device}", world.phone.id).encode()
    body = body.replace(b'"B"', b'"half"')
    whole = head_of(one, world, "Content-Length: %d\r\n\r\n" % (len(body) + 10)).encode() + body
    with RawConnection(world.gateway) as connection:
        connection.send(whole)
    with RawConnection(world.gateway) as connection:
        connection.send(whole[:len(whole) // 2])
    chunked = head_of(one, world, "Transfer-Encoding: chunked\r\n\r\n").encode()
    with RawConnection(world.gateway) as connection:
        connection.send(chunked + b"%x\r\n%s\r\n" % (len(body), body))  # the last chunk is missing


def test_slow_requests(world):
    """Heads and bodies have their time; then 408 and the end, and nothing is applied."""
    body = json.dumps(routes.SEND).encode()
    send = next(one for one in ROUTES if one.path == "/3rdparty/v1/messages" and one.limit)
    head = head_of(send, world, "Content-Length: %d\r\n\r\n" % len(body)).encode()
    begun = time.monotonic()
    connections = [(RawConnection(world.gateway), data) for data in (
        head[:20], head[:-2], head + body[:-1], head + body[:5])]
    for connection, data in connections:
        connection.send(data)
    for connection, _ in connections:
        answer = connection.read()
        assert answer is not None and answer.status == 408, answer
        assert connection.ends()
        connection.close()
    assert time.monotonic() - begun < 10


def test_drip_of_single_bytes(world):
    """A head that comes byte by byte does not live longer for it."""
    with RawConnection(world.gateway) as connection:
        begun = time.monotonic()
        connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        while time.monotonic() - begun < 10 and connection.send(b"X-A: b\r\n"):
            time.sleep(0.2)
            connection.socket.settimeout(0.01)
            try:
                if not connection._more():
                    break
            except OSError:
                continue
            break
        assert time.monotonic() - begun < 5
        assert connection.received.startswith(b"HTTP/1.1 408") or connection.received == b""


def test_headers_without_end(world):
    """1 MiB of headers is 431; so are too many of them, and a huge target."""
    for data in (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * (1 << 20),
                 b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
                 b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        answer, has_ended = exchange(world.gateway, data)
        assert answer.status == 431 and has_ended, answer
        assert json.loads(answer.body)["message"]
