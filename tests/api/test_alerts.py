"""Alerts as those who are to hear of them meet them: Alertmanager, a webhook, mail."""

import email
import email.policy
import os

import pytest

from support import otp
from support.gateway import Gateway
from support.mail import MailServer
from support.receiver import Receiver
from support.wait import wait_for

ALERTS = "/admin/v1/alerts"
MANAGER, PLAIN = "/api/v2/alerts", "/plain"
PASSWORD = "correct horse"
RULES = {"OTPGATE_ABUSE_MODE": "record", "OTPGATE_ABUSE_HOME": "DE",
         "OTPGATE_ABUSE_GLOBAL_DAY": "5"}


@pytest.fixture(scope="module")
def receiver(certificate):
    made = Receiver(*certificate)
    yield made
    made.close()


@pytest.fixture(scope="module")
def mails(certificate):
    made = MailServer(*certificate)
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(certificate, receiver, mails, tmp_path_factory):
    password = tmp_path_factory.mktemp("secret") / "password"
    password.write_text(PASSWORD + "\n")
    os.chmod(password, 0o600)
    with Gateway("--alert.alertmanager_url", receiver.url(MANAGER),
                 "--alert.webhook_url", receiver.url(PLAIN),
                 "--alert.ca_file", certificate[0],
                 "--alert.mail_url", "smtp://localhost:%d" % mails.port,
                 "--alert.mail_user", "gate", "--alert.mail_password_file", str(password),
                 "--alert.mail_from", "gate@example.org",
                 "--alert.mail_to", "ops@example.org,night@example.org",
                 "--alert.offline_after", "1s", "--alert.code_wait", "1s", "--alert.keep", "0s", "--alert.probe_every", "1s", tls=False, env=RULES) as made:
        yield made


def told(receiver, path, wanted):
    """The first alert told there for which wanted(alert) is true."""
    def find():
        for call in receiver.at(path):
            for alert in call.json if path == MANAGER else call.json["alerts"]:
                if wanted(alert):
                    return alert
        return None
    return wait_for(find, "an alert at " + path)


def test_req_86_alerts_reach_three_channels(gateway, receiver, mails):
    for _ in range(5):
        gateway.admin.post(ALERTS + "/test").expect(202)
    alert = told(receiver, MANAGER, lambda one: one["labels"]["alertname"] == "test")
    assert alert["labels"]["severity"] == "warning" and alert["labels"]["job"] == "otpgate"
    assert alert["annotations"]["summary"] and "endsAt" not in alert
    plain = told(receiver, PLAIN, lambda one: one["kind"] == "test")
    assert plain["state"] == "active" and plain["started_at"] == alert["startsAt"]
    mail = mails.wait(lambda one: "alert: test" in one.text)
    assert mail.sender == "gate@example.org"
    assert mail.recipients == ["ops@example.org", "night@example.org"]
    assert mail.is_tls and mail.login == ["gate", PASSWORD]
    parsed = email.message_from_string(mail.text, policy=email.policy.default)
    assert parsed["Subject"] == "[otpgate] alert: test"
    assert parsed["To"] == "ops@example.org, night@example.org"
    assert parsed["Date"].datetime and parsed["Message-ID"]
    assert alert["startsAt"] in parsed.get_content()
    gateway.admin.post(ALERTS + "/test").expect(202)
    listed = gateway.admin.get(ALERTS).expect(200).json["alerts"]
    assert [one["kind"] for one in listed].count("test") == 1
    assert len([call for call in receiver.at(PLAIN)
                if any(one["kind"] == "test" for one in call.json["alerts"])]) == 1


