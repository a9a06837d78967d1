"""OAuth 2.0: RFC 6749 section 4.4, RFC 7009, RFC 8414, RFC 6750."""

from urllib.parse import quote, urlencode

import pytest

from support import jwt
from support.client import basic, bearer
from support.gateway import M, T

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials"}


def post(client, path, form, **headers):
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    return client.post(path, body, headers=dict(FORM, **headers))


def ask(client, **form):
    return post(client, "/oauth/token", dict(GRANT, **form))


def check_error(answer, status, error):
    assert answer.expect(status).json["error"] == error, answer
    assert set(answer.json) == {"error", "error_description"}


def test_client_secret_basic(gateway, account):
    answer = ask(account.app, scope="messages:list  devices:list").expect(200)
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json["token_type"] == "Bearer" and answer.json["expires_in"] == 900
    assert set(answer.json["scope"].split()) == {"messages:list", "devices:list"}
    assert answer.headers["Cache-Control"] == "no-store"
    client = gateway.client(bearer(answer.json["access_token"]))
    client.get(T + "/messages").expect(200)
    client.get(T + "/messages/unknown").expect(403)
    assert jwt.parts(answer.json["access_token"])[1]["user_id"] == account.id


def test_client_secret_post(gateway, account):
    answer = ask(gateway.anyone, client_id=account.login, client_secret=account.password)
    assert answer.expect(200).json["scope"] == "all:any"
    gateway.client(bearer(answer.json["access_token"])).get(T + "/devices").expect(200)


def test_an_api_key_as_client(gateway, account):
    key = account.make_key(["messages:read", "otp:start"])
    other = account.make_key(["messages:read"])
    for client, form in ((gateway.client(basic(key["id"], key["key"])), {}),
                         (gateway.anyone, {"client_id": key["id"], "client_secret": key["key"]})):
        answer = ask(client, **form).expect(200)
        assert set(answer.json["scope"].split()) == {"messages:read", "messages:list", "otp:start"}
        check_error(ask(client, scope="devices:list", **form), 400, "invalid_scope")
    for name in (other["id"], account.login, "A" * 21):
        check_error(ask(gateway.client(basic(name, key["key"]))), 401, "invalid_client")


def test_secrets_are_form_encoded_before_they_are_joined(gateway):
    account = gateway.account()
    phone = account.add_phone()
    password = "plus+percent%41 and colon: ü"
    gateway.client(bearer(phone.token)).patch(
        M + "/user/password", {"currentPassword": account.password,
                               "newPassword": password}).expect(204)
    ask(gateway.client(basic(account.login, quote(password)))).expect(200)
    ask(gateway.anyone, client_id=account.login, client_secret=password).expect(200)
    check_error(ask(gateway.client(basic(account.login, password))), 401, "invalid_client")


def test_wrong_clients(gateway, account):
    refused = ask(gateway.client(basic(account.login, "wrong")))
    check_error(refused, 401, "invalid_client")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="otpgate"'
    token = ask(account.app).json["access_token"]
    for client in (gateway.anyone, gateway.client("Basic !!!!"), gateway.client(bearer(token)),
                   gateway.client(bearer(account.make_key()["key"]))):
        check_error(ask(client), 401, "invalid_client")
        check_error(post(client, "/oauth/revoke", {"token": "x"}), 401, "invalid_client")
    check_error(ask(gateway.anyone, client_id=account.login), 401, "invalid_client")
    check_error(ask(account.app, client_id=account.login, client_secret=account.password), 400,
                "invalid_request")


def test_bad_requests(account):
    app = account.app
    check_error(post(app, "/oauth/token", {"scope": "messages:list"}), 400, "invalid_request")
    check_error(post(app, "/oauth/token", {"grant_type": "password"}), 400,
                "unsupported_grant_type")
    for scope in ("nothing:known", "admin", "tokens:refresh", "messages:list,devices:list"):
        check_error(ask(app, scope=scope), 400, "invalid_scope")
    for body in (b"grant_type=client_credentials&grant_type=client_credentials",
                 b"grant_type=client_credentials&scope=%zz", b"grant_type=client%00credentials",
                 b"grant_type=client_credentials&scope=%ff", b"&".join([b"a=b"] * 33), b"%",
                 b"", b"{}"):
        check_error(post(app, "/oauth/token", body), 400, "invalid_request")
    check_error(app.post("/oauth/token", {"grant_type": "client_credentials"}), 400,
                "invalid_request")
    answer = post(app, "/oauth/token", b"a=" + b"b" * 9000)
    check_error(answer, 413, "invalid_request")
    ask(app, unknown="ignored", more="ignored").expect(200)


def test_guesses_are_counted(own_gateway):
    account = own_gateway.account()
    for _ in range(3):
        check_error(ask(own_gateway.client(basic(account.login, "wrong"))), 401, "invalid_client")
    answer = ask(account.app)
    check_error(answer, 429, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture
def own_gateway():
    from support.gateway import Gateway
    with Gateway("--login.failures_max", "3") as one:
        yield one


def test_revocation(gateway, account):
    first, second = (ask(account.app).json["access_token"] for _ in range(2))
    client = gateway.client(bearer(first))
    client.get(T + "/messages").expect(200)
    stranger = gateway.account()
    post(stranger.app, "/oauth/revoke", {"token": first}).expect(200)
    client.get(T + "/messages").expect(200)
    answer = post(account.app, "/oauth/revoke", {"token": first,
                                                 "token_type_hint": "access_token"}).expect(200)
    assert answer.body == b""
    client.get(T + "/messages").expect(401)
    gateway.client(bearer(second)).get(T + "/messages").expect(200)
    for token in (first, "nonsense", "a.b.c", "x" * 5000):
        post(account.app, "/oauth/revoke", {"token": token}).expect(200)
    check_error(post(account.app, "/oauth/revoke", {"token_type_hint": "access_token"}), 400,
                "invalid_request")


def test_revocation_by_the_refresh_token_ends_the_pair(gateway, account):
    pair = account.app.post(T + "/auth/token", {"scopes": ["messages:list"]}).expect(201).json
    post(account.app, "/oauth/revoke", {"token": pair["refresh_token"]}).expect(200)
    for token in (pair["access_token"], pair["refresh_token"]):
        gateway.client(bearer(token)).get(T + "/messages").expect(401)


def test_metadata(gateway):
    answer = gateway.anyone.get("/.well-known/oauth-authorization-server").expect(200).json
    assert answer["token_endpoint"] == answer["issuer"] + "/oauth/token"
    assert answer["revocation_endpoint"] == answer["issuer"] + "/oauth/revoke"
    assert answer["grant_types_supported"] == ["client_credentials"]
    assert answer["response_types_supported"] == []
    assert answer["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic", "client_secret_post"]
    assert {"messages:send", "all:any"} <= set(answer["scopes_supported"])
    assert not {"admin", "tokens:refresh"} & set(answer["scopes_supported"])
