"""Every kind of event in the table is told by the thing that it names.

One gateway lives through all that can be had from outside; what it takes a clock or a spoiled file for is named with
the test that shows it. A kind that is added and told nowhere fails here.
"""

import contextlib
import json
import os
import re
import sqlite3

import pytest

from support import otp
from support.client import basic, bearer
from support.gateway import M, T, Gateway
from support.routes import NUMBER
from support.wait import wait_for

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENVIRONMENT = {
    "OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE", "OTPGATE_OTP_LOCK_AFTER": "2",
    "OTPGATE_OTP_RESEND_WAITS": "1s", "OTPGATE_SIM_ERRORS_MAX": "1",
    "OTPGATE_DEVICE_FAILURES_MAX": "1", "OTPGATE_ALERT_OFFLINE_AFTER": "1s",
    "OTPGATE_ALERT_KEEP": "0s"}
ELSEWHERE = {
    "audit.checkpoint": "tests/api/test_audit.py",
    "store.failover": "tests/api/test_code_stores.py",
    "clock.jump": "tests/unit/service/test_clock_watch.c",
    "audit.purged": "tests/unit/service/test_audit_purge.c",
    "audit.dropped": "tests/api/test_audit_full.py",
    "audit.verify_failed": "tests/unit/service/test_audit_purge.c",
}
SIM = {"slotIndex": 0, "simNumber": 1, "carrierName": "one"}
NO_SERVICE = "Send result: RESULT_ERROR_NO_SERVICE"


