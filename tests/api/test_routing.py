"""Pace, routing and failover from the outside: what waits says why, what fails goes elsewhere."""

import json
import subprocess
import time

import pytest

from support.gateway import T, Account, Gateway, program
from support.wait import wait_for

NO_SERVICE = "Send result: RESULT_ERROR_NO_SERVICE"
PACED = {"OTPGATE_SIM_PARTS_PER_MINUTE": "4", "OTPGATE_ROUTE_AHEAD_MAX": "5",
         "OTPGATE_SIM_OTP_RESERVE": "25"}


@pytest.fixture(scope="module")
def gateway():
    with Gateway(tls=False, env=PACED) as running:
        yield running


@pytest.fixture
def account(gateway):
    name = "routing-%d" % next(gateway.numbers)
    made = gateway.admin.post("/admin/v1/accounts", {"name": name}).expect(201).json
    return Account(gateway, made)


def connect(account, count, sims=None):
    phones = [account.add_phone("test/%d" % i, sims) for i in range(count)]
    for phone in phones:
        phone.stream = phone.listen()
        wait_for(phone.is_connected, "the phone's stream")
    return phones


def send(account, **members):
    body = {"textMessage": {"text": "hello"}, "phoneNumbers": ["+4915112345678"], **members}
    return account.app.post(T + "/messages", body).expect(202).json["id"]


def start(account):
    return account.app.post("/otp/v1/verifications",
                            {"to": "+4915112345678", "purpose": "login"}).expect(201).json


def routing(account, document):
    return account.gateway.admin.put("/admin/v1/accounts/%s/routing" % account.id, document)


def explain(account, query="to=%2B4915112345678"):
    path = "/admin/v1/accounts/%s/route?%s" % (account.id, query)
    return account.gateway.admin.get(path).expect(200).json


def fail(phone, item):
    phone.report(item, "Failed", error=NO_SERVICE)


# ---- pace ----

def test_what_waits_says_why(account):
    phone, = connect(account, 1)
    sent = [send(account) for _ in range(5)]
    assert len(phone.pull()) == 3
    waiting = [account.message(one).get("waiting") for one in sent]
    reasons = [one for one in waiting if one]
    assert len(reasons) >= 2
    assert {one["reason"] for one in reasons} == {"sim_pace"}
    assert reasons[0]["by"] == "minute"
    assert reasons[0]["until"].endswith("Z")


def test_a_restart_exceeds_no_limit(tmp_path):
    with Gateway(tls=False, env=PACED, root=str(tmp_path)) as one:
        made = one.admin.post("/admin/v1/accounts", {"name": "shop"}).expect(201).json
        account = Account(one, made)
        phone, = connect(account, 1)
        for _ in range(6):
            send(account)
        assert len(phone.pull()) == 3
        one.end()
        one.start()
        account = Account(one, made)
        for message in (again := phone_of(one, phone).pull()):
            assert message["id"]
        assert len(again) == 3  # those that it had, and no other


def phone_of(gateway, phone):
    from support.phone import Phone
    return Phone(gateway, phone.id, phone.token)


def test_both_sims(account):
    sims = [{"slotIndex": 0, "simNumber": 1}, {"slotIndex": 1, "simNumber": 2}]
    phone, = connect(account, 1, sims)
    for _ in range(6):
        send(account)
    pulled = phone.pull()
    assert sorted(one["simNumber"] for one in pulled)[:1] == [1]
    assert {one["simNumber"] for one in pulled} == {1, 2}


def test_bulk_and_tag_are_checked(account):
    connect(account, 1)
    send(account, **{"class": "bulk", "tag": "news"})
    for members, field in (({"class": "otp"}, "class"), ({"class": "x"}, "class"),
                           ({"tag": "a\nb"}, "tag")):
        body = {"textMessage": {"text": "a"}, "phoneNumbers": ["+4915112345678"], **members}
        answer = account.app.post(T + "/messages", body).expect(400)
        assert field in answer.json["message"]


# ---- failover ----

