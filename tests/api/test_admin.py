"""Accounts, keys, pairing and phones as operators manage them, over HTTP and by the command line."""

import json
import os
import re
import stat

import pytest

from support.client import basic, bearer
from support.gateway import M, T

A = "/admin/v1/accounts"


def status(client, path=T + "/messages"):
    return client.get(path).status


def cli(gateway, *words, code=0, env=None):
    done = gateway.cli(*words, env=env)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def cli_json(gateway, *words, **more):
    return json.loads(cli(gateway, *words, "--json", **more).stdout)


# ---- accounts ----

def test_an_account_is_made_shown_and_listed(gateway):
    name = gateway.fresh("shop")
    made = gateway.admin.post(A, {"name": name, "brand": "Shop"}).expect(201).json
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{6}", made["login"])
    assert len(made["password"]) >= 14
    shown = gateway.admin.get(A + "/" + name).expect(200).json
    assert "password" not in shown
    assert {**shown, "password": made["password"]} == made
    assert shown in gateway.admin.get(A).expect(200).json["accounts"]
    assert gateway.admin.post(A, {"name": name}).expect(409).json["field"] == "name"


@pytest.mark.parametrize("change", [
    {"brand": "Other"}, {"brand": ""}, {"custom_code": True}, {"custom_code": False}])
def test_a_setting_changes_alone(gateway, change):
    account = gateway.account(brand="Shop")
    before = gateway.admin.get(A + "/" + account.id).json
    after = gateway.admin.patch(A + "/" + account.id, change).expect(200).json
    wanted = {name: None if value == "" else value for name, value in change.items()}
    assert after == {**before, **wanted}
    assert gateway.admin.get(A + "/" + account.name).json == after


def test_rotation_ends_the_old_password_at_once(gateway, account):
    assert status(account.app) == 200
    fresh = gateway.admin.post(A + "/" + account.id + "/rotate").expect(200).json
    assert fresh["login"] == account.login
    assert status(account.app) == 401
    assert status(gateway.client(basic(account.login, fresh["password"]))) == 200


def test_a_disabled_account_stands_still(gateway, account):
    key = account.with_key()
    phone = account.add_phone()
    assert (status(account.app), status(key)) == (200, 200)
    gateway.admin.patch(A + "/" + account.id, {"disabled": True}).expect(200)
    assert (status(account.app), status(key)) == (401, 401)
    # 401 would make the phone register anew, somewhere else
    assert status(gateway.client(bearer(phone.token)), M + "/message") == 403
    joining = gateway.client(bearer(account.join_token))
    assert joining.post(M + "/device", {"name": "x"}).status == 401
    gateway.admin.patch(A + "/" + account.id, {"disabled": False}).expect(200)
    assert (status(account.app), status(key)) == (200, 200)
    assert status(gateway.client(bearer(phone.token)), M + "/message") == 200


# ---- keys ----

def test_req_87_a_key_does_what_its_scopes_say(gateway, account):
    key = account.make_key(["messages:read"], label="reports")
    assert re.fullmatch(r"og_[A-Za-z0-9_-]{43}", key["key"])
    client = gateway.client(bearer(key["key"]))
    assert status(client) == 200
    refusal = client.get(T + "/devices").expect(403)
    assert refusal.json == {"message": "scope required: devices:list"}
    listed = gateway.admin.get(A + "/" + account.id + "/keys").expect(200).json["keys"]
    assert [one["label"] for one in listed] == ["reports"]
    assert key["key"] not in json.dumps(listed)
    gateway.admin.delete("/admin/v1/keys/" + key["id"]).expect(204)
    assert status(client) == 401
    gateway.admin.delete("/admin/v1/keys/" + key["id"]).expect(404)


def test_an_admin_key_knows_only_its_account(gateway, account):
    other = gateway.account()
    admin = account.with_key("admin")
    assert [one["id"] for one in admin.get(A).json["accounts"]] == [account.id]
    for path in (A + "/" + other.id, A + "/" + other.id + "/keys"):
        admin.get(path).expect(404)
    admin.post(A + "/" + other.id + "/rotate").expect(404)
    foreign = other.make_key(["otp:start"])
    admin.delete("/admin/v1/keys/" + foreign["id"]).expect(404)
    admin.post(A, {"name": gateway.fresh("no")}).expect(403)
    admin.patch(A + "/" + account.id, {"disabled": True}).expect(403)
    admin.patch(A + "/" + account.id, {"custom_code": True}).expect(403)
    # it cannot give what it does not have
    admin.post(A + "/" + account.id + "/keys", {"scopes": ["otp:start"]}).expect(403)
    admin.post(A + "/" + account.id + "/keys", {"scopes": ["admin"]}).expect(201)


# ---- joining ----

def test_the_pairing_token_stays_until_rotated(gateway, account):
    first = account.pair()
    assert first["url"].startswith("https://") and first["url"].endswith("/api/mobile/v1")
    assert account.pair() == first
    assert account.pair(rotate=True)["token"] != first["token"]
    refused = gateway.client(bearer(first["token"])).post(M + "/device", {"name": "x"})
    assert refused.expect(401).body == b"Invalid or expired API Key"
    assert refused.type.startswith("text/plain")


@pytest.mark.parametrize("agent, copy", [
    ("me.capcom.smsgateway/1.68.0", "kept"), ("okhttp/4.10.0", "unknown"),
    ("me.capcom.smsgateway/1.68.0 (otpgate virtual phone)", "none")])
