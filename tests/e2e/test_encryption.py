"""End-to-end encryption: what `otpgate send --encrypt` and other clients encrypt passes through the
gateway unread, the phone opens it, and states update all the same."""

import base64
import fcntl
import hashlib
import os
import subprocess
import termios

import pytest

from support.gateway import Gateway, T, program
from support.virtual import VirtualPhone
from support.wait import wait_for

PASSPHRASE = "correct horse battery staple"
NUMBERS = ["+4915112345678", "+4915112345679"]
TEXT = "Ваш код: 123456 😀"


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


def secret_file(gateway, text, mode=0o600):
    path = gateway.write(gateway.fresh("passphrase"), text)
    os.chmod(path, mode)
    return path


def phone_of(account, passphrase=None, *flags):
    flags = ["--perfect", *flags]
    if passphrase:
        flags += ["--passphrase-file", secret_file(account.gateway, passphrase + "\n")]
    return VirtualPhone(account, *flags)


def send(account, *arguments, env=None):
    return account.gateway.cli(
        "send", *arguments,
        env={"OTPGATE_USER": account.login + ":" + account.password, **(env or {})})


def aes(direction, key, salt, data):
    return subprocess.run(
        ["openssl", "enc", "-aes-256-cbc", direction, "-K", key.hex(), "-iv", salt.hex()],
        input=data, capture_output=True, check=True).stdout


def their_key(passphrase, salt, iterations):
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, iterations, 32)


def encrypt_as_clients_do(text):
    salt = os.urandom(16)
    cipher = aes("-e", their_key(PASSPHRASE, salt, 75000), salt, text.encode())
    return "$aes-256-cbc/pbkdf2-sha1$i=75000$%s$%s" % (
        base64.b64encode(salt).decode(), base64.b64encode(cipher).decode())


def decrypt_as_clients_do(value):
    _, algorithm, parameters, salt, cipher = value.split("$")
    assert (algorithm, parameters) == ("aes-256-cbc/pbkdf2-sha1", "i=75000")
    salt = base64.b64decode(salt, validate=True)
    return aes("-d", their_key(PASSPHRASE, salt, 75000), salt,
               base64.b64decode(cipher, validate=True)).decode()


def test_check_82_there_and_back(gateway):
    account = gateway.account()
    with phone_of(account, PASSPHRASE) as phone:
        phone.wait_connected()
        done = send(account, "--encrypt", "--wait", "--id", "sealed", *NUMBERS, TEXT,
                    env={"OTPGATE_PASSPHRASE": PASSPHRASE})
        assert done.returncode == 0, done.stderr
        assert "Delivered" in done.stdout and "$aes" not in done.stdout
        assert all(number in done.stdout for number in NUMBERS)
        wait_for(lambda: len(phone.aired()) == 2)
        assert sorted(sms["to"] for sms in phone.aired()) == NUMBERS
        assert [(sms["text"], sms["parts"]) for sms in phone.aired()] == [(TEXT, 1)] * 2
    listed = account.message("sealed")
    assert listed["isEncrypted"] is True and listed["state"] == "Delivered"
    assert {r["state"] for r in listed["recipients"]} == {"Delivered"}
    hidden = [r["phoneNumber"] for r in listed["recipients"]]
    assert [decrypt_as_clients_do(number) for number in hidden] == NUMBERS
    with open(os.path.join(gateway.data, "otpgate.db"), "rb") as file:
        assert PASSPHRASE.encode() not in file.read()
    assert PASSPHRASE not in gateway.log() and NUMBERS[0] not in gateway.log()


def test_check_82_what_other_clients_encrypt(gateway):
    account = gateway.account()
    with phone_of(account, PASSPHRASE) as phone:
        phone.wait_connected()
        sent = account.app.post(T + "/messages", {
            "isEncrypted": True, "textMessage": {"text": encrypt_as_clients_do(TEXT)},
            "phoneNumbers": [encrypt_as_clients_do(NUMBERS[0])]}).expect(202).json
        wait_for(lambda: account.message(sent["id"])["state"] == "Delivered")
        assert [(sms["to"], sms["text"]) for sms in phone.aired()] == [(NUMBERS[0], TEXT)]


