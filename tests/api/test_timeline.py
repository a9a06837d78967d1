"""Time lines: every step of a message and of a verification, and never a code or a number in one."""

import contextlib
import json
import re
import sqlite3
import subprocess

import pytest

from support import otp
from support.gateway import T, Account, Gateway, program
from support.phone import date
from support.receiver import Receiver, hook
from support.wait import wait_for

NUMBER = "+4915112345678"
NO_SERVICE = "Send result: RESULT_ERROR_NO_SERVICE"
PACED = {"OTPGATE_SIM_PARTS_PER_MINUTE": "4", "OTPGATE_ROUTE_AHEAD_MAX": "5",
         "OTPGATE_SIM_OTP_RESERVE": "25", "OTPGATE_OTP_RESEND_WAITS": "1s",
         "OTPGATE_ROUTE_SILENT_AFTER": "1s", "OTPGATE_OTP_LOCK_AFTER": "2",
         "OTPGATE_WEBHOOK_FIRST_RETRY": "200ms"}


@pytest.fixture(scope="module")
def gateway(certificate):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0],
                 env=PACED) as running:
        yield running


@pytest.fixture
def account(gateway):
    name = "timeline-%d" % next(gateway.numbers)
    return Account(gateway, gateway.admin.post("/admin/v1/accounts",
                                               {"name": name}).expect(201).json)


def connect(account, count=1):
    phones = [account.add_phone("test/%d" % i) for i in range(count)]
    for phone in phones:
        phone.stream = phone.listen()
    return phones


def send(account, **members):
    body = {"textMessage": {"text": "hello"}, "phoneNumbers": [NUMBER], **members}
    return account.app.post(T + "/messages", body).expect(202).json["id"]


def of_message(account, message):
    return checked(account.app.get("%s/messages/%s/timeline" % (T, message)).expect(200))


def of_verification(account, started):
    return checked(account.app.get("%s/%s/timeline" % (otp.V, started)).expect(200))


def checked(answer):
    """The time line: in order, named, and without a code or a number."""
    line = answer.json
    moments = [step["at"] for step in line["steps"]]
    assert moments == sorted(moments)
    for step in line["steps"]:
        words = " ".join(step.get(name, "") for name in ("reason", "event", "result"))
        assert not re.search(r"[0-9]{4}", words), step
    assert NUMBER[-6:] not in json.dumps(line)
    return line


def names(line, of=None):
    return [step["step"] for step in line["steps"] if of in (None, step["of"])]


def only(line, name):
    found = [step for step in line["steps"] if step["step"] == name]
    assert len(found) == 1, (name, names(line))
    return found[0]


# ---- messages ----

def test_an_ordinary_life(account):
    phone, = connect(account)
    sent = send(account, simNumber=1)
    line = of_message(account, sent)
    assert (line["kind"], line["state"], line["final"]) == ("message", "Pending", False)
    assert line["waiting"]["for"] == "fetch"
    assert line["waiting"]["device"] == {"id": phone.id, "name": "test/0"}
    phone.deliver(phone.wait_pull()[0])
    line = of_message(account, sent)
    assert names(line) == ["accepted", "pushed", "handed", "processed", "sent", "delivered"]
    accepted, handed = only(line, "accepted"), only(line, "handed")
    assert (accepted["parts"], accepted["recipients"], accepted["sim"]) == (1, 1, 1)
    assert accepted["device"]["id"] == handed["device"]["id"] == phone.id
    assert (handed["route"], handed["routes"]) == (1, 3)
    assert [step["state"] for step in line["steps"]][-3:] == ["Processed", "Sent", "Delivered"]
    assert line["final"] and line["waiting"] is None


def test_what_waits_and_what_had_to(account):
    phone, = connect(account)
    sent = [send(account) for _ in range(5)]
    phone.wait_pull(3)  # the newest first
    line = of_message(account, sent[0])
    assert (line["waiting"]["for"], line["waiting"]["by"]) == ("sim_pace", "minute")
    assert line["waiting"]["until"] > line["now"]
    assert names(line) == ["accepted"]


