"""Accounts, their credentials, and what happens when these change (issue 1.3)."""

import json
import os
import re
import shutil
import stat

import pytest

from support import otp, routes
from support.client import basic, bearer
from support.gateway import ALL_SCOPES, M, T, Gateway
from support.phone import Phone, Stream, date
from support.wait import in_parallel, wait_for

ACCOUNTS = "/admin/v1/accounts"


# ---- accounts ----

def test_create_show_list(gateway):
    made = gateway.admin.post(ACCOUNTS, {"name": "shop", "brand": "Shop"}).expect(201)
    assert made.headers["Cache-Control"] == "no-store"
    assert set(made.json) == {"id", "name", "login", "brand", "custom_code", "sandbox",
                              "disabled",
                              "created_at", "password"}
    assert len(made.json["password"]) >= 14 and re.match(r"^[A-Z0-9]{6}$", made.json["login"])
    shown = gateway.admin.get(ACCOUNTS + "/" + made.json["id"]).expect(200).json
    assert dict(shown, password=made.json["password"]) == made.json and "password" not in shown
    listed = gateway.admin.get(ACCOUNTS).expect(200).json["accounts"]
    assert shown in listed
    # the operator may name it
    assert gateway.admin.get(ACCOUNTS + "/shop").status in (200, 404)
    again = gateway.admin.post(ACCOUNTS, {"name": "shop"}).expect(409).json
    assert again["field"] == "name"


def test_parallel_creation_of_one_name(gateway):
    clients = [gateway.client(bearer(gateway.operator_token)) for _ in range(6)]
    answers = in_parallel([lambda c=c: c.post(ACCOUNTS, {"name": "twice"}) for c in clients])
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5


def test_change(gateway, account):
    path = ACCOUNTS + "/" + account.id
    changed = gateway.admin.patch(path, {"brand": "New", "custom_code": True}).expect(200).json
    assert (changed["brand"], changed["custom_code"]) == ("New", True)
    changed = gateway.admin.patch(path, {"brand": ""}).expect(200).json
    assert changed["brand"] is None
    assert gateway.admin.patch(path, {}).expect(200).json == changed


def test_rotate_stops_the_old_password_at_once(gateway, account):
    """Also where it is cached, on every loop."""
    clients = [account.another_client() for _ in range(8)]
    for client in clients:
        client.get(T + "/messages").expect(200)
        client.get(T + "/messages").expect(200)
    answer = gateway.admin.post(ACCOUNTS + "/%s/rotate" % account.id).expect(200).json
    assert answer["password"] != account.password and answer["login"] == account.login
    for client in clients:
        client.get(T + "/messages").expect(401)
    fresh = gateway.client(basic(account.login, answer["password"]))
    fresh.get(T + "/messages").expect(200)


def test_disable_stops_everything_at_once(gateway, account):
    phone = account.add_phone()
    stream = phone.listen()
    key = account.with_key("messages:read")
    code = account.app.get(M + "/user/code").json["code"]
    key.get(T + "/messages").expect(200)
    path = ACCOUNTS + "/" + account.id
    assert gateway.admin.patch(path, {"disabled": True}).expect(200).json["disabled"] is True
    account.app.get(T + "/messages").expect(401)
    key.get(T + "/messages").expect(401)
    gateway.client(bearer(account.join_token)).post(M + "/device", {}).expect(401)
    gateway.client("Code " + code).post(M + "/device", {}).expect(401)
    # not 401: it would register anew and fork into another account
    for method, rest in (("PATCH", "/device"), ("GET", "/message"), ("GET", "/settings")):
        phone.client.request(method, M + rest, {"id": phone.id} if method == "PATCH" else None) \
            .expect(403)
    stream.wait_closed()
    assert Stream(gateway, phone.token).status == 403
    gateway.admin.patch(path, {"disabled": False}).expect(200)
    account.app.get(T + "/messages").expect(200)
    key.get(T + "/messages").expect(200)
    phone.client.get(M + "/message").expect(200)


# ---- API keys ----

