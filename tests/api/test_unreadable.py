"""Rows that do not open any more: their readers are told, nobody else is held up, and an alert names it.

The rows are damaged in the file while the gateway runs, as a bad disk would.
"""

import contextlib
import sqlite3

import pytest

from support import otp
from support.gateway import T, Gateway
from support.receiver import Receiver, hook, send
from support.wait import wait_for

B = "/bulk/v1/batches"
NUMBER = "+4915112345678"
SENTENCE = "the stored %s cannot be opened: its row is damaged, or was sealed with another master key"


@pytest.fixture(scope="module")
def gateway(certificate):
    with Gateway("--webhook.allow_private", "--webhook.ca_file", certificate[0],
                 "--otp.resend_waits", "1s") as running:
        yield running


@pytest.fixture(name="phone")
def listening_phone(account):
    account.phone = account.add_phone()
    account.phone.stream = account.phone.listen()
    yield account.phone
    account.phone.stream.close()


def damage(gateway, table, column, row_id, key="id"):
    """One bit in what is sealed."""
    with contextlib.closing(sqlite3.connect(gateway.data + "/otpgate.db", timeout=10)) as db, db:
        box = db.execute("SELECT %s FROM %s WHERE %s = ?" % (column, table, key),
                         (row_id,)).fetchone()[0]
        db.execute("UPDATE %s SET %s = ? WHERE %s = ?" % (table, column, key),
                   (box[:-1] + bytes([box[-1] ^ 1]), row_id))


def fetched(account):
    """A message that its phone has."""
    made = send(account)
    account.phone.wait_pull()
    return made


@pytest.mark.parametrize("column", ["recipients", "content"])
def test_a_message_says_what_is_wrong_with_it(gateway, account, phone, column):
    good, bad = fetched(account), fetched(account)
    damage(gateway, "messages", column, bad)
    path = T + "/messages/" + bad
    assert account.app.get(path).expect(500).json == {"message": SENTENCE % "message"}
    account.app.get(T + "/messages/" + good).expect(200)
    assert "route=/3rdparty/v1/messages/{id} code=unreadable" in gateway.log()


def test_lists_go_on_without_it(gateway, account, phone):
    ids = [fetched(account) for _ in range(3)]
    damage(gateway, "messages", "recipients", ids[1])
    listed = account.app.get(T + "/messages").expect(200)
    assert [m["id"] for m in listed.json] == [ids[2], ids[0]]
    assert listed.headers["x-total-count"] == "3"  # it is there, and counts


@pytest.mark.parametrize("column", ["recipients", "content"])
def test_it_does_not_stop_a_phone(gateway, account, phone, column):
    """The others go out, and the phone is not woken again and again for what it cannot have."""
    bad = send(account)
    woken = len(phone.stream.wait("MessageEnqueued"))
    damage(gateway, "messages", column, bad)
    for _ in range(3):
        assert phone.pull() == []
    good = send(account)
    assert len(phone.stream.wait("MessageEnqueued", woken + 1)) == woken + 1
    assert [m["id"] for m in phone.pull()] == [good]
    phone.report({"id": bad, "phoneNumbers": [NUMBER]}, "Sent")  # passed over


def test_it_is_told_once(gateway, account, phone):
    bad = fetched(account)
    damage(gateway, "messages", "recipients", bad)
    before = gateway.metric("otpgate_rows_unreadable_total")
    for _ in range(3):
        account.app.get(T + "/messages/" + bad).expect(500)
    assert gateway.metric("otpgate_rows_unreadable_total") >= before + 3

    def alerts():
        return [one for one in gateway.admin.get("/admin/v1/alerts").expect(200).json["alerts"]
                if one["kind"] == "rows_unreadable"]
    found = wait_for(alerts, "the alert")
    assert len(found) == 1 and found[0]["severity"] == "critical" and found[0]["unit"] == "rows"
    health = gateway.anyone.get("/health").json["checks"]["alerts:active"]
    assert health["status"] == "warn" and "rows_unreadable" in health["description"]


def test_a_verification_is_read_checked_and_canceled_without_it(gateway, account, phone):
    to = gateway.fresh_number()
    made = otp.start(account.app, to).expect(201).json
    code = otp.code_in(phone.wait_pull()[0]["textMessage"]["text"])
    damage(gateway, "verifications", "recipient", made["id"])
    assert otp.show(account.app, made["id"])["status"] == "pending"
    again = wait_for(lambda: (lambda a: a.status != 429 and a)(otp.resend(account.app, made["id"])))
    assert again.status == 500 and again.json["error"] == "unreadable"
    assert again.json["message"] == SENTENCE % "verification"
    assert otp.check(account.app, made["id"], code).json["status"] == "approved"
    other = otp.start(account.app, gateway.fresh_number()).expect(201).json
    with contextlib.closing(sqlite3.connect(gateway.data + "/otpgate.db")) as db:
        message = db.execute("SELECT message_id FROM verifications WHERE id = ?",
                             (other["id"],)).fetchone()[0]
    damage(gateway, "messages", "recipients", message)
    assert otp.show(account.app, other["id"])["status"] == "pending"
    account.app.get("/otp/v1/verifications/%s/timeline" % other["id"]).expect(200)
    assert otp.cancel(account.app, other["id"]).expect(200).json["status"] == "canceled"


def test_an_inbox_goes_on_without_it(gateway, account, phone):
    first, second = phone.tell_received("one"), phone.tell_received("two")
    damage(gateway, "inbox", "content", first)
    assert [m["id"] for m in account.app.get(T + "/inbox").expect(200).json] == [second]


def test_a_batch_goes_on_without_it(gateway, account, phone):
    rows = [{"to": "+49151000000%02d" % i, "vars": {"name": "x"}} for i in range(3)]
    made = account.app.post(B, {"text": "Hello {name}", "recipients": rows, "start": False}) \
        .expect(201).json
    damage(gateway, "batch_rows", "content", made["id"] + ".000001")
    damage(gateway, "batches", "content", made["id"])
    account.app.patch(B + "/" + made["id"], {"state": "running"}).expect(200)
    assert len(phone.wait_pull(2)) == 2
    shown = account.app.get(B + "/" + made["id"]).expect(200).json
    assert shown["counts"]["failed"] == 1
    told = account.app.get(B + "/%s/errors" % made["id"]).expect(200).json["errors"]
    assert told == [{"line": 2, "field": None, "reason": SENTENCE % "row"}]


def tell_one(account, receiver):
    before = len(receiver.calls)
    send(account, deviceId=account.phone.id)
    account.phone.deliver(account.phone.wait_pull()[0])
    wait_for(lambda: len(receiver.calls) > before, "the event")


def test_anothers_webhooks_go_on_without_a_key(gateway, account, certificate):
    """The signing key of one account does not open: its events are given up, others' are sent."""
    receiver = Receiver(*certificate)
    other = gateway.account()
    for one in (account, other):
        hook(one, receiver.url("/" + one.id), "sms:sent")
        one.phone = one.add_phone()
        tell_one(one, receiver)  # its key is made with its first event
    damage(gateway, "webhook_accounts", "signing_key", account.id, key="account_id")
    send(account, deviceId=account.phone.id)
    account.phone.deliver(account.phone.wait_pull()[0])
    dead = wait_for(lambda: gateway.admin.get("/admin/v1/webhooks/dead?account=" + account.id)
                    .expect(200).json["events"], "the dead event")
    assert dead[0]["reason"] == "the signing key cannot be opened"
    tell_one(other, receiver)
    receiver.close()