def test_a_phone_without_a_stream(account):
    phone = account.add_phone("test/polls")
    sent = send(account)
    assert of_message(account, sent)["waiting"]["for"] == "phone_offline"
    item, = phone.pull()
    line = of_message(account, sent)
    assert names(line) == ["accepted", "handed"]  # nobody had to tell it
    assert line["waiting"]["for"] == "report"
    phone.report(item, "Processed")
    assert of_message(account, sent)["waiting"]["for"] == "sent"
    phone.report(item, "Sent")
    assert of_message(account, sent)["waiting"]["for"] == "delivery_report"


def test_failed_with_its_code(account):
    phone, = connect(account)
    sent = send(account, deviceId=phone.id)
    phone.report(phone.wait_pull()[0], "Failed", error=NO_SERVICE + " for " + NUMBER)
    line = of_message(account, sent)
    failed = only(line, "failed")
    assert failed["reason"] == NO_SERVICE + " for +…"
    assert failed["device"]["id"] == phone.id
    assert only(line, "accepted")["reason"] == "the client named the phone"


def test_scheduled_and_cancelled(account):
    phone, = connect(account)
    sent = send(account, scheduleAt=date(2))
    line = of_message(account, sent)
    assert names(line) == ["accepted", "scheduled"]
    assert line["waiting"]["for"] == "schedule"
    phone.wait_pull()
    line = of_message(account, sent)
    assert only(line, "released")["at"] >= only(line, "scheduled")["until"]
    account.app.delete("%s/messages/%s" % (T, sent)).expect(200)
    line = of_message(account, sent)
    assert names(line)[-2:] == ["handed", "cancel_asked"]
    assert line["waiting"]["for"] == "cancel"
    phone.report({"id": sent, "phoneNumbers": [NUMBER]}, "Cancelled")
    line = of_message(account, sent)
    assert names(line)[-2:] == ["cancel_asked", "cancelled"]
    later = send(account, scheduleAt=date(60))
    account.app.delete("%s/messages/%s" % (T, later)).expect(200)
    assert names(of_message(account, later)) == ["accepted", "scheduled", "cancel_asked",
                                                 "cancelled"]


def test_expired(account):
    account.add_phone("test/away")
    sent = send(account, ttl=5)
    limit = of_message(account, sent)["limit"]
    wait_for(lambda: of_message(account, sent)["final"], "the end of its life")
    line = of_message(account, sent)
    assert names(line) == ["accepted", "expired"]
    assert only(line, "expired")["at"] >= limit and "limit" not in line


def test_ids_of_clients_and_other_paths(account):
    account.add_phone("test/x")
    send(account, id="order-1")
    for path in ("/3rdparty/v1/message", "/api/3rdparty/v1/message", "/3rdparty/v1/messages"):
        assert account.app.get(path + "/order-1/timeline").expect(200).json["id"] == "order-1"


# ---- another phone ----

def test_replanned_when_its_phone_goes(account):
    first, second = connect(account, 2)
    started = otp.start(account.app, NUMBER).expect(201).json["id"]
    planned = only(of_verification(account, started), "accepted")["device"]["id"]
    gone, other = (first, second) if planned == first.id else (second, first)
    gone.stream.close()
    other.wait_pull()
    line = of_verification(account, started)
    moved = only(line, "replanned")
    assert (moved["from"]["id"], moved["device"]["id"]) == (gone.id, other.id)
    assert moved["reason"] in ("offline", "not_fetched")
    assert only(line, "handed")["device"]["id"] == other.id