@pytest.mark.parametrize("scope", ALL_SCOPES)
def test_key_has_its_scope_and_no_other(gateway, scope):
    account = gateway.account()
    phone = account.add_phone()
    key = account.with_key(scope)
    number = gateway.fresh_number()
    asks = {
        "otp:start": lambda: otp.start(key, number),
        "otp:check": lambda: key.get("/otp/v1/verifications/" + "A" * 30),
        "messages:send": lambda: key.post(T + "/messages", {"message": "x",
                                                            "phoneNumbers": [number]}),
        "messages:read": lambda: key.get(T + "/messages"),
        "devices:read": lambda: key.get(T + "/devices"),
        "devices:write": lambda: key.delete(T + "/devices/" + phone.id),
        "webhooks:list": lambda: key.get(T + "/webhooks"),
        "webhooks:write": lambda: key.post(T + "/webhooks", routes.HOOK),
        "webhooks:delete": lambda: key.delete(T + "/webhooks/x"),
        "admin": lambda: key.get(ACCOUNTS + "/" + account.id)}
    for name, ask in asks.items():
        answer = ask()
        if name == scope:
            assert answer.status in (200, 201, 202, 204, 404), answer
        else:
            needed = {"messages:read": "messages:list", "devices:read": "devices:list",
                      "devices:write": "devices:delete"}.get(name, name)
            assert answer.expect(403).json["message"] == "scope required: " + needed


def test_req_87_keys_are_shown_once_and_listed(gateway, account):
    made = account.make_key(["otp:start", "otp:check"], label="checkout")
    assert re.match(r"^og_[A-Za-z0-9_-]{40,}$", made["key"])
    listed = gateway.admin.get(ACCOUNTS + "/%s/keys" % account.id).expect(200)
    assert made["key"] not in listed.body.decode()
    assert listed.json["keys"] == [{name: value for name, value in made.items() if name != "key"}]
    assert listed.json["keys"][0]["scopes"] == ["otp:start", "otp:check"]


def test_revoked_key_stops_at_once(gateway, account):
    made = account.make_key(["messages:read"])
    clients = [gateway.client(bearer(made["key"])) for _ in range(4)]
    for client in clients:
        client.get(T + "/messages").expect(200)
    gateway.admin.delete("/admin/v1/keys/" + made["id"]).expect(204)
    for client in clients:
        client.get(T + "/messages").expect(401)
    gateway.admin.delete("/admin/v1/keys/" + made["id"]).expect(404)
    account.app.get(T + "/messages").expect(200)


def test_key_ends_at_its_time(gateway, account):
    made = account.make_key(["messages:read"], expires_at=date(2))
    client = gateway.client(bearer(made["key"]))
    client.get(T + "/messages").expect(200)
    wait_for(lambda: client.get(T + "/messages").status == 401, timeout_s=10)
    assert date() >= made["expires_at"]


def test_key_with_admin_manages_its_own_account_only(gateway, account):
    other = gateway.account()
    key = account.with_key("admin")
    assert [a["id"] for a in key.get(ACCOUNTS).expect(200).json["accounts"]] == [account.id]
    key.get(ACCOUNTS + "/" + account.id).expect(200)
    key.get(ACCOUNTS + "/" + other.id).expect(404)
    key.post(ACCOUNTS, {"name": "mine"}).expect(403)
    key.patch(ACCOUNTS + "/" + account.id, {"brand": "Own"}).expect(200)
    for member in ("custom_code", "disabled"):
        assert key.patch(ACCOUNTS + "/" + account.id, {member: True}).expect(403).json[
            "field"] == member
    # and gives no right away that it has not
    keys = ACCOUNTS + "/%s/keys" % account.id
    assert key.post(keys, {"scopes": ["otp:start"]}).expect(403).json["field"] == "scopes"
    key.post(keys, {"scopes": ["admin", "messages:read"]}).expect(403)
    made = key.post(keys, {"scopes": ["admin"]}).expect(201).json
    key.delete("/admin/v1/keys/" + made["id"]).expect(204)
    key.post(ACCOUNTS + "/%s/pairing" % account.id).expect(200)
    key.post(ACCOUNTS + "/%s/rotate" % other.id).expect(404)


# ---- failed logins ----

# few of them, so that their hashing fits the window on a busy machine, too
QUICK_LOCK = ["--login.lock", "3s", "--login.failures_max", "3"]


def test_ten_failed_logins_by_default():
    with Gateway() as own:
        account = own.account()
        statuses = [own.client(basic(account.login, "wrong")).get(T + "/messages").status
                    for _ in range(11)]
        assert statuses == [401] * 10 + [429]


