"""Requirement 77: a request whose entry has no room in the audit log fails, unless the operator chose best effort."""

import json

import pytest

from support import otp
from support.gateway import Gateway, T
from support.wait import wait_for

ROOM = 30
FLAGS = ("--audit.entries_max", str(ROOM))


def entries(gateway):
    done = gateway.cli("audit", "export", "--format", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def another_account(gateway):
    return gateway.admin.post("/admin/v1/accounts", {"name": gateway.fresh("account")})


def lost(gateway):
    return gateway.metric("otpgate_audit_entries_lost_total")


def alert_of(gateway):
    return [one for one in gateway.admin.get("/admin/v1/alerts").expect(200).json["alerts"]
            if one["kind"] == "quota_100" and one["subject"] == "audit.entries_max"]


@pytest.fixture(scope="module")
def full():
    """A log without room, and an account that was there before."""
    with Gateway(*FLAGS) as gateway:
        account = gateway.account()
        account.phone = account.add_phone()
        for _ in range(ROOM):
            refused = another_account(gateway)
            if refused.status != 201:
                break
        assert refused.status == 503, refused
        yield gateway, account


def test_req_77_refuses_and_leaves_nothing(full):
    gateway, account = full
    accounts = gateway.admin.get("/admin/v1/accounts").expect(200).body
    assert another_account(gateway).status == 503
    assert gateway.admin.get("/admin/v1/accounts").expect(200).body == accounts
    refused = otp.start(account.app, gateway.fresh_number()).expect(503)
    assert refused.json["error"] == "unavailable" and refused.headers["Retry-After"]
    assert account.phone.pull() == []
    found = entries(gateway)
    assert len(found) >= ROOM
    beyond = {one["kind"] for one in found[ROOM:]}  # the gateway's own goes on, by alerts
    assert beyond <= {"alert.fired", "audit.dropped"}


def test_req_77_what_adds_no_entry_goes_on(full):
    gateway, account = full
    account.app.post(T + "/messages", {"phoneNumbers": [gateway.fresh_number()],
                                       "textMessage": {"text": "hello"}}).expect(202)
    account.phone.deliver(account.phone.wait_pull()[0])


def test_req_77_and_89_health_and_alert_say_so(full):
    gateway, _ = full
    alert, = wait_for(lambda: alert_of(gateway), "the alert")
    assert alert["severity"] == "critical"
    health = gateway.anyone.get("/health/ready").expect(200).json
    assert health["status"] == "warn"
    assert "quota_100" in health["checks"]["alerts:active"]["description"]


def test_req_77_best_effort(tmp_path):
    root = str(tmp_path)
    with Gateway(*FLAGS, "--audit.when_full", "best_effort", root=root) as gateway:
        account = gateway.account()
        phone = account.add_phone()
        while not lost(gateway):
            another_account(gateway).expect(201)
        number = gateway.fresh_number()
        made = otp.start(account.app, number).expect(201).json["id"]
        code = otp.code_in(otp.fetch(phone, number)["textMessage"]["text"])
        assert otp.check(account.app, made, code).expect(200).json["approved"]
        assert not [one for one in entries(gateway) if one.get("id") == made]
        assert gateway.end() == 0  # our own entries are written, and before them what is missing
        dropped = [one for one in entries(gateway) if one["kind"] == "audit.dropped"]
        assert dropped and all("actor" not in one for one in dropped)
        assert sum(int(one["detail"].removeprefix("entries=")) for one in dropped) >= 4
    with Gateway("--audit.entries_max", str(2 * ROOM), root=root) as gateway:
        gateway.account("later")
        assert [one for one in entries(gateway) if one["kind"] == "admin.account"][-1]["ip"]
        assert gateway.cli("audit", "verify").returncode == 0
