"""Tokens of sms-gate.app's API: wire/smsgate.md section 5, checks 51 to 59."""

import hashlib
import re
import threading
import time

import pytest

from support import jwt
from support.client import basic, bearer
from support.gateway import M, T

TOKEN = T + "/auth/token"
SCOPES = ["messages:send", "messages:list", "messages:read", "messages:cancel", "messages:export",
          "devices:list", "devices:delete", "settings:read", "settings:write", "webhooks:list",
          "webhooks:write", "webhooks:delete", "inbox:list", "inbox:read", "inbox:refresh",
          "logs:read", "tokens:manage", "all:any", "otp:start", "otp:check"]


def issue(client, *scopes, **members):
    return client.post(TOKEN, dict(members, scopes=list(scopes))).expect(201).json


def client_of(gateway, pair):
    return gateway.client(bearer(pair["access_token"]))


def seconds_left(pair):
    return jwt.parts(pair["access_token"])[1]["exp"] - time.time()


def refresh(gateway, token, body=None):
    return gateway.client(bearer(token)).post(TOKEN + "/refresh", body)


# ---- issue ----

def test_check_51_issue_with_basic(gateway, account):
    pair = issue(account.app, "messages:send")
    assert pair["token_type"] == "Bearer"
    assert re.fullmatch(r"[A-Za-z0-9_-]{21}", pair["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", pair["expires_at"])
    assert 800 < seconds_left(pair) <= 900
    for snake, camel in (("token_type", "tokenType"), ("access_token", "accessToken"),
                         ("refresh_token", "refreshToken"), ("expires_at", "expiresAt")):
        assert pair[snake] == pair[camel]
    for scopes in ([], ["nothing:known"], ["tokens:refresh"], "messages:send", [1], None):
        assert "scopes" in account.app.post(TOKEN, {"scopes": scopes}).expect(400).json["message"]
    account.app.post(TOKEN, {"scopes": SCOPES}).expect(201)
    account.app.post("/3rdparty/v1/auth/token", {"scopes": SCOPES}).expect(201)


def test_check_52_ttl_is_capped(account):
    assert 55 <= seconds_left(issue(account.app, "messages:send", ttl=60)) <= 60
    for ttl in (0, None, 999999, 10 ** 9):
        assert 895 <= seconds_left(issue(account.app, "messages:send", ttl=ttl)) <= 900
    for ttl in (-1, 1.5, "60", 10 ** 12):
        account.app.post(TOKEN, {"scopes": ["messages:send"], "ttl": ttl}).expect(400)


def test_check_53_a_token_does_what_its_scopes_say(gateway, account):
    account.add_phone()
    client = client_of(gateway, issue(account.app, "messages:send"))
    client.post(T + "/messages", {"message": "x",
                                  "phoneNumbers": [gateway.fresh_number()]}).expect(202)
    refusal = client.get(T + "/messages").expect(403)
    assert refusal.json == {"message": "scope required: messages:list"}
    assert refusal.headers["WWW-Authenticate"] == (
        'Bearer realm="otpgate", error="insufficient_scope", scope="messages:list"')
    narrow = client_of(gateway, issue(account.app, "messages:read"))
    narrow.get(T + "/messages").expect(403)
    narrow.get(T + "/messages/unknown").expect(404)
    wide = client_of(gateway, issue(account.app, "all:any"))
    wide.get(T + "/messages").expect(200)
    wide.get(T + "/devices").expect(200)
    wide.post(TOKEN, {"scopes": ["all:any"]}).expect(201)
    wide.post(TOKEN + "/refresh").expect(403)


def test_check_54_claims(gateway, account):
    pair = issue(account.app, "messages:send", "devices:list")
    header, claims = jwt.parts(pair["access_token"])
    assert header == {"alg": "HS256", "typ": "JWT", "kid": jwt.kid_now()}
    assert set(claims) == {"jti", "iss", "sub", "user_id", "iat", "exp", "scopes"}
    assert claims["jti"] == pair["id"] and claims["sub"] == claims["user_id"] == account.id
    assert claims["scopes"] == ["messages:send", "devices:list"]
    _, fresh = jwt.parts(pair["refresh_token"])
    assert set(fresh) == set(claims) | {"original_scopes"}
    assert fresh["scopes"] == ["tokens:refresh"]
    assert fresh["original_scopes"] == claims["scopes"]
    assert fresh["exp"] - fresh["iat"] == 30 * 24 * 3600
    assert jwt.forge(gateway, pair["access_token"]).split(".")[2], "our own signature"


# ---- refresh ----

def test_check_55_refresh_once(gateway, account):
    pair = issue(account.app, "messages:list", ttl=60)
    again = refresh(gateway, pair["refresh_token"]).expect(201).json
    assert again["id"] != pair["id"] and 895 <= seconds_left(again) <= 900
    assert jwt.parts(again["access_token"])[1]["scopes"] == ["messages:list"]
    client_of(gateway, again).get(T + "/messages").expect(200)
    client_of(gateway, pair).get(T + "/messages").expect(200)
    for _ in range(2):
        refresh(gateway, pair["refresh_token"]).expect(401)
    refusal = refresh(gateway, again["access_token"]).expect(403)
    assert refusal.json == {"message": "scope required: tokens:refresh"}
    assert account.app.post(TOKEN + "/refresh").expect(403)
    spare = gateway.client(bearer(again["refresh_token"]))
    for path in ("/messages", "/devices"):
        spare.get(T + path).expect(403)
    spare.post(TOKEN, {"scopes": ["messages:list"]}).expect(403)
    refresh(gateway, again["refresh_token"], {}).expect(201)


def test_check_55_of_many_at_once_one_refreshes(gateway, account):
    token = issue(account.app, "messages:list")["refresh_token"]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(refresh(gateway, token).status))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + 7 * [401]