def read(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


def kinds_of_the_table():
    """Name to constant, from the table that the program is built of."""
    table = read("src", "audit", "event.h")
    return {name: constant for constant, name in re.findall(r'X\((\w+), "([a-z._]+)"', table)}


def entries(gateway):
    path = "file:%s/otpgate.db?mode=ro" % gateway.data
    with contextlib.closing(sqlite3.connect(path, uri=True)) as database:
        return [json.loads(row[0]) for row in
                database.execute("SELECT line FROM audit ORDER BY seq")]


def find(gateway, kind, **members):
    return [one for one in entries(gateway) if one["kind"] == kind
            and all(one.get(name) == value for name, value in members.items())]


def await_kind(gateway, kind, **members):
    return wait_for(lambda: find(gateway, kind, **members), "%s %s" % (kind, members))


# ---- what happens ----

def verifications(gateway, account, phone):
    made, code, message = otp.started(account.app, phone, gateway.fresh_number())
    otp.check(account.app, made, "12345678").expect(422)
    otp.check(account.app, "unknown-" + "x" * 22, "123456")
    otp.check(account.app, made, code, "another")
    otp.resend(account.app, made).expect(429)
    wait_for(lambda: otp.resend(account.app, made).status == 200, "the second send")
    phone.deliver(message)
    otp.check(account.app, made, code).expect(200)
    otp.check(account.app, made, code).expect(409)
    made = otp.start(account.app, gateway.fresh_number()).expect(201).json["id"]
    otp.cancel(account.app, made)
    made, code, _ = otp.started(account.app, phone, gateway.fresh_number())
    otp.check(account.app, made, otp.wrong_code(code)).expect(200)
    otp.check(account.app, made, otp.wrong_code(code))
    otp.start(account.app, "+33612345678").expect(403)  # not at home
    otp.start(account.app, "+498001234567").expect(422)  # toll free
    made = otp.start(account.app, NUMBER, context={"reference": "one"}).expect(201).json["id"]
    code = otp.code_in(otp.fetch(phone, NUMBER)["textMessage"]["text"])
    account.app.post("%s/%s/check" % (otp.V, made), {
        "code": code, "purpose": "login", "context": {"reference": "two"}})


def phones(gateway, account, phone):
    """The first fails with a code, so that the other one sends it; then it changes its SIM."""
    stream = phone.listen()
    await_kind(gateway, "device.online", id=phone.id)
    other = account.add_phone("test/other")
    number = gateway.fresh_number()
    body = {"to": number, "purpose": "login"}
    account.app.post(otp.V, body).expect(201)
    first = wait_for(lambda: next((one for one in (phone, other)
                                   if [m for m in one.pull() if m["phoneNumbers"] == [number]]),
                                  None), "the phone that is asked")
    second = other if first is phone else phone
    second_stream = second.listen()
    message = otp.fetch(first, number)
    first.report(message, "Failed", error=NO_SERVICE)
    fallback = await_kind(gateway, "otp.fallback")[0]
    assert fallback["reason"] == NO_SERVICE and fallback["detail"].endswith("phone=" + second.id)
    assert await_kind(gateway, "device.sim_blocked", id=first.id)[0]["reason"] == "errors_in_row"
    assert await_kind(gateway, "device.health", id=first.id)
    wait_for(lambda: [m for m in second.pull() if m["phoneNumbers"] == [number]], "the code")
    second.report(message, "Failed", error="Send result: RESULT_ERROR_NULL_PDU")
    assert await_kind(gateway, "otp.send.failed")
    for sims in ([SIM], [dict(SIM, carrierName="two")]):
        phone.client.patch(M + "/device", {"id": phone.id, "simCards": sims}).expect(204)
    for one in (stream, second_stream):
        one.close()
    await_kind(gateway, "device.offline", id=phone.id)
    gateway.admin.delete("/admin/v1/devices/" + other.id).expect(204)


def operators(gateway, account):
    gateway.client(bearer("og_wrong")).get("/admin/v1/accounts").expect(401)
    key = account.make_key()
    gateway.admin.delete("/admin/v1/keys/" + key["id"]).expect(204)
    at = "?account=" + account.name
    gateway.admin.put("/admin/v1/apps/shop" + at, {"brand": "Shop"}).expect(200)
    gateway.admin.put("/admin/v1/templates/door" + at,
                      {"texts": {"en": "{code} is it"}}).expect(200)
    gateway.admin.put("/admin/v1/accounts/%s/routing" % account.id, {}).expect(200)
    account.app.patch(T + "/settings", {"messages": {"send_interval_min": 1}}).expect(200)
    account.app.post(T + "/webhooks", {"url": "https://hooks.example/", "event": "sms:sent"}
                     ).expect(201)
    gateway.admin.post("/admin/v1/privacy/export", {"number": NUMBER}).expect(200)
    erased = gateway.cli("privacy", "erase", NUMBER)
    assert erased.returncode == 0, erased.stderr


def tokens(gateway, account):
    pair = account.app.post(T + "/auth/token", {"scopes": ["messages:read"]}
                            ).expect(201).json
    again = gateway.client(bearer(pair["refresh_token"])).post(
        T + "/auth/token/refresh").expect(201).json
    account.app.delete(T + "/auth/token/" + again["id"]).expect(204)
    account.app.delete(T + "/auth/token/nobody").expect(204)
    told = [(one["reason"], one["id"]) for one in find(gateway, "auth.token")]
    assert told == [("issued", pair["id"]), ("refreshed", again["id"]), ("revoked", again["id"])]
    assert pair["access_token"].split(".")[2] not in json.dumps(entries(gateway))


def batches(gateway, account):
    made = account.app.post("/bulk/v1/batches", {"text": "Hello"}).expect(201).json["id"]
    for state in ("running", "paused", "running", "canceled"):
        account.app.patch("/bulk/v1/batches/" + made, {"state": state}).expect(200)
    assert [one["kind"] for one in entries(gateway) if one.get("id") == made] == [
        "batch.created", "batch.started", "batch.paused", "batch.resumed", "batch.canceled"]


def alerts(gateway, account):
    """A phone that never connected is offline until it does."""
    late = account.add_phone("test/late")
    fired = await_kind(gateway, "alert.fired", id=late.id)[0]
    assert fired["reason"] == "device_offline" and fired["detail"].startswith("figure=")
    stream = late.listen()
    await_kind(gateway, "alert.resolved", id=late.id, reason="device_offline")
    stream.close()
    assert len(find(gateway, "alert.fired", id=late.id)) == 1


def restarts(gateway, account):
    """Codes in memory die with the program; a message's time is over when it comes back; and the
    operator has changed the configuration and the names in the certificate."""
    verification = otp.start(account.app, gateway.fresh_number()).expect(201).json["id"]
    gateway.kill()
    with contextlib.closing(sqlite3.connect(gateway.data + "/otpgate.db")) as database, database:
        database.execute("UPDATE messages SET deadline_at = 1 WHERE final_at IS NULL")
    gateway.flags += ["--http.names", "sms.example.net"]
    gateway.start()
    account = gateway.client(basic(account.login, account.password))
    otp.check(account, verification, "123456")
    await_kind(gateway, "otp.send.expired")
    gateway.end()
    gateway.start()
    changed = find(gateway, "admin.config", reason="gateway")
    assert len(changed) == 1
    assert re.fullmatch(r"before=[0-9a-f]{16} after=[0-9a-f]{16}", changed[0]["detail"])
    assert len(find(gateway, "key.rotated", reason="tls_certificate")) == 1


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """All that one gateway said."""
    with Gateway(env=ENVIRONMENT, root=str(tmp_path_factory.mktemp("kinds"))) as gateway:
        account = gateway.account()
        phone = account.add_phone(sims=[SIM])
        verifications(gateway, account, phone)
        operators(gateway, account)
        tokens(gateway, account)
        phones(gateway, account, phone)
        batches(gateway, account)
        alerts(gateway, account)
        restarts(gateway, account)
        return entries(gateway)


def test_req_77_every_kind_is_told(told):
    table = kinds_of_the_table()
    seen = {one["kind"] for one in told}
    assert len(table) > 40 and seen <= set(table)
    assert set(table) - seen == set(ELSEWHERE)
    for kind, path in ELSEWHERE.items():
        text = read(*path.split("/"))
        assert kind in text or "OG_AUDIT_" + table[kind] in text, kind


def test_every_kind_is_in_the_documentation():
    documented = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", "".join(
        line for line in read("docs", "audit.md").splitlines() if line.startswith("| `"))))
    assert set(kinds_of_the_table()) <= documented


def test_no_number_is_told(told):
    for one in told:
        assert not re.search(r"\+?[1-9][0-9]{9,}", one.get("reason", "") + one.get("detail", ""))