def test_check_24_encrypted_data(gateway):
    account = gateway.account()
    data = base64.b64encode(b"\x00\x01binary").decode()
    with phone_of(account, PASSPHRASE) as phone:
        phone.wait_connected()
        sent = account.app.post(T + "/messages", {
            "isEncrypted": True, "phoneNumbers": [encrypt_as_clients_do(NUMBERS[0])],
            "dataMessage": {"data": encrypt_as_clients_do(data), "port": 53739},
        }).expect(202).json
        wait_for(lambda: account.message(sent["id"])["state"] == "Delivered")
        assert [(sms["to"], sms["text"]) for sms in phone.aired()] == [(NUMBERS[0], data)]


@pytest.mark.parametrize("passphrase", [None, "another"])
def test_a_phone_that_cannot_read_it_says_so(gateway, passphrase):
    account = gateway.account()
    with phone_of(account, passphrase) as phone:
        phone.wait_connected()
        done = send(account, "--encrypt", "--wait", NUMBERS[0], TEXT,
                    env={"OTPGATE_PASSPHRASE": PASSPHRASE})
        assert done.returncode == 2
        assert "Failed: Can't send message: " in done.stdout
        assert phone.aired() == []


def test_one_unreadable_number_fails_alone(gateway):
    account = gateway.account()
    with phone_of(account, PASSPHRASE, "--report-mode", "current") as phone:
        phone.wait_connected()
        numbers = [encrypt_as_clients_do(NUMBERS[0]), "$not-encrypted"]
        sent = account.app.post(T + "/messages", {
            "isEncrypted": True, "textMessage": {"text": encrypt_as_clients_do("x")},
            "phoneNumbers": numbers}).expect(202).json
        wait_for(lambda: [r["state"] for r in account.message(sent["id"])["recipients"]]
                 == ["Delivered", "Failed"])
        assert "sendSMS: " in account.message(sent["id"])["recipients"][1]["error"]
        assert len(phone.aired()) == 1


def test_passphrases_come_from_private_places_only(gateway):
    account = gateway.account()
    exposed = secret_file(gateway, PASSPHRASE, 0o644)
    empty = secret_file(gateway, "\n")
    cases = [(["--passphrase-file", exposed], {}, "chmod 600"),
             (["--passphrase-file", empty], {}, "1 to 128 bytes"),
             (["--passphrase-file", "/nowhere"], {}, "/nowhere"),
             ([], {"OTPGATE_PASSPHRASE": "x" * 129}, "1 to 128 bytes"),
             ([], {"OTPGATE_PASSPHRASE": ""}, "a terminal to ask"),
             (["--passphrase", PASSPHRASE], {}, "--passphrase")]
    for arguments, env, why in cases:
        done = send(account, "--encrypt", *arguments, NUMBERS[0], "x", env=env)
        assert done.returncode == 1 and why in done.stderr, (arguments, done.stderr)
    for words, why in [(["12345678901234567"], "number 1"), ([NUMBERS[0], "+49 151 12345678"],
                                                             "number 2 stands there twice")]:
        done = send(account, "--encrypt", *words, "x", env={"OTPGATE_PASSPHRASE": PASSPHRASE})
        assert done.returncode == 1 and why in done.stderr, done.stderr
    assert account.messages() == []


def test_a_person_is_asked_without_showing_it(gateway):
    account = gateway.account()
    account.add_phone()
    master, slave = os.openpty()
    command = [program(), "send", "--encrypt", "--id", "asked",
               NUMBERS[0], TEXT]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={"OTPGATE_DATA_DIR": gateway.data,
             "OTPGATE_USER": account.login + ":" + account.password})
    os.close(slave)
    shown = b""
    while b"): " not in shown:
        shown += os.read(master, 1000)
    os.write(master, PASSPHRASE.encode() + b"\n")
    process.wait(20)
    shown += os.read(master, 10000)
    os.close(master)
    assert process.returncode == 0, shown
    assert PASSPHRASE.encode() not in shown and NUMBERS[0].encode() in shown
    message = account.message("asked")
    assert decrypt_as_clients_do(message["textMessage"]["text"]) == TEXT