def test_req_53_each_phone_says_whether_it_keeps_what_it_sent(gateway, account, agent, copy):
    made = gateway.client(bearer(account.pair()["token"])).post(
        M + "/device", {"name": "x"}, headers={"User-Agent": agent}).expect(201).json
    listed = gateway.admin.get("/admin/v1/devices?account=" + account.id).expect(200).json
    assert [(one["id"], one["sent_copy"]) for one in listed["devices"]] == [(made["id"], copy)]
    table = gateway.cli("device", "list", account.id).stdout.splitlines()
    assert "SENT COPY" in table[0] and copy in table[1].split()


def test_a_removed_phone_is_unknown_at_once(gateway, account):
    phone = account.add_phone()
    client = gateway.client(bearer(phone.token))
    assert status(client, M + "/message") == 200
    listed = gateway.admin.get("/admin/v1/devices?account=" + account.id).json["devices"]
    assert [one["id"] for one in listed] == [phone.id]
    gateway.admin.delete("/admin/v1/devices/" + phone.id).expect(204)
    assert status(client, M + "/message") == 401
    gateway.admin.delete("/admin/v1/devices/" + phone.id).expect(404)
    gateway.admin.get("/admin/v1/devices?account=nobody").expect(404)


def test_a_login_code_lets_one_phone_in(gateway, account):
    code = account.app.get(M + "/user/code").expect(200).json
    assert re.fullmatch(r"[2-9a-hjkmnp-z]{6}", code["code"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", code["validUntil"])
    joining = gateway.client("Code " + code["code"].upper())
    joined = joining.post(M + "/device", {"name": "x"}).expect(201).json
    assert joined["login"] == account.login
    assert joining.post(M + "/device", {"name": "x"}).expect(401).json == {
        "message": "Unauthorized"}


def test_a_phone_changes_the_password(gateway, account):
    phone = gateway.client(bearer(account.add_phone().token))

    def change(current, new):
        body = {"currentPassword": current, "newPassword": new}
        return phone.patch(M + "/user/password", body)

    change(account.password, "x" * 13).expect(400)
    change("wrong", "x" * 14).expect(401)
    assert status(account.app) == 200
    change(account.password, "x" * 14).expect(204)
    assert status(account.app) == 401
    assert status(gateway.client(basic(account.login, "x" * 14))) == 200


# ---- the command line ----

def test_the_operator_credential_is_private(gateway):
    path = os.path.join(gateway.data, "operator.token")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_accounts_by_command(gateway):
    name = gateway.fresh("cli")
    made = cli_json(gateway, "account", "create", name, "--brand", "Shop")
    assert status(gateway.client(basic(made["login"], made["password"]))) == 200
    assert name in cli(gateway, "account", "list").stdout
    assert "409" in cli(gateway, "account", "create", name, code=2).stderr
    rotated = cli_json(gateway, "account", "rotate", name)
    client = gateway.client(basic(rotated["login"], rotated["password"]))
    assert status(client) == 200
    cli(gateway, "account", "disable", name)
    assert status(client) == 401
    cli(gateway, "account", "enable", name)
    assert status(client) == 200
    cli(gateway, "account", "set", name, "--brand", "Other", "--custom-code", "yes")
    shown = gateway.admin.get(A + "/" + name).json
    assert (shown["brand"], shown["custom_code"]) == ("Other", True)
    key = cli_json(gateway, "account", "key", "create", name, "--label", "till")
    assert "till" in cli(gateway, "account", "key", "list", name).stdout
    cli(gateway, "account", "key", "revoke", key["id"])
    assert status(gateway.client(bearer(key["key"]))) == 401


def test_pairing_by_command(gateway, account):
    shown = cli(gateway, "device", "pair", account.name).stdout
    url, token = account.pair()["url"], account.join_token
    assert url in shown and token in shown and "\u2588" in shown
    assert "\033" not in shown  # no colours into a pipe
    phone = account.add_phone("cli/phone")
    assert "cli/phone" in cli(gateway, "device", "list", account.name).stdout
    cli(gateway, "device", "remove", phone.id)
    assert phone.id not in cli(gateway, "device", "list").stdout
    cli(gateway, "device", "remove", phone.id, code=2)


def test_commands_say_who_is_not_there(gateway, account):
    key = account.make_key()["key"]
    cli(gateway, "account", "list", "--url", "https://127.0.0.1:1", code=3)
    cli(gateway, "account", "list", "--data", "/nowhere", code=1)
    cli(gateway, "send", "+4915112345678", "hello", code=1)
    cli(gateway, "send", "+4915112345678", "hello", code=2, env={"OTPGATE_KEY": "og_wrong"})
    env = {"OTPGATE_KEY": key, "OTPGATE_CA": os.path.join(gateway.data, "operator.token")}
    cli(gateway, "otp", "show", "x", code=3, env=env)


def test_the_database_is_looked_at_and_copied(gateway, account):
    copy = os.path.join(gateway.root, gateway.fresh("copy"))
    assert cli_json(gateway, "db", "check")["sound"] is True
    cli(gateway, "db", "backup", copy)
    assert cli_json(gateway, "db", "check", "--file", copy)["sound"] is True
    cli(gateway, "db", "backup", copy, code=2)  # never over an existing file