def test_failed_over_and_claimed(account):
    first, second = connect(account, 2)
    started = otp.start(account.app, NUMBER).expect(201).json["id"]
    holder = next(phone for phone in (first, second) if phone.pull())
    other = second if holder is first else first
    item, = holder.pull()
    holder.report(item, "Processed")
    holder.report(item, "Failed", error=NO_SERVICE)
    again, = other.wait_pull()
    line = of_verification(account, started)
    over = only(line, "failed_over")
    assert (over["route"], over["routes"], over["reason"]) == (2, 3, NO_SERVICE)
    assert (over["from"]["id"], over["device"]["id"]) == (holder.id, other.id)
    assert "possibleDuplicate" not in over
    assert names(line).count("handed") == 2 and "processed" in names(line)
    holder.report(item, "Sent")  # it knew better
    line = of_verification(account, started)
    claimed = only(line, "claimed")
    assert (claimed["from"]["id"], claimed["device"]["id"]) == (other.id, holder.id)
    assert [step["device"]["id"] for step in line["steps"] if step["step"] == "handed"] == [
        holder.id, other.id]
    assert again["id"] == item["id"]


def test_silence_is_told_as_a_possible_duplicate(account):
    first, second = connect(account, 2)
    started = otp.start(account.app, NUMBER).expect(201).json["id"]
    wait_for(lambda: first.pull() or second.pull(), "the first route")
    wait_for(lambda: first.pull() and second.pull() or
             "failed_over" in names(of_verification(account, started)), "the second route")
    over = only(of_verification(account, started), "failed_over")
    assert (over["reason"], over["possibleDuplicate"], over["route"]) == ("silent", True, 2)


# ---- verifications ----

def test_a_verification(account):
    phone, = connect(account)
    started, code, _ = otp.started(account.app, phone, NUMBER)
    line = of_verification(account, started)
    assert (line["kind"], line["state"], line["waiting"]["for"]) == ("verification", "pending",
                                                                     "report")
    account_check = otp.check(account.app, started, otp.wrong_code(code))
    assert not account_check.expect(200).json["approved"]
    assert otp.check(account.app, started, code).expect(200).json["approved"]
    line = of_verification(account, started)
    assert names(line, "verification") == ["started", "checked", "checked", "approved"]
    assert [step["result"] for step in line["steps"] if step["step"] == "checked"] == [
        "wrong", "right"]
    assert names(line, "message") == ["accepted", "pushed", "handed"]
    assert {step["send"] for step in line["steps"] if step["of"] == "message"} == {1}
    assert line["final"] and line["waiting"] is None
    assert code not in json.dumps(line)


def test_resent_and_canceled(account):
    phone, = connect(account)
    started, _, _ = otp.started(account.app, phone, NUMBER)
    wait_for(lambda: otp.resend(account.app, started).status == 200, "the wait for a resend")
    otp.cancel(account.app, started).expect(200)
    line = of_verification(account, started)
    assert names(line, "verification") == ["started", "resent", "canceled"]
    assert {step["send"] for step in line["steps"] if step["of"] == "message"} == {1, 2}


def test_locked(account):
    phone, = connect(account)
    started, code, _ = otp.started(account.app, phone, NUMBER, "lock-me")
    for _ in range(2):
        otp.check(account.app, started, otp.wrong_code(code), "lock-me")
    line = of_verification(account, started)
    assert names(line, "verification") == ["started", "checked", "checked", "failed", "locked"]
    assert only(line, "locked")["until"] > line["now"]


# ---- webhooks ----

def test_deliveries_of_events(account, certificate):
    receiver = Receiver(*certificate)
    receiver.answers["/hook"] = lambda count: 500 if count == 1 else 200
    receiver.answers["/hook"] = lambda count: 500 if count == 1 else 200
    hook(account, receiver.url(), "sms:sent", "otp.approved")
    phone, = connect(account)
    started, code, item = otp.started(account.app, phone, NUMBER)
    phone.report(item, "Sent")
    otp.check(account.app, started, code).expect(200)

    def told():
        steps = [step for step in of_verification(account, started)["steps"]
                 if step["step"] == "webhook"]
        return {(step["of"], step["event"]): step for step in steps}
    wait_for(lambda: [step["result"] for step in told().values()] == ["taken"] * 2, "both events")
    assert set(told()) == {("message", "sms:sent"), ("verification", "otp.approved")}
    assert sorted(step["tries"] for step in told().values()) == [1, 2]  # the first one was refused
    receiver.close()


