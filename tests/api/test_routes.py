"""Every route: which methods it has, and every kind of caller at its door."""

import re
import time
from pathlib import Path

import pytest

from support import jwt, routes
from support.client import Client, basic, bearer
from support.gateway import T
from support.phone import Stream
from support.routes import ROUTES, check_problem, name_of

# wrong credentials are the subject here; their limit has tests of its own
FLAGS = ["--login.failures_max", "1000"]

SOURCES = Path(__file__).parents[2] / "src" / "api"
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
UNKNOWN_ID = {"message": "A" * 21, "device": "A" * 21, "account": "A" * 21, "key": "A" * 21,
              "verification": "A" * 30, "token": "A" * 21, "webhook": "A" * 21,
              "app": "a", "template": "a", "stop": "A" * 21, "received": "A" * 21, "batch": "A" * 21,
              "hook": "A" * 21}


# ---- the list itself ----

def test_no_route_of_the_program_is_missing_here():
    """A path in the sources that this list lacks would be a route without a test."""
    known = set(routes.paths())
    for source in SOURCES.glob("*.c"):
        text = source.read_text(encoding="utf-8")
        found = re.findall(r'"(/(?:3rdparty|mobile|otp|bulk)/v1[^"%]*)"', text)
        found += ["/admin/v1" + path for path in re.findall(r'ADMIN\(OG_\w+, "([^"]+)"', text)]
        for path in found:
            assert path in known or path in ("/3rdparty/v1", "/otp/v1"), (source.name, path)


@pytest.mark.parametrize("path", sorted(routes.paths()))
def test_methods_of_a_path(gateway, path):
    """405 with Allow for what is not there; what is there asks for a credential or answers."""
    has = routes.paths()[path]
    allowed = has | ({"HEAD"} if "GET" in has else set())
    url = path.replace("{id}", "A" * 21)
    client = gateway.anyone
    for method in ALL_METHODS:
        answer = client.request(method, url, body=b"{}" if method == "POST" else None)
        if method in allowed:
            assert answer.status != 405, (method, path)
            continue
        answer.expect(405)
        assert set(answer.headers["Allow"].split(", ")) == allowed
        if method != "HEAD":
            check_problem(routes.family_of(path), answer)


def test_unknown_paths(gateway, account):
    for path in ("/", "/nothing", "/api", "/otp/v1", "/otp/v2/verifications", "/admin/v1",
                 "/mobile/v1/nothing", "/api/api/3rdparty/v1/messages", "/health/none",
                 "/otp/v1/verifications/" + "A" * 30 + "/check/more", "/%2e%2e/etc/passwd",
                 "//otp/v1/verifications"):
        gateway.anyone.get(path).expect(404)
    for path in ("/api/3rdparty/v1/nothing", "/3rdparty/v1/nothing"):
        check_problem(routes.SMSGATE, gateway.anyone.get(path).expect(401))
        check_problem(routes.SMSGATE, account.app.get(path).expect(404))


# ---- every kind of caller at every route ----