def test_req_86_a_dead_channel_is_told_elsewhere(gateway, receiver, mails):
    receiver.answers[PLAIN] = 500
    dead = told(receiver, MANAGER, lambda one: one["labels"]["alertname"] == "alert_channel_dead")
    assert dead["labels"]["channel"] == "webhook" and dead["labels"]["severity"] == "critical"
    assert mails.wait(lambda one: "alert_channel_dead" in one.text and "webhook" in one.text)
    health = gateway.anyone.get("/health").expect(200).json
    assert health["status"] == "warn"
    check = health["checks"]["alerts:active"]
    assert "alert_channel_dead" in check["description"] and check["status"] == "warn"
    assert gateway.metric('otpgate_alerts_active{kind="alert_channel_dead"}') == 1
    assert gateway.metric('otpgate_alert_sends_total{channel="webhook",result="failed"}') >= 2
    assert 'kind=alert_channel_dead' in gateway.log()

    receiver.answers[PLAIN] = 200
    ended = told(receiver, MANAGER, lambda one: "endsAt" in one)
    assert ended["labels"] == dead["labels"] and ended["startsAt"] == dead["startsAt"]
    assert ended["endsAt"] >= ended["startsAt"]
    mails.wait(lambda one: "[otpgate] ended: alert_channel_dead" in one.text)
    listed = gateway.admin.get(ALERTS).expect(200).json["alerts"]
    assert [(one["state"], one["subject"]) for one in listed
            if one["kind"] == "alert_channel_dead"] == [("ended", "webhook")]
    assert gateway.metric('otpgate_alerts_active{kind="alert_channel_dead"}') == 0


def test_req_86_a_mail_server_that_refuses_is_a_dead_channel(gateway, receiver, mails):
    mails.refuses = True
    receiver.answers[PLAIN] = 500  # something to write of
    told(receiver, MANAGER, lambda one: one["labels"].get("channel") == "mail")
    mails.refuses = False
    receiver.answers[PLAIN] = 200
    told(receiver, MANAGER,
         lambda one: one["labels"].get("channel") == "mail" and "endsAt" in one)


def test_req_86_a_phone_that_is_gone_and_codes_without_a_way(gateway, receiver):
    account = gateway.account()
    phone = account.add_phone()
    otp.start(account.app, gateway.fresh_number()).expect(201)
    offline = told(receiver, MANAGER, lambda one: one["labels"].get("device") == phone.id and
                   one["labels"]["alertname"] == "device_offline")
    assert offline["labels"]["severity"] == "warning"
    route = told(receiver, MANAGER, lambda one: one["labels"].get("account") == account.id)
    assert route["labels"]["alertname"] == "no_otp_route"
    assert route["labels"]["severity"] == "critical"
    told(receiver, MANAGER, lambda one: one["labels"].get("device") == phone.id and
         one["labels"]["alertname"] == "queue_delay")
    phone.listen()
    for labels in (offline["labels"], route["labels"]):
        told(receiver, MANAGER, lambda one: one["labels"] == labels and "endsAt" in one)


def test_req_86_a_budget_that_runs_out(gateway, receiver):
    account = gateway.account()
    account.add_phone()
    for _ in range(4):
        otp.start(account.app, gateway.fresh_number())
    told(receiver, MANAGER, lambda one: one["labels"].get("limit") == "global_day")


def test_commands(gateway):
    assert "raised" in gateway.cli("alerts", "test").stdout
    shown = gateway.cli("alerts").stdout
    assert shown.startswith("KIND") and "A test of the ways that alerts go" in shown


def test_the_password_is_nowhere(gateway):
    assert PASSWORD not in gateway.log()


def test_only_operators_see_alerts(gateway):
    account = gateway.account()
    account.with_key("admin").get(ALERTS).expect(403)
    account.with_key("admin").post(ALERTS + "/test").expect(403)


@pytest.mark.parametrize("flags, complaint", [
    (["--alert.mail_url", "http://mail.example"], "smtp://host:587"),
    (["--alert.mail_url", "smtp://mail.example"], "alert.mail_from"),
    (["--alert.mail_url", "smtp://mail.example", "--alert.mail_from", "a@b.example"],
     "alert.mail_to"),
    (["--alert.mail_from", "Ops <ops@example.org>"], "an address such as"),
    (["--alert.mail_user", "gate"], "belong together"),
    (["--alert.mail_url", "smtp://mail.example", "--alert.mail_from", "a@b.example",
      "--alert.mail_to", "c@d.example", "--alert.mail_starttls=false", "--alert.mail_user", "u",
      "--alert.mail_password_file", "p"], "in the clear"),
])
def test_settings_that_cannot_work_are_refused(gateway, flags, complaint):
    answer = gateway.cli("check-config", *flags)
    assert answer.returncode != 0 and complaint in answer.stderr