# ---- the end of tokens ----

def test_check_56_revocation_ends_the_pair(gateway, account):
    pair, other = issue(account.app, "all:any"), issue(account.app, "all:any")
    stranger = gateway.account()
    client = client_of(gateway, pair)
    client.get(T + "/messages").expect(200)
    stranger.app.delete(TOKEN + "/" + pair["id"]).expect(204)
    client.get(T + "/messages").expect(200)
    account.app.delete(TOKEN + "/" + pair["id"]).expect(204)
    refusal = client.get(T + "/messages").expect(401)
    assert refusal.headers["WWW-Authenticate"] == 'Bearer realm="otpgate", error="invalid_token"'
    refresh(gateway, pair["refresh_token"]).expect(401)
    client_of(gateway, other).get(T + "/messages").expect(200)
    account.app.delete(TOKEN + "/" + "A" * 21).expect(204)
    client_of(gateway, other).delete(TOKEN + "/" + other["id"]).expect(204)
    client_of(gateway, other).get(T + "/messages").expect(401)


def wrong_tokens(gateway, token, stranger_token):
    header, claims = jwt.parts(token)
    now = int(time.time())
    key = jwt.key_of(gateway, header["kid"])
    head, body, mac = token.split(".")
    return {
        "expired": jwt.forge(gateway, token, claims={"exp": now - 1}),
        "no end": jwt.forge(gateway, token, claims={"exp": None}),
        "future": jwt.forge(gateway, token, claims={"iat": now + 3600}),
        "another issuer": jwt.forge(gateway, token, claims={"iss": "sms-gate.app"}),
        "nobody's": jwt.forge(gateway, token, claims={"user_id": ""}),
        "unknown jti": jwt.forge(gateway, token, claims={"jti": "A" * 21}),
        "jti of another form": jwt.forge(gateway, token, claims={"jti": "' OR 1=1 --"}),
        "old kid": jwt.forge(gateway, token, kid=jwt.kid_now(2)),
        "later kid": jwt.forge(gateway, token, kid=jwt.kid_now(-1)),
        "strange kid": jwt.sign(dict(header, kid="../../etc/passwd"), claims, key),
        "no kid": jwt.sign({"alg": "HS256", "typ": "JWT"}, claims, key),
        "alg none": jwt.sign(dict(header, alg="none"), claims, None),
        "alg none, signed": jwt.sign(dict(header, alg="none"), claims, key),
        "alg NONE": jwt.sign(dict(header, alg="NONE"), claims, None),
        "alg HS512": jwt.sign(dict(header, alg="HS512"), claims, key, hashlib.sha512),
        "alg RS256": jwt.sign(dict(header, alg="RS256"), claims, key),
        "alg ES256": jwt.sign(dict(header, alg="ES256"), claims, key),
        "wrong key": jwt.sign(header, claims, b"k" * 32),
        "empty key": jwt.sign(header, claims, b""),
        "key of another server": jwt.sign(header, claims, hashlib.sha256(key).digest()),
        "no signature": head + "." + body + ".",
        "cut": token[:-1],
        "longer": token + "A",
        "claims of a stranger": head + "." + stranger_token.split(".")[1] + "." + mac,
        "two parts": head + "." + body,
        "four parts": token + "." + mac,
        "not JSON": jwt.encode(b"eyes") + "." + body + "." + mac,
        "arrays": jwt.encode(b"[]") + "." + jwt.encode(b"[]") + "." + mac,
        "deep": jwt.encode(b"[" * 2000) + "." + body + "." + mac,
        "dots": "ey..", "huge": "ey" + "A" * 5000 + ".e30.e30",
    }