class Callers:
    """One account with every kind of credential, one that is switched off."""

    def __init__(self, gateway):
        self.account = gateway.account()
        self.phone = self.account.add_phone()
        removed = self.account.add_phone()
        gateway.admin.delete("/admin/v1/devices/" + removed.id).expect(204)
        off = gateway.account()
        off_phone = off.add_phone()
        off_key = off.make_key()["key"]
        off_token = off.app.post(T + "/auth/token", {"scopes": ["all:any"]}).json["access_token"]
        gateway.admin.patch("/admin/v1/accounts/" + off.id, {"disabled": True}).expect(200)
        revoked = self.account.make_key()
        gateway.admin.delete("/admin/v1/keys/" + revoked["id"]).expect(204)
        self.right = {
            "basic": basic(self.account.login, self.account.password),
            "device": bearer(self.phone.token),
            "join": bearer(self.account.join_token),
            "operator": bearer(gateway.operator_token),
            "key": bearer(self.account.make_key(key_scopes())["key"]),
            # wrong key words of the same shape for every route: all scopes but the one asked for
            "keys without": {scope: bearer(self.account.make_key(keys_without(scope))["key"])
                             for scope in routes_scopes()},
            "token": self.token("all:any"),
            "tokens without": {scope: self.token(
                *[other for other in token_scopes() if other != scope])
                for scope in routes_scopes()},
            "tokens with": {scope: self.token(scope) for scope in token_scopes()},
        }
        self.wrong = {
            "anonymous": None,
            "wrong password": basic(self.account.login, "wrong"),
            "unknown login": basic("NOBODY", self.account.password),
            "no colon": "Basic " + "bm9jb2xvbg==",
            "bad base64": "Basic !!!!",
            "empty basic": "Basic ",
            "empty bearer": "Bearer ",
            "another scheme": "Digest username=\"x\"",
            "key as password": basic(self.account.login, self.right["key"].split()[1]),
            "wrong key": bearer("og_" + "A" * 43),
            "revoked key": bearer(revoked["key"]),
            "huge token": bearer("A" * 4000),
            "disabled password": basic(off.login, off.password),
            "disabled key": bearer(off_key),
            "removed device": bearer(removed.token),
            "disabled join": bearer(off.join_token),
            "disabled token": bearer(off_token),
            **{name: bearer(token) for name, token in self.wrong_tokens(gateway)},
        }
        self.off_device = bearer(off_phone.token)

    def wrong_tokens(self, gateway):
        """Of each way in which a token can be wrong, one; test_tokens.py has them all."""
        token = self.right["token"].split()[1]
        header, claims = jwt.parts(token)
        head, body, mac = token.split(".")
        key = jwt.key_of(gateway, header["kid"])
        revoked = self.token("all:any").split()[1]
        self.account.app.delete(T + "/auth/token/" + jwt.parts(revoked)[1]["jti"]).expect(204)
        yield "revoked token", revoked
        yield "expired token", jwt.forge(gateway, token, claims={"exp": int(time.time()) - 1})
        yield "future token", jwt.forge(gateway, token, claims={"iat": int(time.time()) + 3600})
        yield "token of another key", jwt.sign(header, claims, b"k" * 32)
        yield "token with a wrong kid", jwt.forge(gateway, token, kid=jwt.kid_now(2))
        yield "token without algorithm", jwt.sign(dict(header, alg="none"), claims, None)
        yield "token of another algorithm", jwt.sign(dict(header, alg="RS256"), claims, key)
        yield "tampered token", ".".join((head, ("f" if body[0] == "e" else "e") + body[1:], mac))

    def token(self, *scopes):
        answer = self.account.app.post(T + "/auth/token", {"scopes": scopes})
        return bearer(answer.expect(201).json["access_token"])


def routes_scopes():
    return sorted({one.scope for one in ROUTES if one.scope})


def key_scopes():
    return sorted(set(routes_scopes()) - {"tokens:refresh"} | set(routes.WIDE))


def keys_without(scope):
    """All that a key can have, but the scope and the wide one that includes it."""
    return [other for other in key_scopes() if scope not in (other, routes.WIDE.get(other))]


def token_scopes():
    return sorted(set(routes_scopes()) - {"tokens:refresh", "admin"} | set(routes.WIDE))


@pytest.fixture(scope="module")
def callers(gateway):
    return Callers(gateway)


def url_of(one):
    return one.path.replace("{id}", UNKNOWN_ID.get(one.kind, ""))


def ask(gateway, one, authorization):
    headers = {"Authorization": authorization}
    return gateway.anyone.request(one.method, url_of(one), one.body, headers)


def expected(one, caller):
    """What a credential that is right somewhere gets here; None: let in."""
    if one.who == routes.REFRESH and caller in ("basic", "key", "token"):
        return 403
    takes = {routes.APP: ("basic", "key", "token"), routes.REFRESH: (),
             routes.BASIC: ("basic",), routes.DEVICE: ("device",),
             routes.JOINING: ("join", "basic"), routes.OPERATOR: ("operator", "key")}
    if one.who in (routes.ANYONE, routes.MAYBE_DEVICE) or caller in takes[one.who]:
        return None
    if caller == "operator" and one.who in (routes.APP, routes.JOINING, routes.REFRESH):
        return 403
    return 401


def check_token_scopes(gateway, callers, one):
    """Each scope opens its routes and no other."""
    answer = ask(gateway, one, callers.right["tokens without"][one.scope]).expect(403)
    assert answer.json["message"] == "scope required: " + one.scope
    assert 'scope="%s"' % one.scope in answer.headers["WWW-Authenticate"]
    for scope, token in callers.right["tokens with"].items():
        if scope == one.scope:
            harmless = one._replace(body=b"x" if one.body is not None else None)
            assert ask(gateway, harmless, token).status not in (401, 403), scope
        else:
            ask(gateway, one, token).expect(403)