def test_failed_logins_lock_the_source():
    """429 with Retry-After; the right password is not looked at either; then it is over."""
    with Gateway(*QUICK_LOCK) as own:
        account = own.account()
        phone = account.add_phone()
        key = account.with_key("messages:read")
        for _ in range(3):
            own.client(basic(account.login, "wrong")).get(T + "/messages").expect(401)
        refused = own.client(basic(account.login, "wrong")).get(T + "/messages").expect(429)
        assert 1 <= int(refused.headers["Retry-After"]) <= 3
        refused = own.client(basic(account.login, account.password)).get(T + "/messages")
        assert refused.status == 429
        own.client("Code zzzzzz").post(M + "/device", {}).expect(429)
        # tokens cannot be guessed, and phones must go on
        phone.client.get(M + "/message").expect(200)
        key.get(T + "/messages").expect(200)
        own.client(bearer("A" * 21)).patch(M + "/device", {"id": "x"}).expect(401)
        wait_for(lambda: account.another_client().get(T + "/messages").status == 200, timeout_s=10)


def test_failed_logins_lock_the_login_from_everywhere():
    """Each guess from another address, as a proxy of ours tells it."""
    with Gateway(*QUICK_LOCK, "--http.trusted_proxies", "127.0.0.1") as own:
        account, other = own.account(), own.account()

        def log_in(password, source, login=account.login):
            return own.client(basic(login, password)).get(
                T + "/messages", headers={"X-Forwarded-For": source}).status

        statuses = [log_in("wrong", "192.0.2.%d" % n) for n in range(1, 6)]
        assert statuses == [401] * 3 + [429] * 2
        assert log_in(other.password, "192.0.2.100", other.login) == 200
        wait_for(lambda: log_in(account.password, "192.0.2.200") == 200, timeout_s=10)


def test_parallel_guesses_share_the_limit():
    with Gateway("--login.lock", "1h", "--login.failures_max", "5") as own:
        account = own.account()
        clients = [own.client(basic(account.login, "guess %d" % n)) for n in range(24)]
        answers = in_parallel([lambda c=c: c.get(T + "/messages") for c in clients])
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {401, 429} and statuses.count(401) <= 5


