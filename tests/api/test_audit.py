"""The audit log of a real gateway: what it tells, that a change of it shows, and who it is sent to.

Requirements 76 to 92 of the notes on one-time codes, as far as they are about the log. One gateway
lives and ends; its files are then looked at, and spoiled in copies.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest

from support import otp
from support.audit_log import root_of
from support.client import bearer
from support.gateway import Gateway, clean_environment, program
from support.receiver import Receiver, make_certificate
from support.siem import SyslogReceiver
from support.wait import PATIENCE_S, wait_for


def rows_of(database):
    with sqlite3.connect(database) as db:
        return db.execute("SELECT seq, hash, line FROM audit ORDER BY seq").fetchall()


class Life:
    """A verification of each fate; what was in the log before the answer came, and the files."""

    def __init__(self, folder):
        self.root = str(folder)
        self.seen = {}
        self.numbers = []
        with Gateway("--audit.origin", "gateway.example/audit", root=self.root) as gateway:
            self.gateway = gateway
            self.live(gateway)
            gateway.end()
        self.data = gateway.data
        self.database = os.path.join(self.data, "otpgate.db")
        self.checkpoints = os.path.join(self.data, "audit-checkpoints")
        self.entries = [json.loads(row[2]) for row in rows_of(self.database)]
        self.kinds = [entry["kind"] for entry in self.entries]
        self.log = gateway.log()

    def look(self, kind):
        """Is it on disk now, before anything else happens?"""
        found = [row for row in rows_of(self.path) if '"kind":"%s"' % kind in row[2]]
        self.seen[kind] = len(found)

    def live(self, gateway):
        self.path = os.path.join(gateway.data, "otpgate.db")
        account = gateway.account()
        phone = account.add_phone()
        app = account.app
        for fate in ("ok", "cancel", "wrong"):
            number = gateway.fresh_number()
            self.numbers.append(number)
            verification, code, message = otp.started(app, phone, number)
            self.look("otp.start.accepted")
            if fate == "ok":
                phone.deliver(message)
                self.look("otp.send.delivered")
                otp.check(app, verification, code).expect(200)
                self.look("otp.check.ok")
                otp.check(app, verification, code).expect(409)
                self.look("otp.check.replayed")
            elif fate == "cancel":
                otp.resend(app, verification).expect(429)
                self.look("limit.hit")
                otp.cancel(app, verification)
                self.look("otp.cancel")
            else:
                otp.check(app, verification, otp.wrong_code(code)).expect(200)
                self.look("otp.check.wrong")
                otp.check(app, verification, "12345678").expect(422)
                self.look("otp.check.malformed")
                phone.report(message, "Failed", error="cannot reach " + number)
                self.look("otp.send.failed")
        otp.check(app, "unknown-" + "x" * 22, "123456")
        self.look("otp.check.unknown")
        gateway.client(bearer("og_wrong")).get("/admin/v1/accounts").expect(401)
        made = account.make_key()
        self.look("admin.credential")
        gateway.admin.delete("/admin/v1/accounts/%s/keys/%s" % (account.id, made["id"]))
        self.pages(gateway, account)

    def pages(self, gateway, account):
        self.page = gateway.admin.get("/admin/v1/audit?limit=5").expect(200).json
        self.older = gateway.admin.get("/admin/v1/audit?limit=5&before=%d"
                                       % self.page["next"]).expect(200).json
        self.checks = gateway.admin.get("/admin/v1/audit?kind=otp.check&limit=500").json
        key = account.make_key(["admin"])["key"]
        self.own = gateway.client(bearer(key)).get("/admin/v1/audit?limit=500").expect(200).json
        self.strange = gateway.client(bearer(key)).get("/admin/v1/audit?account=another")
        self.account = account
        for query, field in (("limit=0", "limit"), ("limit=501", "limit"), ("before=x", "before")):
            answer = gateway.admin.get("/admin/v1/audit?" + query).expect(400)
            assert answer.json["field"] == field


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return Life(tmp_path_factory.mktemp("audit"))


def run(*arguments, **more):
    return subprocess.run([program(), "audit", *arguments], capture_output=True, text=True,
                          env=clean_environment(more), timeout=PATIENCE_S, check=False)


def export(life, format_name):
    done = run("export", "--data", life.data, "--format", format_name)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# ---- what it tells ----

def test_req_77_each_event_is_on_disk_before_the_answer(life):
    assert [kind for kind, count in life.seen.items() if not count] == []
    assert len(life.seen) == 11


def test_req_77_the_way_of_a_code_is_told_whole(life):
    first = next(entry["id"] for entry in life.entries if entry["kind"] == "otp.start.accepted")
    way = [entry["kind"] for entry in life.entries if entry.get("id") == first]
    assert way == ["otp.send.queued", "otp.start.accepted", "otp.code.generated",
                   "otp.send.handed_to_device", "otp.send.sent", "otp.send.delivered",
                   "otp.check.ok", "otp.check.replayed"]


def test_req_77_service_phones_and_logins_are_told(life):
    assert {"service.start", "service.stop", "admin.account", "admin.credential", "admin.device",
            "auth.api.failed", "auth.api.ok"} <= set(life.kinds)


def test_req_77_who_and_from_where(life):
    entry = next(e for e in life.entries if e["kind"] == "otp.check.wrong")
    assert entry["account"] == life.account.id and entry["ip"] == "127.0.0.1"
    assert entry["actor"] and entry["request"] and entry["purpose"] == "login"


def test_req_80_no_number_in_the_log(life):
    text = json.dumps(life.entries) + "".join("".join(export(life, name)) for name in (
        "json", "syslog", "cef", "ecs", "hec", "emf"))
    for number in life.numbers:
        assert number not in text and number[1:] not in text and number[3:] not in text
        assert hashlib.sha256(number.encode()).hexdigest() not in text
        assert number[1:] not in life.log
    masked = {entry["to"] for entry in life.entries if "to" in entry}
    assert masked and all(len(re.sub(r"\D", "", mask)) <= 4 for mask in masked)
    failed = next(e for e in life.entries if e["kind"] == "otp.send.failed")
    assert re.fullmatch(r"cannot reach \+\**\d{4}", failed["reason"])


def test_the_api_pages_through_it(life):
    newest = [entry["seq"] for entry in life.page["entries"]]
    assert len(newest) == 5 and newest == sorted(newest, reverse=True)
    assert [e["seq"] for e in life.older["entries"]][0] == newest[-1] - 1
    assert {e["kind"] for e in life.checks["entries"]} >= {"otp.check.ok", "otp.check.wrong"}
    assert all(e["kind"].startswith("otp.check.") for e in life.checks["entries"])
    assert life.checks["next"] is None
    assert {e["account"] for e in life.own["entries"]} == {life.account.id}
    assert life.strange.status == 404


# ---- verify ----

def test_req_79_a_checkpoint_verifies_elsewhere(life, tmp_path):
    """With openssl and the tree made anew here, by the text of C2SP's tlog-checkpoint."""
    with open(life.checkpoints, encoding="utf-8") as file:
        note = file.read()
    body, signature_line = note.split("\n\n")[:2]
    body += "\n"
    origin, size, root = body.splitlines()
    assert origin == "gateway.example/audit"
    hashes = [hashlib.sha256(b"\x00" + row[2].encode()).digest()
              for row in rows_of(life.database)]
    assert int(size) == len(hashes)
    assert base64.b64decode(root) == root_of(hashes)
    with open(os.path.join(life.data, "audit-key.pub"), encoding="utf-8") as file:
        name, key_id, key = file.read().strip().split("+", 2)
    typed = base64.b64decode(key)
    assert name == origin and typed[0] == 1
    assert hashlib.sha256(origin.encode() + b"\n" + typed).digest()[:4].hex() == key_id
    dash, signer, signed = signature_line.splitlines()[0].split(" ")
    signed = base64.b64decode(signed)
    assert dash == "\u2014" and signer == origin and signed[:4].hex() == key_id
    prefix = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519
    (tmp_path / "key.der").write_bytes(prefix + typed[1:])
    (tmp_path / "body").write_bytes(body.encode())
    (tmp_path / "signature").write_bytes(signed[4:])
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                    tmp_path / "key.der", "-rawin", "-in", tmp_path / "body", "-sigfile",
                    tmp_path / "signature"], check=True, capture_output=True)


