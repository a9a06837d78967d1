"""Every kind of alert begins with the trouble that it names, and ends with it.

A row of the table is shown by what really happens to one gateway; what takes a slow disk or a spoiled log is named
with the test that shows it. A kind that is added and never raised fails here.
"""

import os
import re
import resource

import pytest

from support import otp
from support.gateway import T, Gateway
from support.receiver import Receiver, hook, send
from support.stores import Redis
from support.wait import wait_for

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ALERTS = "/admin/v1/alerts"
NO_SERVICE = "Send result: RESULT_ERROR_NO_SERVICE"
SIM = {"slotIndex": 0, "simNumber": 1}
ENVIRONMENT = {
    "OTPGATE_ALERT_KEEP": "0s", "OTPGATE_ALERT_OFFLINE_AFTER": "1s",
    "OTPGATE_ALERT_CODE_WAIT": "1s", "OTPGATE_ALERT_FAILURE_LEAST": "4",
    "OTPGATE_ALERT_FAILURE_PERCENT": "50", "OTPGATE_DEVICE_FAILURES_MAX": "2",
    "OTPGATE_DEVICE_QUARANTINE": "1s", "OTPGATE_SIM_ERRORS_MAX": "0",
    "OTPGATE_SIM_PARTS_PER_DAY": "25", "OTPGATE_SIM_OTP_RESERVE": "0",
    "OTPGATE_ROUTE_ROUTES_MAX": "1",
    "OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE", "OTPGATE_ABUSE_GLOBAL_DAY": "10",
    "OTPGATE_ABUSE_PREFIX_HOUR": "0", "OTPGATE_ABUSE_IP_HOUR": "0"}
ELSEWHERE = {
    "alert_channel_dead": "tests/api/test_alerts.py",
    "test": "tests/api/test_alerts.py",
    "abuse_alert": "tests/api/test_abuse.py",
    "abuse_stop": "tests/api/test_abuse.py",
    "audit_broken": "tests/unit/service/test_audit_purge.c",
    "database_slow": "tests/unit/jobs/test_alert_sender.c",
    "rows_unreadable": "tests/api/test_unreadable.py",
    "watchdog": "tests/unit/service/test_never_silent.c",
}
seen, ended = set(), set()


@pytest.fixture(scope="module")
def receiver(certificate):
    made = Receiver(*certificate)
    yield made
    made.close()


@pytest.fixture(scope="module")
def store():
    with Redis() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(certificate, receiver, store):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0],
                 "--audit.checkpoint_url", receiver.url("/checkpoints"),
                 "--audit.checkpoint_ca_file", certificate[0],
                 "--otp.store", "redis", "--redis.addresses", store.address,
                 tls=False, env=ENVIRONMENT) as made:
        yield made


@pytest.fixture
def account(gateway):
    return gateway.account()


def find(gateway, kind, subject=None, state="active"):
    return [one for one in gateway.admin.get(ALERTS).expect(200).json["alerts"]
            if one["kind"] == kind and one["state"] == state
            and (subject is None or one["subject"] == subject)]


def begins(gateway, kind, subject=None):
    found = wait_for(lambda: find(gateway, kind, subject), "%s of %s" % (kind, subject))
    assert len(found) == 1
    seen.add(kind)
    health = gateway.anyone.get("/health").json["checks"]["alerts:active"]
    assert health["status"] == "warn" and kind in health["description"]
    return found[0]


def ends(gateway, kind, subject=None):
    wait_for(lambda: not find(gateway, kind, subject), "the end of %s of %s" % (kind, subject))
    over = find(gateway, kind, subject, "ended")[0]
    assert over["ended_at"] >= over["started_at"]
    ended.add(kind)


def deliver(account, phone, count, state="Sent", error=None):
    """As many messages, each fetched by the phone and reported in this state."""
    for _ in range(count):
        made = account.app.post(T + "/messages", {
            "textMessage": {"text": "hello"}, "phoneNumbers": ["+4915112345678"],
            "deviceId": phone.id, "priority": 100}).expect(202).json["id"]
        message = wait_for(lambda made=made: next((m for m in phone.pull() if m["id"] == made), None),
                           "the message")
        phone.report(message, state, error=error)


def test_a_phone_that_comes_late(gateway, account):
    phone = account.add_phone(sims=[SIM])
    otp.start(account.app, gateway.fresh_number()).expect(201)
    offline = begins(gateway, "device_offline", phone.id)
    assert (offline["severity"], offline["unit"]) == ("warning", "seconds")
    begins(gateway, "no_otp_route", account.id)
    begins(gateway, "queue_delay", phone.id)
    stream = phone.listen()
    ends(gateway, "device_offline", phone.id)
    ends(gateway, "no_otp_route", account.id)
    phone.deliver(phone.wait_pull()[0])
    ends(gateway, "queue_delay", phone.id)
    stream.close()
    gateway.admin.delete("/admin/v1/devices/" + phone.id)


