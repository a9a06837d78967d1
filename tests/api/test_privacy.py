"""Erasing a phone number: nothing of it is left in rows, files or look-ups, others stay, the log verifies.
Exporting one: all of it, nothing of others, no code, and a note in the audit log."""

import json
import os
import subprocess

from support import otp
from support.gateway import T, Gateway, clean_environment, program
from support.wait import wait_for

ERASE = "/admin/v1/privacy/erase"
EXPORT = "/admin/v1/privacy/export"


def cli(gateway, *words, stdin=""):
    return subprocess.run([program(), *words, "--data", gateway.data], capture_output=True, text=True,
                          input=stdin, env=clean_environment({}), timeout=60)


def exported(gateway, number):
    done = cli(gateway, "privacy", "export", stdin=number + "\n")
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        found.setdefault(row["class"], []).append(row)
    return found, done.stdout


def files_hold(gateway, text):
    held = b""
    for name in ("otpgate.db", "otpgate.db-wal"):
        path = os.path.join(gateway.data, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                held += file.read()
    return text.encode() in held


def test_req_81_erasing_a_number_leaves_nothing_of_it():
    with Gateway() as gateway:
        account = gateway.account()
        phone = account.add_phone()
        number, other = gateway.fresh_number(), gateway.fresh_number()
        open_one, code, _ = otp.started(account.app, phone, number)
        kept, kept_code, _ = otp.started(account.app, phone, other)
        path = T + "/messages"
        alone = {"id": "alone", "phoneNumbers": [number], "textMessage": {"text": "to you"}}
        both = {"id": "both", "phoneNumbers": [number, other], "textMessage": {"text": "to two"}}
        account.app.post(path, alone).expect(202)
        account.app.post(path, both).expect(202)
        assert files_hold(gateway, open_one)
        done = cli(gateway, "privacy", "erase", number)
        assert done.returncode == 0, done.stderr
        assert "erased 4" in done.stdout  # verification, its message, "alone", one of "both"
        account.app.get("/otp/v1/verifications/" + open_one).expect(404)
        otp.check(account.app, open_one, code).expect(404)
        account.app.get(path + "/alone").expect(404)
        assert [r["phoneNumber"] for r in account.message("both")["recipients"]] == [other]
        account.app.post(path, alone).expect(202)  # the id is free again
        otp.check(account.app, kept, kept_code).expect(200)
        assert "erased 1" in cli(gateway, "privacy", "erase", number).stdout
        gateway.admin.post(ERASE, {"number": number, "cursor": "9.x"}).expect(400)
        gateway.admin.post(ERASE, {"number": "12"}).expect(422)
        account.with_key().post(ERASE, {"number": number}).expect(403)
        gateway.end()
        wait_for(lambda: gateway.process is None or gateway.process.poll() is not None)
        assert cli(gateway, "audit", "verify").returncode == 0
        assert not files_hold(gateway, number)


def test_an_export_has_all_of_a_number_and_nothing_of_others():
    with Gateway(env={"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE",
                      "OTPGATE_SIM_RECIPIENTS_PER_DAY": "1000"}) as gateway:
        account = gateway.account()
        phone = account.add_phone()
        number, other = gateway.fresh_number(), gateway.fresh_number()
        verification, code, _ = otp.started(account.app, phone, number)
        otp.check(account.app, verification, otp.wrong_code(code)).expect(200)
        others, other_code, _ = otp.started(account.app, phone, other)
        both = {"id": "both", "phoneNumbers": [number, other], "textMessage": {"text": "to two"}}
        account.app.post(T + "/messages", both).expect(202)
        found, text = exported(gateway, number)
        [row] = found["verifications"]
        assert (row["id"], row["number"], row["state"]) == (verification, number, "pending")
        assert [c["verdict"] for c in row["checks"]] == ["wrong"] and len(row["sent"]) == 1
        assert len(row["counted"]) == 1
        messages = {m.get("client_id"): m for m in found["messages"]}
        assert messages["both"]["text"] == "to two"
        assert messages["both"]["recipient"] == {"number": number, "state": "Pending", "error": "",
                                                 "others": 1}
        carrier = messages[None]
        assert carrier["verification_id"] == verification and "text" not in carrier
        [counts] = found["counts"]
        assert [f["count"] for f in counts["failures"]] == [1]
        assert [s["device_id"] for s in counts["sims"]] == [phone.id]
        kinds = [row["entry"]["kind"] for row in found["audit"]]
        assert "otp.start.accepted" in kinds and kinds[-1] == "privacy.export"
        assert other not in text and others not in text
        assert code not in text and other_code not in text

        trial = gateway.account(sandbox=True)
        otp.start(trial.app, number).expect(201)
        message = {"phoneNumbers": [number], "textMessage": {"text": "tried out"}}
        trial.app.post(T + "/messages", message).expect(202)
        phone.tell_received("an answer", sender=number)
        found, _ = exported(gateway, number)
        texts = {one.get("text") for one in found["sandbox"]}
        assert texts == {None, "tried out"}  # the one with the code is left out
        assert found["inbox"][0]["content"]["text"] == "an answer"

        first = gateway.admin.post(EXPORT, {"number": number}).expect(200)
        step = json.loads(first.body.decode().splitlines()[-1])
        assert not step["done"]
        again = {"number": number, "cursor": step["cursor"]}
        gateway.admin.post(EXPORT, again).expect(200)
        for cursor in ("3..", "3..." + "0" * 32, step["cursor"][:-1] + "x"):
            refused = gateway.admin.post(EXPORT, {"number": number, "cursor": cursor})
            assert refused.expect(400).json["field"] == "cursor"
        gateway.admin.post(EXPORT, {**again, "number": other}).expect(400)  # it is of one number
        account.with_key().post(EXPORT, {"number": number}).expect(403)

        assert cli(gateway, "privacy", "erase", "-", stdin=number).returncode == 0
        found, _ = exported(gateway, number)
        assert sorted(found) == ["audit", "counts"]
        assert (found["counts"][0]["failures"], found["counts"][0]["sims"]) == ([], [])
        assert [row["entry"]["kind"] for row in found["audit"]] == ["privacy.export"]
        empty = cli(gateway, "privacy", "export")
        assert empty.returncode == 1 and "standard input" in empty.stderr
