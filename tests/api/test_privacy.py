"""Erasing a phone number: nothing of it is left in rows, files or look-ups, others stay, the log verifies."""

import os
import subprocess

from support import otp
from support.gateway import T, Gateway, clean_environment, program
from support.wait import wait_for

ERASE = "/admin/v1/privacy/erase"


def cli(gateway, *words):
    return subprocess.run([program(), *words, "--data", gateway.data], capture_output=True, text=True,
                          env=clean_environment({}), timeout=60)


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