@pytest.mark.parametrize("one", ROUTES, ids=name_of)
def test_no_caller_gets_in_without_the_right_credential(gateway, callers, one):
    if one.who == routes.SECRET:  # no credential makes up for it
        for credential in list(callers.wrong.values()) + [callers.right["device"]]:
            ask(gateway, one, credential).expect(404)
        return
    if one.who in (routes.ANYONE, routes.MAYBE_DEVICE):
        for credential in callers.wrong.values():
            answer = ask(gateway, one, credential).expect(200)
            assert one.who == routes.ANYONE or "device" not in answer.json
        return
    for name, credential in callers.wrong.items():
        answer = ask(gateway, one, credential)
        assert answer.status == 401, (name, answer)
        if one.who == routes.JOINING and answer.type.startswith("text/plain"):
            assert answer.body in (b"missing or malformed API Key", b"Invalid or expired API Key")
            assert credential is None or not credential.startswith("Basic")
        else:
            check_problem(one.family, answer)
    for name in ("basic", "key", "token", "device", "join", "operator"):
        status = expected(one, name)
        if status:
            answer = ask(gateway, one, callers.right[name])
            assert answer.status == status, (name, answer)
    if one.scope:
        answer = ask(gateway, one, callers.right["keys without"][one.scope]).expect(403)
        assert answer.json["message"] == "scope required: " + one.scope
    if one.who in (routes.APP, routes.REFRESH):
        check_token_scopes(gateway, callers, one)
    if one.who == routes.DEVICE:
        # 401 would make it register anew; its account is only switched off
        ask(gateway, one, callers.off_device).expect(403)


@pytest.mark.parametrize("one", [r for r in ROUTES if r.who == routes.APP], ids=name_of)
def test_scheme_words_are_read_without_case(gateway, callers, one):
    for word in ("basic", "BASIC", "Basic"):
        answer = ask(gateway, one._replace(body=b"x" if one.body is not None else None),
                     callers.right["basic"].replace("Basic", word))
        assert answer.status not in (401, 403), (word, answer)
    for word in ("bearer", "BEARER"):
        answer = ask(gateway, one._replace(body=b"x" if one.body is not None else None),
                     callers.right["key"].replace("Bearer", word))
        assert answer.status not in (401, 403), (word, answer)


def test_refused_callers_did_nothing(gateway):
    """All valid requests by everybody who must not: nothing of it exists."""
    callers = Callers(gateway)
    before = len(gateway.admin.get("/admin/v1/accounts").json["accounts"])
    stream = callers.phone.listen()
    for one in ROUTES:
        if one.body is not None and one.who != routes.SECRET:
            for credential in callers.wrong.values():
                if credential is None or not credential.startswith("Basic"):
                    assert ask(gateway, one, credential).status == 401
    assert callers.account.messages() == []
    assert callers.phone.pull() == []
    assert len(gateway.admin.get("/admin/v1/accounts").json["accounts"]) == before
    devices = gateway.admin.get("/admin/v1/devices?account=" + callers.account.id).json["devices"]
    assert [device["id"] for device in devices] == [callers.phone.id]
    assert stream.events("MessageEnqueued") == []
    stream.close()
    gateway.check_healthy()


def test_head_answers_as_get_without_a_body(gateway, callers):
    for one in ROUTES:
        if one.method != "GET" or one.path.endswith("/events"):
            continue
        name = {routes.APP: "basic", routes.BASIC: "basic", routes.DEVICE: "device",
                routes.MAYBE_DEVICE: "device", routes.OPERATOR: "operator"}.get(one.who)
        client = gateway.client(callers.right.get(name))
        get, head = client.get(url_of(one)), client.request("HEAD", url_of(one))
        assert (head.status, head.body) == (get.status, b""), name_of(one)
        client.close()


def test_head_of_the_stream_opens_none(gateway, callers):
    client = gateway.client(callers.right["device"])
    for _ in range(3):
        answer = client.request("HEAD", "/mobile/v1/events").expect(200)
        assert answer.type == "text/event-stream" or answer.type == ""
    assert gateway.metric("otpgate_http_streams") == 0


def test_stream_of_nobody_ends_at_once(gateway):
    for token in ("A" * 21, "", "x"):
        stream = Stream(gateway, token)
        assert stream.status == 401


def test_req_45_every_answer_may_not_be_kept(gateway, callers):
    """Whoever asks, and whatever comes of it."""
    client = Client(gateway)
    for one in ROUTES:
        if one.path.endswith("/events"):
            continue
        for credential in (None, callers.right["basic"]):
            client.authorization = credential
            answer = client.request(one.method, url_of(one), body=b"x" if one.body else None)
            cache = "public, max-age=3600" if one.path.endswith("/api-catalog") else "no-store"
            assert answer.headers["Cache-Control"] == cache, name_of(one)
            assert answer.headers["X-Request-Id"], name_of(one)