def test_req_78_the_log_verifies(life):
    done = run("verify", "--data", life.data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sound: %d entries, 1 checkpoints" % len(life.entries))
    told = json.loads(run("verify", "--data", life.data, "--json").stdout)
    assert told == {"sound": True, "entries": len(life.entries), "checkpoints": 1,
                    "covered": len(life.entries), "removed": 0}


def one_byte(db, count):
    line = db.execute("SELECT line FROM audit WHERE seq = 9").fetchone()[0]
    middle = len(line) // 2
    other = "y" if line[middle] == "x" else "x"
    db.execute("UPDATE audit SET line = ? WHERE seq = 9",
               (line[:middle] + other + line[middle + 1:],))
    return 9


def with_its_hash(db, count):
    line = db.execute("SELECT line FROM audit WHERE seq = 9").fetchone()[0].replace("a", "b")
    db.execute("UPDATE audit SET line = ?, hash = ? WHERE seq = 9",
               (line, hashlib.sha256(b"\x00" + line.encode()).digest()))
    return None  # its successor, or the entry itself where the change is in `prev`


def removed(db, count):
    db.execute("DELETE FROM audit WHERE seq = 5")
    return 5


def inserted(db, count):
    db.execute("UPDATE audit SET seq = -(seq + 1) WHERE seq >= 5")
    db.execute("UPDATE audit SET seq = -seq WHERE seq < 0")
    db.execute("INSERT INTO audit SELECT 5, hash, line FROM audit WHERE seq = 2")
    return 5


def swapped(db, count):
    db.execute("UPDATE audit SET seq = CASE seq WHEN 4 THEN -5 WHEN 5 THEN -4 END "
               "WHERE seq IN (4, 5)")
    db.execute("UPDATE audit SET seq = -seq WHERE seq < 0")
    return 4


def cut(db, count):
    db.execute("DELETE FROM audit WHERE seq > 6")
    return 7


def cut_with_its_head(db, count):
    """As one who knows the format: only the checkpoint tells."""
    cut(db, count)
    hashes = [row[0] for row in db.execute("SELECT hash FROM audit ORDER BY seq")]
    peaks = root_of(hashes[:4]) + root_of(hashes[4:6])
    db.execute("UPDATE audit_head SET size = 6, last = ?, peaks = ?", (hashes[5], peaks))
    return 7


@pytest.mark.parametrize("spoil", [one_byte, with_its_hash, removed, inserted, swapped, cut,
                                   cut_with_its_head])
def test_req_78_what_was_done_to_it_is_found(life, tmp_path, spoil):
    copy = str(tmp_path / "copy.db")
    shutil.copy(life.database, copy)
    with sqlite3.connect(copy) as db:
        expected = spoil(db, len(life.entries))
    done = run("verify", "--data", life.data, "--file", copy, "--json")
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert not told["sound"]
    assert told["entry"] == expected or (expected is None and told["entry"] in (9, 10))
    if spoil is cut_with_its_head:  # without a copy from elsewhere nothing shows
        (tmp_path / "none").write_text("")
        assert run("verify", "--data", life.data, "--file", copy, "--checkpoints",
                   str(tmp_path / "none")).returncode == 0


def test_req_78_a_changed_checkpoint_is_found(life, tmp_path):
    with open(life.checkpoints, encoding="utf-8") as file:
        note = file.read().splitlines()
    note[1] = str(int(note[1]) - 1)
    (tmp_path / "changed").write_text("\n".join(note) + "\n", encoding="utf-8")
    done = run("verify", "--data", life.data, "--checkpoints", str(tmp_path / "changed"))
    assert done.returncode == 2 and "checkpoint 1: the signature is wrong" in done.stderr


# ---- export ----

def test_req_83_forms_that_other_tools_read(life):
    for name in ("json", "ecs", "hec", "emf"):
        lines = [json.loads(line) for line in export(life, name)]
        assert len(lines) == len(life.entries)
    ecs = json.loads(export(life, "ecs")[0])
    assert ecs["event"]["kind"] == "event" and ecs["ecs"]["version"] == "9.0.0"
    assert ecs["event"]["outcome"] in ("success", "failure", "unknown")
    for line in export(life, "syslog"):
        assert re.match(r"<10[4-9]|<110>", line) and re.match(
            r"<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S{1,255} otpgate - \S{1,32} "
            r"\[otpgate@32473( \w+=\"([^\"\\\]]|\\[\"\\\]])*\")+\] \ufeff", line), line
    for line in export(life, "cef"):
        assert len(re.findall(r"(?<!\\)\|", line)) == 7 and line.startswith("CEF:0|")


def test_req_85_metrics_for_cloudwatch(life):
    document = json.loads(export(life, "emf")[0])
    directive = document["_aws"]["CloudWatchMetrics"][0]
    assert isinstance(document["_aws"]["Timestamp"], int)
    assert len(directive["Metrics"]) == 1 and directive["Namespace"]
    for name in [m["Name"] for m in directive["Metrics"]] + sum(directive["Dimensions"], []):
        assert name in document


def test_tail_shows_the_last_ones(life):
    done = run("tail", "--data", life.data, "--once", "--lines", "3")
    shown = [json.loads(line)["seq"] for line in done.stdout.splitlines()]
    assert shown == [entry["seq"] for entry in life.entries[-3:]]


@pytest.mark.parametrize("words, complaint", [
    (["export", "--format", "xml"], "--format is json"),
    (["export", "--to", "udp://host"], "--to is tls://host"),
    (["export", "--to", "tls://host:0"], "--to is tls://host"),
    (["export", "--from", "0"], "from"),
    (["tail", "--lines", "-1"], "lines"),
])
def test_wrong_words_are_named(life, words, complaint):
    done = run(*words, "--data", life.data)
    assert done.returncode == 1 and complaint in done.stderr


class Shipper:
    """otpgate audit export --follow, ended by its process id."""

    def __init__(self, life, *words, **more):
        self.process = subprocess.Popen(
            [program(), "audit", "export", "--data", life.data, "--follow", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment(more))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.kill(self.process.pid, signal.SIGTERM)
        self.output, self.errors = self.process.communicate(timeout=PATIENCE_S)


def sequences(messages):
    return [int(re.search(r' seq="(\d+)"', message)[1]) for message in messages]


def test_req_84_syslog_over_tls_survives_an_outage(life, certificate, tmp_path):
    cursor = str(tmp_path / "cursor")
    receiver = SyslogReceiver(*certificate)
    port, expected = receiver.port, [entry["seq"] for entry in life.entries]
    with sqlite3.connect(str(tmp_path / "growing.db")) as growing:
        with sqlite3.connect(life.database) as whole:
            whole.backup(growing)
        growing.execute("PRAGMA journal_mode=WAL")
        growing.execute("CREATE TABLE later AS SELECT * FROM audit WHERE seq > 5")
        growing.execute("DELETE FROM audit WHERE seq > 5")
        growing.commit()
        with Shipper(life, "--file", str(tmp_path / "growing.db"), "--format", "syslog", "--to",
                     "tls://localhost:%d" % port, "--ca", certificate[0], "--cursor", cursor):
            wait_for(lambda: len(receiver.messages) == 5, "the first messages")
            receiver.close()
            growing.execute("INSERT INTO audit SELECT * FROM later")
            growing.commit()
            again = SyslogReceiver(*certificate, port=port)
            wait_for(lambda: set(expected) <= set(sequences(receiver.messages + again.messages)),
                     "the messages after the outage")
            again.close()
    assert sequences(receiver.messages) == expected[:5]
    with open(cursor, encoding="utf-8") as file:
        assert int(file.read()) in (5, expected[-1])


def test_req_84_a_receiver_that_is_not_trusted_gets_nothing(life, certificate, tmp_path):
    receiver = SyslogReceiver(*certificate)
    strange = make_certificate(str(tmp_path))
    for host, ca in (("localhost", strange[0]), ("127.0.0.2", certificate[0])):
        done = run("export", "--data", life.data, "--format", "syslog", "--to",
                   "tls://%s:%d" % (host, receiver.port), "--ca", ca)
        assert done.returncode == 2
        assert "not to be trusted" in done.stderr or "no connection" in done.stderr
    assert receiver.messages == []
    receiver.close()


def test_req_85_splunk_is_asked_again_and_the_token_stays_secret(life, certificate):
    receiver = Receiver(*certificate)
    path = "/services/collector/event"
    receiver.answers[path] = lambda count: 503 if count <= 1 else 200
    with Shipper(life, "--format", "hec", "--to", "https://localhost:%d" % receiver.port, "--ca",
                 certificate[0], OTPGATE_SPLUNK_TOKEN="secret-token") as shipper:
        wait_for(lambda: len(receiver.calls) >= 2, "the second try")
    assert receiver.calls[0].body == receiver.calls[1].body
    assert receiver.calls[1].headers["Authorization"] == "Splunk secret-token"
    events = [json.loads(line) for line in receiver.calls[1].body.decode().splitlines()]
    assert [event["event"]["seq"] for event in events] == [e["seq"] for e in life.entries]
    assert "answered 503" in shipper.errors and "secret-token" not in shipper.errors


def test_req_91_a_crash_loses_no_entry(tmp_path):
    """Killed, not stopped: what was answered is there, and the chain goes on."""
    with Gateway(root=str(tmp_path)) as gateway:
        account = gateway.account()
        account.add_phone()
        made = [otp.start(account.app, gateway.fresh_number()).expect(201).json["id"]
                for _ in range(5)]
        gateway.kill()
        gateway.start()
        otp.check(gateway.client(account.app.authorization), made[0], "123456")
        gateway.end()
        entries = [json.loads(row[2]) for row in rows_of(os.path.join(gateway.data, "otpgate.db"))]
        started = [e["id"] for e in entries if e["kind"] == "otp.start.accepted"]
        assert started == made
        assert run("verify", "--data", gateway.data).returncode == 0
        gateway.start()


def test_checkpoints_go_to_a_url(certificate, tmp_path):
    """Every 60 s or 1000 entries: the second is sooner."""
    receiver = Receiver(*certificate)
    with Gateway("--audit.checkpoint_url", "https://localhost:%d/checkpoints" % receiver.port,
                 "--audit.checkpoint_ca_file", certificate[0], root=str(tmp_path)) as gateway:
        account = gateway.account()
        account.add_phone()
        for _ in range(350):
            otp.start(account.app, gateway.fresh_number()).expect(201)
        call = wait_for(lambda: receiver.calls and receiver.calls[0], "the checkpoint")
        assert call.body.decode().startswith("otpgate/audit\n")
        size = int(call.body.decode().splitlines()[1])
        assert size >= 1000
        with open(os.path.join(gateway.data, "audit-checkpoints"), encoding="utf-8") as file:
            assert call.body.decode().rstrip() in file.read()
        gateway.end()
        entries = [json.loads(row[2]) for row in rows_of(os.path.join(gateway.data, "otpgate.db"))]
        told = next(e for e in entries if e["kind"] == "audit.checkpoint")
        assert told["detail"].startswith("entries=%d root=" % size)
        verified = json.loads(run("verify", "--data", gateway.data, "--json").stdout)
        assert verified["sound"] and verified["checkpoints"] == 2
        gateway.start()


def test_without_the_log(tmp_path):
    with Gateway("--audit.enabled=false", root=str(tmp_path)) as gateway:
        account = gateway.account()
        account.add_phone()
        otp.start(account.app, gateway.fresh_number()).expect(201)
        assert gateway.admin.get("/admin/v1/audit").expect(200).json["entries"] == []