def test_a_phone_that_fails(gateway, account):
    phone = account.add_phone(sims=[SIM])
    stream = phone.listen()
    deliver(account, phone, 2)
    deliver(account, phone, 2, "Failed", NO_SERVICE)
    begins(gateway, "device_quarantined", phone.id)
    failing = begins(gateway, "device_failures", phone.id)
    assert (failing["figure"], failing["unit"]) == (50, "percent")
    begins(gateway, "account_failures", account.id)
    deliver(account, phone, 1)  # the probe
    ends(gateway, "device_quarantined", phone.id)
    deliver(account, phone, 2)
    assert find(gateway, "device_failures", phone.id)  # 2 of 7: not yet half as bad
    deliver(account, phone, 2)
    ends(gateway, "device_failures", phone.id)
    ends(gateway, "account_failures", account.id)
    stream.close()


def test_a_sim_that_is_used_up(gateway, account):
    phone = account.add_phone(sims=[SIM])
    stream = phone.listen()
    deliver(account, phone, 20)
    assert begins(gateway, "sim_quota_80", phone.id + "/1")["figure"] == 80
    deliver(account, phone, 5)
    assert begins(gateway, "sim_quota_100", phone.id + "/1")["severity"] == "critical"
    ends(gateway, "sim_quota_80", phone.id + "/1")
    stream.close()
    gateway.admin.delete("/admin/v1/devices/" + phone.id).expect(204)
    ends(gateway, "sim_quota_100", phone.id + "/1")


def test_a_receiver_that_is_gone(gateway, account, receiver):
    phone = account.add_phone()
    receiver.answers["/hook"] = 410
    hook(account, receiver.url(), "sms:sent")
    send(account)
    phone.report(phone.wait_pull()[0], "Sent")
    assert begins(gateway, "webhook_dead")["figure"] == 1  # ends by itself within an hour


def test_a_budget_that_runs_out(gateway, account):
    account.add_phone()
    for _ in range(7):  # and one before
        otp.start(account.app, gateway.fresh_number()).expect(201)
    begins(gateway, "quota_80", "global_day")
    for _ in range(2):
        otp.start(account.app, gateway.fresh_number()).expect(201)
    begins(gateway, "quota_100", "global_day")
    ends(gateway, "quota_80", "global_day")


def test_redis_that_goes_and_comes(gateway, store):
    store.stop()
    begins(gateway, "code_store_trouble")
    store.start()
    ends(gateway, "code_store_trouble")


def limit_files(gateway, size):
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_database_that_cannot_write(gateway):
    limit_files(gateway, 1)
    try:
        def fails():
            gateway.admin.post("/admin/v1/accounts", {"name": "lost"}).expect(503)
            return find(gateway, "database_trouble")
        wait_for(fails, "the alert")
        trouble = begins(gateway, "database_trouble")
        assert trouble["subject"] in ("io_error", "disk_full") and trouble["severity"] == "critical"
    finally:
        limit_files(gateway, resource.RLIM_INFINITY)
    ends(gateway, "database_trouble")


def test_a_checkpoint_that_nobody_takes(gateway, account, receiver):
    """One is due every 1,000 entries."""
    receiver.answers["/checkpoints"] = 500
    for i in range(1000):
        account.app.post(T + "/auth/token", {"scopes": ["messages:read"]}).expect(201)
        if i % 100 == 0 and find(gateway, "audit_trouble", "url"):
            break
    begins(gateway, "audit_trouble", "url")
    receiver.answers["/checkpoints"] = 200
    ends(gateway, "audit_trouble", "url")


def test_every_kind_was_raised_and_is_documented():
    with open(os.path.join(HERE, "src", "alert", "kinds.c"), encoding="utf-8") as file:
        kinds = dict(re.findall(r'\[OG_ALERT_(\w+)\] = \{"([a-z0-9_]+)"', file.read()))
    assert set(kinds.values()) - seen == set(ELSEWHERE)
    by_themselves = {"webhook_dead", "quota_100"}
    assert seen - ended == by_themselves
    for constant, kind in kinds.items():
        if kind in ELSEWHERE:
            with open(os.path.join(HERE, *ELSEWHERE[kind].split("/")), encoding="utf-8") as file:
                text = file.read()
            assert '"%s"' % kind in text or "OG_ALERT_" + constant in text, kind
    with open(os.path.join(HERE, "docs", "operations.md"), encoding="utf-8") as file:
        section = file.read().split("## Alerts")[1].split("\n## ")[0]
    documented = set(re.findall(r"`([a-z0-9_]+)`", "".join(
        line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))))
    assert documented == set(kinds.values())
