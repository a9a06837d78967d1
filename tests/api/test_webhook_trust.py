"""Receivers whose certificates come from an authority of the account's own."""

import subprocess

import pytest

from support.gateway import Gateway
from support.receiver import Receiver, hook, make_certificate, send
from support.wait import wait_for

FLAGS = ["--webhook.allow_private", "--webhook.first_retry", "1"]


def openssl(*arguments):
    subprocess.run(["openssl"] + [str(one) for one in arguments], check=True, capture_output=True)


def make_authority(folder, name, days=2):
    key, pem = folder / (name + ".key"), folder / (name + ".pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", days, "-subj", "/CN=" + name, "-keyout", key, "-out", pem)
    return key, pem


def make_signed(folder, authority, name):
    """A certificate for this machine by that authority."""
    key, ask, pem = (folder / (name + end) for end in (".key", ".csr", ".pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
            ask)
    openssl("x509", "-req", "-in", ask, "-CA", authority[1], "-CAkey", authority[0], "-days", 1,
            "-copy_extensions", "copy", "-out", pem)
    return str(pem), str(key)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust")
    ours, theirs = make_authority(folder, "ours"), make_authority(folder, "theirs")
    return {"ours": ours[1].read_text(), "theirs": theirs[1].read_text(),
            "key": ours[0].read_text(), "file": str(ours[1]),
            "certificate": make_signed(folder, ours, "receiver")}


@pytest.fixture
def receiver(authorities):
    running = Receiver(*authorities["certificate"])
    yield running
    running.close()


def place(account):
    return "/admin/v1/accounts/%s/webhooks" % account.id


def trust(gateway, account, pem):
    return gateway.admin.patch(place(account), {"authorities": pem}).expect(200).json


def refused(gateway):
    return gateway.metric('otpgate_webhook_tries_total{result="no_answer"}')


def cancel_one(account):
    account.app.delete("/3rdparty/v1/messages/" + send(account)).expect(200)


def test_an_account_trusts_its_own_authority(gateway, account, authorities, receiver):
    account.add_phone()
    hook(account, receiver.url(), "sms:cancelled")
    assert gateway.admin.get(place(account)).json["authorities"] is None
    before = refused(gateway)
    cancel_one(account)
    wait_for(lambda: refused(gateway) > before, "a receiver that is not trusted")
    assert receiver.calls == []
    shown = trust(gateway, account, "# our own\n" + authorities["ours"])["authorities"]
    assert [one["subject"] for one in shown] == ["CN=ours"]
    assert gateway.admin.get(place(account)).json["authorities"] == shown
    assert receiver.wait(1)[0].json["event"] == "sms:cancelled"  # the retry


def test_nobody_else_does(gateway, account, authorities, receiver):
    """Neither another account, nor the same one over a connection that is kept."""
    other = gateway.account()
    for one in (account, other):
        one.add_phone()
        hook(one, receiver.url(), "sms:cancelled")
    trust(gateway, account, authorities["ours"])
    trust(gateway, other, authorities["theirs"])
    cancel_one(account)
    receiver.wait(1)
    before = refused(gateway)
    cancel_one(other)
    wait_for(lambda: refused(gateway) > before, "a receiver that the other does not trust")
    assert trust(gateway, account, "")["authorities"] is None
    before = refused(gateway)
    cancel_one(account)
    wait_for(lambda: refused(gateway) > before, "a receiver that is trusted no longer")
    assert len(receiver.calls) == 1


def test_what_is_no_authority_is_refused(gateway, account, authorities):
    cut = authorities["ours"][:-60]
    for value, says in ((authorities["file"], "not certificates in PEM"), (cut, "not certificates"),
                        (authorities["ours"] + authorities["key"], "PRIVATE KEY"),
                        (authorities["ours"] * 17, "more than 16"), (" " * 65537, "")):
        answer = gateway.admin.patch(place(account), {"authorities": value}).expect(400)
        assert answer.json["field"] == "authorities" and says in answer.json["message"]
    assert gateway.admin.get(place(account)).json["authorities"] is None


def test_one_that_is_over_is_refused(gateway, account, tmp_path):
    """Not before the server looks at it: a certificate of the past."""
    config = tmp_path / "config"
    config.write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = %s/index\nserial = %s/serial\n"
                      "new_certs_dir = %s\ndefault_md = sha256\npolicy = p\n[p]\n"
                      "commonName = supplied\n" % (tmp_path, tmp_path, tmp_path))
    (tmp_path / "index").write_text("")
    key, ask, pem = tmp_path / "k", tmp_path / "a", tmp_path / "old.pem"
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=old", "-keyout", key, "-out", ask)
    openssl("ca", "-config", config, "-batch", "-selfsign", "-keyfile", key, "-in", ask, "-notext",
            "-create_serial", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z",
            "-out", pem)
    answer = gateway.admin.patch(place(account), {"authorities": pem.read_text()}).expect(400)
    assert "over: CN=old" in answer.json["message"]


def test_the_command_line_takes_a_file(gateway, account, authorities):
    shown = gateway.cli("webhook", "account", account.name, "--authorities", authorities["file"])
    assert shown.returncode == 0 and "CN=ours, until 20" in shown.stdout
    gone = gateway.cli("webhook", "account", account.name, "--no-authorities")
    assert gone.returncode == 0 and "trusts" not in gone.stdout
    assert gateway.cli("webhook", "account", account.name, "--authorities", "/none").returncode != 0


def test_it_lasts_over_a_restart_and_replaces_the_servers(authorities, receiver, tmp_path):
    """With webhook.ca_file for all, an account's own counts for its receivers alone."""
    certificate = make_certificate(str(tmp_path))
    everybodys = Receiver(*certificate)
    with Gateway(*FLAGS, "--webhook.ca_file", certificate[0]) as gateway:
        account, other = gateway.account(), gateway.account()
        for one in (account, other):
            one.add_phone()
        trust(gateway, account, authorities["ours"])
        gateway.restart()
        hook(account, receiver.url(), "sms:cancelled")
        hook(other, everybodys.url(), "sms:cancelled")
        cancel_one(account)
        cancel_one(other)
        receiver.wait(1)
        everybodys.wait(1)
    everybodys.close()