def test_forwarded_addresses_are_believed_from_proxies_only(gateway, account):
    phone = account.add_phone()
    answer = phone.client.get(M + "/device", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.json["externalIp"] == "127.0.0.1"


# ---- phones ----

def test_pairing(gateway, account):
    first = gateway.admin.post(ACCOUNTS + "/%s/pairing" % account.id).expect(200).json
    assert first["url"].endswith("/api/mobile/v1") and first["url"].startswith("https://")
    assert first["login"] == account.login
    again = gateway.admin.post(ACCOUNTS + "/%s/pairing" % account.id, {}).expect(200).json
    assert again == first  # any number of phones
    assert Phone.register(gateway, bearer(first["token"])).login == account.login
    rotated = gateway.admin.post(ACCOUNTS + "/%s/pairing" % account.id,
                                 {"rotate": True}).expect(200).json
    assert rotated["token"] != first["token"]
    gateway.client(bearer(first["token"])).post(M + "/device", {}).expect(401)
    Phone.register(gateway, bearer(rotated["token"]))


def test_removal_is_at_once(gateway, account):
    phone = account.add_phone()
    streams = [phone.listen(), phone.listen()]
    clients = [gateway.client(bearer(phone.token)) for _ in range(4)]
    for client in clients:
        client.get(M + "/message").expect(200)
    gateway.admin.delete("/admin/v1/devices/" + phone.id).expect(204)
    for client in clients:
        client.patch(M + "/device", {"id": phone.id}).expect(401)
    for stream in streams:
        stream.wait_closed()
    assert Stream(gateway, phone.token).status == 401
    gateway.admin.delete("/admin/v1/devices/" + phone.id).expect(404)
    # it comes back as a new one (wire/smsgate.md section 4.2)
    assert account.add_phone().id != phone.id


def test_devices_of_the_operator(gateway, account):
    phone = account.add_phone("Fairphone/FP4", [{"slotIndex": 0, "simNumber": 1}])
    path = "/admin/v1/devices?account=" + account.id
    device = gateway.admin.get(path).expect(200).json["devices"][0]
    assert (device["id"], device["name"], device["connected"]) == (phone.id, "Fairphone/FP4", False)
    assert device["sims"] == [{"slotIndex": 0, "simNumber": 1}]
    stream = phone.listen()
    assert gateway.admin.get(path).json["devices"][0]["connected"] is True
    stream.close()
    wait_for(lambda: not gateway.admin.get(path).json["devices"][0]["connected"])
    gateway.admin.get("/admin/v1/devices?account=nobody").expect(404)


# ---- the command line ----

def test_operator_file_is_private(gateway):
    path = os.path.join(gateway.data, "operator.token")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.chmod(path, 0o644)
    try:
        told = gateway.cli("account", "list")
        assert told.returncode == 1 and "chmod 600" in told.stderr
    finally:
        os.chmod(path, 0o600)


def test_account_and_device_commands(gateway):
    made = gateway.cli("account", "create", "cli-shop", "--brand", "Cli", "--json")
    assert made.returncode == 0, made.stderr
    account = json.loads(made.stdout)
    listed = gateway.cli("account", "list")
    assert "cli-shop" in listed.stdout and account["password"] not in listed.stdout
    rotated = json.loads(gateway.cli("account", "rotate", "cli-shop", "--json").stdout)
    assert rotated["password"] != account["password"]
    gateway.client(basic(account["login"], account["password"])).get(T + "/messages").expect(401)

    paired = gateway.cli("device", "pair", "cli-shop", "--no-qr")
    assert paired.returncode == 0 and "/api/mobile/v1" in paired.stdout
    token = json.loads(gateway.cli("device", "pair", "cli-shop", "--json").stdout)["token"]
    assert token in paired.stdout
    phone = Phone.register(gateway, bearer(token))
    drawn = gateway.cli("device", "pair", "cli-shop")
    assert "\u2588" in drawn.stdout or "\u2580" in drawn.stdout  # a QR code
    assert phone.id in gateway.cli("device", "list", "cli-shop").stdout
    assert gateway.cli("device", "remove", phone.id).returncode == 0
    phone.client.get(M + "/message").expect(401)
    assert gateway.cli("device", "remove", phone.id).returncode == 2

    assert gateway.cli("account", "disable", "cli-shop").returncode == 0
    gateway.client(basic(account["login"], rotated["password"])).get(T + "/messages").expect(401)
    assert gateway.cli("account", "create", "cli-shop").returncode == 2
    assert gateway.cli("account", "rotate", "nobody").returncode == 2
    assert gateway.cli("account", "creat", "x").returncode == 1


def test_send_and_otp_commands(gateway):
    account = gateway.account()
    phone = account.add_phone()
    made = gateway.cli("account", "key", "create", account.id, "--json")
    assert made.returncode == 0, made.stderr
    env = {"OTPGATE_KEY": json.loads(made.stdout)["key"]}
    number = gateway.fresh_number()
    sent = gateway.cli("send", number, "Your table is ready", "--json", env=env)
    assert sent.returncode == 0, sent.stderr
    assert phone.pull()[0]["message"] == "Your table is ready"
    number = gateway.fresh_number()
    begun = gateway.cli("otp", "start", number, "--json", env=env)
    verification = json.loads(begun.stdout)["id"]
    code = otp.code_in(otp.fetch(phone, number)["message"])
    assert code not in begun.stdout + begun.stderr
    wrong = gateway.cli("otp", "check", verification, otp.wrong_code(code), env=env)
    assert wrong.returncode == 2
    right = gateway.cli("otp", "check", verification, code, env=env)
    assert right.returncode == 0 and "approved" in right.stdout
    assert gateway.cli("send", "12345", "x", env=env).returncode == 2
    refused = gateway.cli("send", number, "x")
    assert refused.returncode == 1 and "OTPGATE_KEY" in refused.stderr


def test_without_a_server_the_command_line_says_so(gateway):
    """A data folder whose server is stopped has a credential, but no address."""
    folder = os.path.join(gateway.root, "stopped")
    os.mkdir(folder, 0o700)
    shutil.copy2(os.path.join(gateway.data, "operator.token"), folder)
    told = gateway.cli("account", "list", env={"OTPGATE_DATA_DIR": folder})
    assert told.returncode == 3 and "otpgate serve" in told.stderr
    told = gateway.cli("account", "list", env={"OTPGATE_DATA_DIR": folder + "/nothing"})
    assert told.returncode in (1, 3) and "nothing" in told.stderr