# ---- who may ----

def test_who_may_see_one(gateway, account):
    phone, = connect(account)
    started, _, item = otp.started(account.app, phone, NUMBER)
    other = Account(gateway, gateway.admin.post("/admin/v1/accounts",
                                                {"name": account.name + "-b"}).expect(201).json)
    paths = ["%s/messages/%s/timeline" % (T, item["id"]), "%s/%s/timeline" % (otp.V, started)]
    for path, scope in zip(paths, ("messages:read", "otp:check")):
        other.app.get(path).expect(404)
        account.with_key("devices:read").get(path).expect(403)
        account.with_key(scope).get(path).expect(200)
    for one in (item["id"], started):
        line = checked(gateway.admin.get("/admin/v1/timelines/" + one).expect(200))
        assert line["id"] == one
        gateway.admin.get("/admin/v1/timelines/%s?account=%s" % (one, other.name)).expect(404)
        other.with_key("admin").get("/admin/v1/timelines/" + one).expect(404)
        account.with_key("admin").get("/admin/v1/timelines/" + one).expect(200)
    gateway.admin.get("/admin/v1/timelines/nothing").expect(404)
    account.app.get(otp.V + "/nothing/timeline").expect(404)
    # a verification's id is no message's
    account.app.get("%s/messages/%s/timeline" % (T, started)).expect(404)


# ---- what is left of one ----

def steps_of(gateway, *subjects):
    path = "file:%s/otpgate.db?mode=ro" % gateway.data
    with contextlib.closing(sqlite3.connect(path, uri=True)) as database:
        return database.execute("SELECT count(*) FROM timeline_steps WHERE subject_id IN (%s)" %
                                ",".join("?" * len(subjects)), subjects).fetchone()[0]


def test_erasing_a_number_erases_its_steps(gateway, account, certificate):
    receiver = Receiver(*certificate)
    hook(account, receiver.url(), "sms:sent", "otp.approved")
    phone, = connect(account)
    number = gateway.fresh_number()
    started, code, item = otp.started(account.app, phone, number)
    phone.report(item, "Sent")
    otp.check(account.app, started, code).expect(200)
    wait_for(lambda: steps_of(gateway, started, item["id"]) == 2, "both events")
    exported = gateway.admin.post("/admin/v1/privacy/export", {"number": number}).expect(200)
    assert b'"steps":[{"step":"webhook"' in exported.body
    assert otpgate(gateway, "privacy", "erase", number).returncode == 0
    assert steps_of(gateway, started, item["id"]) == 0
    account.app.get("%s/%s/timeline" % (otp.V, started)).expect(404)
    receiver.close()


# ---- for people ----

def otpgate(gateway, *words):
    return subprocess.run([program(), *words, "--data", gateway.data], capture_output=True,
                          text=True, check=False)


def test_the_command_line(gateway, account):
    phone, = connect(account)
    started, code, item = otp.started(account.app, phone, NUMBER)
    shown = otpgate(gateway, "trace", started).stdout
    assert "waits for a word of test/0" in shown and "hint" in shown and "\033" not in shown
    phone.report(item, "Failed", error="Send result: RESULT_ERROR_NULL_PDU")
    otp.check(account.app, started, otp.wrong_code(code))
    shown = otpgate(gateway, "trace", started, "--account", account.name).stdout
    lines = {line.split()[3]: line for line in shown.splitlines() if " s  " in line}
    assert list(lines) == ["started", "accepted", "pushed", "handed", "failed", "checked"]
    assert "planned for test/0; 1 part for 1 recipient" in lines["accepted"]
    assert "often no SMS centre is set" in lines["failed"]
    assert "somebody typed a code: wrong" in lines["checked"]
    assert code not in shown and NUMBER[-6:] not in shown
    line = json.loads(otpgate(gateway, "trace", item["id"], "--json").stdout)
    assert line["id"] == item["id"] and line["kind"] == "message"
    missing = otpgate(gateway, "trace", "nothing")
    assert missing.returncode == 2 and "no such message or verification" in missing.stderr
