"""Requirement 8: the code appears nowhere but in the SMS; requirement 24: nor in the store's dump.

A whole life of the gateway is recorded, everything that it answered and wrote, and then searched.
"""

import os

import pytest

from support import otp
from support.client import basic, bearer
from support.gateway import T, Gateway
from support.otp import V
from support.wait import wait_for

FLAGS = ["--otp.resend_waits", "1s", "--log.format", "json", "--log.level", "debug"]
CODES = ["kD83hTq2Zx", "P0w7Lm4cYe"]  # chosen ones, so that nothing else looks like them


class Life:
    """Everything that can happen to codes, with everything that came out of it."""

    def __init__(self):
        self.codes, self.numbers, self.secrets = [], [], []
        with Gateway(*FLAGS, record=True) as gateway:
            self.live(gateway)
            self.metrics = gateway.anyone.get("/metrics").body
            self.files_running = self.read(gateway)
            gateway.end()
            self.files = self.read(gateway)
            self.transcript = b"\n".join(gateway.transcript)
            with open(gateway.log_path, "rb") as file:
                self.log = file.read()

    def read(self, gateway):
        found = {}
        for folder, _, names in os.walk(gateway.data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
        return found

    def live(self, gateway):
        account = gateway.account(custom_code=True)
        phone = account.add_phone()
        app = account.app
        key = account.make_key()["key"]
        self.secrets += [account.password, account.join_token, phone.token, key,
                         gateway.operator_token]
        for fate in ("approve", "fail", "cancel", "resend", "pending"):
            number = gateway.fresh_number()
            verification, code, message = otp.started(
                app, phone, number, code_length=10, headers={"Idempotency-Key": "key-" + fate},
                app_hash="FA+9qCX9VSu")
            self.codes.append(code)
            self.numbers.append(number)
            self.look(account, message["id"], verification)
            phone.report(message, "Processed")
            self.end(app, phone, fate, verification, code, message, number)
            self.look(account, message["id"], verification)
            otp.start(app, number, code_length=10, headers={"Idempotency-Key": "key-" + fate},
                      app_hash="FA+9qCX9VSu")
            otp.start(app, number)
        for code in CODES:
            number = gateway.fresh_number()
            made = otp.start(app, number, code=code).expect(201).json
            self.codes.append(code)
            self.numbers.append(number)
            assert otp.fetch(phone, number)["message"].startswith(code)
            otp.check(app, made["id"], code, "another-purpose")
            # refused in many ways, none of which may quote it
            app.post("%s/%s/check" % (V, made["id"]), {"code": code})
            app.post("%s/%s/check" % (V, made["id"]), {"code": code, "purpose": "login", "x": code})
            app.post("%s/%s/check" % (V, made["id"]), {"code": code + "0", "purpose": "login"})
            app.post(V, {"to": number, "purpose": code.lower() + "!", "code": code})
            otp.check(app, made["id"], code)
        gateway.client(basic(account.login, "a wrong password")).get(T + "/messages")
        gateway.client(bearer("og_" + "w" * 43)).get(T + "/messages")
        self.secrets += ["a wrong password", "og_" + "w" * 43]
        gateway.cli("device", "list")
        gateway.cli("account", "list")

    def look(self, account, message_id, verification):
        """Every way to look at a verification and its message."""
        for path in ("/messages/" + message_id, "/messages?includeContent=true", "/messages",
                     "/messages?includeContent=true&limit=100&state=Pending"):
            account.app.get(T + path).expect(200)
        otp.show(account.app, verification)

    def end(self, app, phone, fate, verification, code, message, number):
        if fate == "approve":
            otp.check(app, verification, otp.wrong_code(code))
            otp.check(app, verification, code).expect(200)
            otp.check(app, verification, code).expect(409)
            phone.report(message, "Delivered")
        elif fate == "fail":
            phone.report(message, "Failed", error="RESULT_ERROR_GENERIC_FAILURE")
            for _ in range(6):
                otp.check(app, verification, otp.wrong_code(code))
        elif fate == "cancel":
            otp.cancel(app, verification).expect(200)
            otp.check(app, verification, code)
        elif fate == "resend":
            otp.resend(app, verification).expect(429)
            wait_for(lambda: otp.resend(app, verification).status == 200, timeout_s=10)
            assert otp.code_in(otp.fetch(phone, number)["message"]) == code


@pytest.fixture(scope="module")
def life():
    return Life()


def test_requirement_8_answers(life):
    assert len(life.codes) == 7 and len(life.transcript) > 10000
    for code in life.codes:
        assert code.encode() not in life.transcript


def test_requirement_8_log_and_metrics(life):
    assert len(life.log) > 2000 and len(life.metrics) > 2000
    for code in life.codes:
        assert code.encode() not in life.log and code.encode() not in life.metrics


def test_requirement_24_files(life):
    """The database, its log and all else in the data folder, running and stopped."""
    assert "otpgate.db" in life.files and "otpgate.db-wal" in life.files_running
    for files in (life.files_running, life.files):
        for name, content in files.items():
            for code in life.codes:
                for form in (code.encode(), code.encode("utf-16-le")):
                    assert form not in content, (name, code)


def test_no_whole_number_in_log_or_metrics(life):
    for number in life.numbers:
        assert number[1:].encode() not in life.log
        assert number[1:].encode() not in life.metrics


def test_no_credential_in_log_files_or_metrics(life):
    for secret in life.secrets:
        assert secret.encode() not in life.metrics and secret.encode() not in life.log
        for name, content in life.files.items():
            assert name == "operator.token" or secret.encode() not in content, (name, secret[:6])