def test_req_49_a_failure_goes_elsewhere(account):
    phones = connect(account, 2)
    started = start(account)
    first = next(phone for phone in phones if phone.pull())
    second = phones[1 - phones.index(first)]
    item, = first.pull()
    fail(first, item)
    moved, = second.wait_pull()
    assert moved["id"] == item["id"]
    assert first.pull() == []
    fail(second, moved)
    ended = account.app.get("/otp/v1/verifications/" + started["id"]).expect(200).json
    assert [one["event"] for one in ended["timeline"]][-1] == "send_failed"
    assert "undeliverable" not in ended


def test_undeliverable_is_told_at_once():
    with Gateway(tls=False) as gateway:
        made = gateway.admin.post("/admin/v1/accounts", {"name": "shop"}).expect(201).json
        check_undeliverable(Account(gateway, made))


def check_undeliverable(account):
    phone, = connect(account, 1)
    for _ in range(5):
        send(account, deviceId=phone.id)
    for item in phone.pull():
        fail(phone, item)

    def is_resting():
        devices = account.gateway.admin.get("/admin/v1/devices?account=" + account.id).json
        return devices["devices"][0]["health"]["state"] == "quarantined"
    wait_for(is_resting, "the quarantine")
    started = start(account)
    assert started["undeliverable"] == "undeliverable: no phone can take it"
    shown = account.app.get("/otp/v1/verifications/" + started["id"]).expect(200).json
    assert shown["undeliverable"] == started["undeliverable"]
    assert shown["status"] == "pending"


# ---- rules and why ----

def rules(first, second):
    return {"groups": [{"name": "home", "priority": 1, "devices": [first.id]},
                       {"name": "spare", "priority": 5, "devices": [second.id]}],
            "rules": [{"prefixes": ["+49"], "classes": ["otp"], "groups": ["home", "spare"]},
                      {"countries": ["FR"], "groups": ["spare"]}]}


def test_rules_decide(account):
    first, second = connect(account, 2)
    document = rules(first, second)
    assert routing(account, document).expect(200).json == document
    shown = account.gateway.admin.get("/admin/v1/accounts/%s/routing" % account.id).json
    assert shown == document
    for _ in range(3):
        assert explain(account)["chosen"] == first.id
    french = explain(account, "to=%2B33612345678&class=bulk")
    assert (french["country"], french["rule"], french["chosen"]) == ("FR", 1, second.id)
    verdicts = {one["device"]: one["verdict"] for one in french["candidates"]}
    assert verdicts == {first.id: "not_in_rule", second.id: "chosen"}
    assert "345678" not in json.dumps(french)  # the number is masked
    start(account)
    assert len(first.wait_pull()) == 1


def test_rules_that_are_wrong_name_the_member(account):
    answer = routing(account, {"rules": [{"groups": ["nobody"]}]}).expect(422)
    assert answer.json["field"] == "rules[0].groups[0]"
    assert routing(account, {"sticky": 1}).expect(400).json["field"] == "sticky"
    answer = account.gateway.admin.get("/admin/v1/accounts/%s/route?to=12" % account.id)
    assert answer.expect(422).json["field"] == "to"
    answer = account.gateway.admin.get(
        "/admin/v1/accounts/%s/route?to=%%2B4915112345678&class=x" % account.id)
    assert answer.expect(400).json["field"] == "class"


def test_the_command_line_explains(gateway, account, tmp_path):
    first, second = connect(account, 2)
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules(first, second)), encoding="utf-8")

    def otpgate(*words):
        return subprocess.run([program(), *words, "--data", gateway.data], capture_output=True,
                              text=True, check=True).stdout
    assert "in force" in otpgate("route", "set", account.name, str(file))
    assert json.loads(otpgate("route", "show", account.name)) == rules(first, second)
    shown = otpgate("route", "explain", account.name, "+4915112345678", "--ttl", "60")
    lines = {line.split()[0]: line.split() for line in shown.splitlines() if line}
    assert lines["chosen"][1] == first.id
    assert lines[first.id][2] == "chosen"
    assert lines[second.id][2] == "later"


def test_a_phone_named_is_a_wish_where_the_account_says_so(account):
    first, second = connect(account, 2)
    assert account.message(send(account, deviceId=second.id))["deviceId"] == second.id
    routing(account, {"rebind": True}).expect(200)
    seen = set()
    until = time.monotonic() + 10
    while len(seen) < 2 and time.monotonic() < until:
        seen.add(account.message(send(account, deviceId=second.id))["deviceId"])
    assert first.id in seen