def test_check_57_wrong_tokens(gateway, account):
    pair, stranger = issue(account.app, "all:any"), issue(gateway.account().app, "all:any")
    client_of(gateway, pair).get(T + "/messages").expect(200)
    right = jwt.forge(gateway, pair["access_token"])
    gateway.client(bearer(right)).get(T + "/messages").expect(200)
    before = gateway.metric('otpgate_gate_total{result="limited"}')
    for name, token in wrong_tokens(gateway, pair["access_token"],
                                    stranger["access_token"]).items():
        answer = gateway.client(bearer(token)).get(T + "/messages")
        assert answer.status == 401, (name, answer)
    # none of these is a guess, so nobody is locked out
    assert gateway.metric('otpgate_gate_total{result="limited"}') == before
    head, body, mac = pair["access_token"].split(".")
    for i in range(0, len(mac), 5):
        other = "A" if mac[i] != "A" else "B"
        tampered = ".".join((head, body, mac[:i] + other + mac[i + 1:]))
        gateway.client(bearer(tampered)).get(T + "/messages").expect(401)
    client_of(gateway, pair).get(T + "/messages").expect(200)


def test_check_57_key_of_the_period_before_still_works(gateway, account):
    pair = issue(account.app, "all:any")
    token = jwt.forge(gateway, pair["access_token"], kid=jwt.kid_now(1))
    gateway.client(bearer(token)).get(T + "/messages").expect(200)


def test_check_58_password_change_ends_all_tokens(gateway):
    account = gateway.account()
    pairs = [issue(account.app, "all:any") for _ in range(3)]
    for pair in pairs:
        client_of(gateway, pair).get(T + "/messages").expect(200)
    made = gateway.admin.post("/admin/v1/accounts/%s/rotate" % account.id).expect(200).json
    for pair in pairs:
        client_of(gateway, pair).get(T + "/messages").expect(401)
        refresh(gateway, pair["refresh_token"]).expect(401)
    account.app.get(T + "/messages").expect(401)
    again = gateway.client(basic(account.login, made["password"]))
    phone = account.add_phone()
    pair = issue(again, "all:any")
    gateway.client(bearer(phone.token)).patch(
        M + "/user/password", {"currentPassword": made["password"],
                               "newPassword": "a password of the user"}).expect(204)
    client_of(gateway, pair).get(T + "/messages").expect(401)


def test_tokens_end_with_their_credential(gateway):
    account = gateway.account()
    key = account.make_key(["tokens:manage", "messages:read"])
    pair = issue(gateway.client(bearer(key["key"])), "messages:list")
    ours = issue(account.app, "messages:list")
    client_of(gateway, pair).get(T + "/messages").expect(200)
    gateway.admin.delete("/admin/v1/keys/" + key["id"]).expect(204)
    client_of(gateway, pair).get(T + "/messages").expect(401)
    client_of(gateway, ours).get(T + "/messages").expect(200)
    gateway.admin.patch("/admin/v1/accounts/" + account.id, {"disabled": True}).expect(200)
    client_of(gateway, ours).get(T + "/messages").expect(401)


def test_check_59_nobody_gives_what_he_lacks(gateway, account):
    manager = client_of(gateway, issue(account.app, "tokens:manage", "messages:read"))
    issue(manager, "messages:read")
    for scope in SCOPES:
        if scope not in ("tokens:manage", "messages:read"):
            answer = manager.post(TOKEN, {"scopes": ["messages:read", scope]}).expect(403)
            assert answer.json == {"message": "scope required: " + scope}
    for client in (manager, account.app, account.with_key("admin", "tokens:manage")):
        client.post(TOKEN, {"scopes": ["admin"]}).expect(403)
    account.with_key("messages:read").post(TOKEN, {"scopes": ["messages:read"]}).expect(403)


# ---- where tokens count, and where not ----

def test_tokens_open_no_other_door(gateway, account):
    pair = issue(account.app, "all:any")
    client = client_of(gateway, pair)
    for path in (M + "/message", M + "/user/code", "/admin/v1/accounts"):
        client.get(path).expect(401)
    client.post(M + "/device", {"name": "x"}).expect(401)
    assert client.get("/otp/v1/verifications/" + "A" * 30).status == 404


def test_tokens_outlive_a_restart_and_are_nowhere_in_the_clear(own_gateway):
    account = own_gateway.account()
    pair = issue(account.app, "messages:list")
    own_gateway.restart()
    client_of(own_gateway, pair).get(T + "/messages").expect(200)
    refresh(own_gateway, pair["refresh_token"]).expect(201)
    assert pair["access_token"] not in own_gateway.log()
    assert pair["refresh_token"].split(".")[2] not in own_gateway.log()


@pytest.fixture
def own_gateway():
    from support.gateway import Gateway
    with Gateway() as one:
        yield one
