"""Rules against abuse, as applications and operators meet them (docs/abuse.md)."""

import hashlib
import itertools
import re
import shutil
import time
from pathlib import Path

import pytest

from support import otp, routes
from support.client import bearer
from support.gateway import Gateway, M, T, program
from support.wait import wait_for

RULES = {"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE",
         "OTPGATE_ABUSE_COUNTRIES": "AT", "OTPGATE_LOGIN_REGISTRATIONS_MAX": "100"}
DECISIONS = "/admin/v1/abuse/decisions"
STOPS = "/admin/v1/abuse/stops"
RESETS = "/admin/v1/abuse/resets"
CHALLENGES = "/otp/v1/challenges"


@pytest.fixture(scope="module")
def gateway():
    with Gateway(tls=False, env=RULES) as made:
        yield made


@pytest.fixture
def app(gateway):
    """Limits are per account: each test has its own."""
    account = gateway.account()
    account.add_phone()
    return account


def numbers():
    """Numbers that share no prefix."""
    return ("+4915%09d" % (block * 10000) for block in itertools.count(10100))


def starts(account, to, count, **members):
    """Answers of as many starts, each for a purpose of its own; `to` may be an iterator."""
    return [otp.start(account.app, to if isinstance(to, str) else next(to), "p%d" % index,
                      **members) for index in range(count)]


def check_refused(answer, status, reason, field=None):
    answer.expect(status)
    routes.check_problem(routes.OWN, answer, field)
    assert answer.json["reason"] == reason, answer.json
    assert ("Retry-After" in answer.headers) == (status == 429)


def decisions(gateway, account, **query):
    asked = "&".join("%s=%s" % pair for pair in dict(query, account=account.id).items())
    return gateway.admin.get("%s?%s" % (DECISIONS, asked)).expect(200).json["decisions"]


def alerts(gateway):
    listed = gateway.admin.get("/admin/v1/alerts").expect(200).json["alerts"]
    return {(one["kind"], one["subject"]) for one in listed if one["state"] == "active"}


def solve(challenge, bits):
    for number in itertools.count():
        digest = hashlib.sha256(("%s:%d" % (challenge, number)).encode()).digest()
        if int.from_bytes(digest, "big") >> (256 - bits) == 0:
            return str(number)


# ---- limits ----

def test_req_69_five_an_hour_to_one_number(gateway, app):
    number = gateway.fresh_number()
    answers = starts(app, number, 7, client_ip="192.0.2.1")
    assert [answer.status for answer in answers] == [201] * 5 + [429] * 2
    check_refused(answers[5], 429, "recipient_hour", "to")
    assert 3600 <= int(answers[5].headers["Retry-After"]) <= 3720
    found = wait_for(lambda: decisions(gateway, app), "a decision")
    assert sum(one["count"] for one in found) == 2
    assert {(one["rule"], one["figure"], one["limit"]) for one in found} == {
        ("recipient_hour", 5, 5)}
    assert all(number not in str(one) and one["source"] == "192.0.2.1" for one in found)
    assert number not in gateway.log()


def test_req_69_ten_an_hour_to_a_prefix(gateway, app):
    block = ("+491522222%04d" % index for index in itertools.count())
    addresses = ("192.0.2.%d" % index for index in itertools.count(1))
    answers = [otp.start(app.app, next(block), client_ip=next(addresses)) for _ in range(11)]
    assert [answer.status for answer in answers] == [201] * 10 + [429]
    check_refused(answers[10], 429, "prefix_hour", "to")


def test_req_69_ten_an_hour_for_an_address(app):
    answers = starts(app, numbers(), 11, client_ip="198.51.100.7")
    assert [answer.status for answer in answers] == [201] * 10 + [429]
    check_refused(answers[10], 429, "ip_hour")
    otp.start(app.app, "+4915199990000", client_ip="198.51.100.8").expect(201)


def test_req_15_what_cannot_be_a_code_counts_for_the_address(app):
    user = {"client_ip": "198.51.100.9"}
    begun = starts(app, numbers(), 1, **user)[0].expect(201).json
    path = "/otp/v1/verifications/%s/check" % begun["id"]
    malformed = ["", "letters", "12345", "12345678901", "9" * 10000, "--", "1234567", "12 34", "x"]
    for text in malformed:  # what nothing can be, and what this one cannot be
        refused = app.app.post(path, dict(user, code=text, purpose="p0")).expect(422)
        assert refused.json["field"] == "code"
    check_refused(otp.start(app.app, "+4915199990000", **user), 429, "ip_hour")
    otp.start(app.app, "+4915199990000", client_ip="198.51.100.10").expect(201)
    answer = app.app.post(path, dict(user, code=otp.wrong_code("000000"), purpose="p0")).expect(200)
    assert answer.json["attempts_left"] == 4  # none of all that has cost one


def test_req_70_ipv6_users_are_counted_by_their_network(app):
    answers = [otp.start(app.app, number, client_ip="2001:db8:1:2::%x" % index)
               for index, number in zip(range(1, 12), numbers())]
    assert [answer.status for answer in answers] == [201] * 10 + [429]
    otp.start(app.app, "+4915199990000", client_ip="2001:db8:1:3::1").expect(201)


def test_req_70_the_callers_own_address_counts_without_another(app):
    assert [answer.status for answer in starts(app, numbers(), 11)] == [201] * 10 + [429]


@pytest.mark.parametrize("address", ["", "192.0.2", "192.0.2.1, 192.0.2.2", "example.net",
                                     "x" * 99])
def test_client_ip_must_be_an_address(app, address):
    for answer in (otp.start(app.app, "+4915112345678", client_ip=address),
                   app.app.post(otp.V + "/" + "A" * 30 + "/check", {
                       "code": "123456", "purpose": "login", "client_ip": address})):
        answer.expect(422)
        routes.check_problem(routes.OWN, answer, "client_ip")


def test_req_70_forwarded_addresses_only_from_trusted_proxies():
    env = dict(RULES, OTPGATE_HTTP_TRUSTED_PROXIES="127.0.0.1,198.51.100.0/24",
               OTPGATE_ABUSE_IP_HOUR="2", OTPGATE_ABUSE_SERVERS="203.0.113.0/24")
    with Gateway(tls=False, env=env) as made:
        account = made.account()
        account.add_phone()
        number = numbers()

        def count(forwarded, tries=4):
            headers = {"X-Forwarded-For": forwarded}
            return sum(otp.start(account.app, next(number), headers=headers).status == 201
                       for _ in range(tries))
        assert count("192.0.2.1") == 2
        assert count("203.0.113.9, 192.0.2.1, 198.51.100.2") == 0  # the same right-most stranger
        assert count("192.0.2.1, 192.0.2.2") == 2                  # what stands before is hearsay
        assert count("203.0.113.5") == 4                           # a server: not counted


def test_resend_counts_and_retries_do_not(gateway, app):
    number = gateway.fresh_number()
    key = {"Idempotency-Key": "retry"}
    for _ in range(8):
        otp.start(app.app, number, "login", key).expect(201)
    for _ in range(8):
        otp.start(app.app, number, "login").expect(200)
    assert [answer.status for answer in starts(app, number, 5)] == [201] * 4 + [429]


# ---- countries and kinds ----

def test_req_66_home_and_named_countries_only(gateway, app):
    otp.start(app.app, "+4915112345678").expect(201)
    otp.start(app.app, "+436641234567").expect(201)
    for number in ("+31612345678", "+79161234567", "+88213300004", "+12025550123"):
        check_refused(otp.start(app.app, number), 403, "country_not_allowed", "to")
    assert wait_for(lambda: decisions(gateway, app, rule="country_not_allowed"), "a decision")


def test_req_66_a_fresh_installation_sends_nowhere():
    with Gateway(tls=False, env={"OTPGATE_ABUSE_MODE": "enforce"}) as made:
        account = made.account()
        account.add_phone()
        check_refused(otp.start(account.app, "+4915112345678"), 403, "country_not_allowed", "to")
        account.app.post(T + "/messages", {"phoneNumbers": ["+4915112345678"],
                                           "message": "x"}).expect(202)  # no code
        assert "no country may get codes yet" in made.log()
        assert "otpgate serve --abuse.home DE" in made.log()  # for people


@pytest.mark.skipif(any(Path("/usr").glob("*/lib/*/otpgate/og_plan.so")), reason="it is installed here")
def test_missing_numbering_plans_are_told_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setenv("OTPGATE", shutil.copy(program(), tmp_path))
    env = {"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE"}
    with Gateway(tls=False, env=env) as made:
        assert "numbering plans are missing" in made.log() and "og_plan.so" in made.log()
        otp.start(made.account().app, "+4915112345678").expect(503)
        check = made.anyone.get("/health/ready").expect(200).json["checks"]["numbers:plan"]
        assert check["status"] == "warn" and "missing" in check["description"]


@pytest.mark.parametrize("number", ["+499001234567",  # premium
                                    "+4918012345",    # shared cost
                                    "+498001234567",  # toll free
                                    "+4970012345678",  # personal
                                    "+4932221234567",  # VoIP
                                    "+4930901820"])   # landline
def test_req_67_kinds_that_get_no_codes(app, number):
    check_refused(otp.start(app.app, number), 422, "number_type_not_allowed", "to")


def test_req_67_health_tells_the_version(gateway):
    check = gateway.anyone.get("/health/ready").json["checks"]["numbers:plan"]
    assert check["observedUnit"].startswith("libphonenumber 8."), check


@pytest.mark.parametrize("most, status", [("1d", "warn"), ("0s", "pass")])
def test_req_89_health_tells_that_numbering_plans_are_old(most, status):
    env = {"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE"}
    with Gateway("--number.plan_age_max", most, tls=False, env=env) as own:
        def check():
            return own.anyone.get("/health/ready").expect(200).json["checks"]["numbers:plan"]

        assert check()["status"] == "pass"  # not looked at yet
        otp.start(own.account().app, "+499001234567").expect(422)
        assert check()["status"] == status, check()
        told = re.match(r"numbering plans are \d+ days old, of 20\d\d-\d\d-\d\d: ",
                        check().get("description", ""))
        assert bool(told) == (status == "warn")


def test_req_40_concealed_starts_do_not_tell(gateway):
    """Numbers that are refused look like any other, and count for nothing."""
    account = gateway.account()
    phone = account.add_phone()
    shown = otp.start(account.app, "+4915112345678", conceal=True).expect(202)
    for number in ("+31612345678", "+499001234567"):
        answer = otp.start(account.app, number, conceal=True).expect(202)
        assert list(answer.json) == list(shown.json)
        assert set(answer.headers) == set(shown.headers)
    found = [message["phoneNumbers"] for message in phone.wait_pull()]
    assert found == [["+4915112345678"]]
    wait_for(lambda: {one["rule"] for one in decisions(gateway, account)} ==
             {"country_not_allowed", "number_type_not_allowed"}, "both decisions")


# ---- challenges ----

def test_req_74_proof_of_work():
    env = dict(RULES, OTPGATE_ABUSE_CHALLENGE="always", OTPGATE_ABUSE_CHALLENGE_BITS="10")
    with Gateway(tls=False, env=env) as made:
        account, rival = made.account(), made.account()
        for one in (account, rival):
            one.add_phone()
        check_refused(otp.start(account.app, "+4915112345678"), 403, "challenge_required")
        asked = account.app.post(CHALLENGES).expect(201).json
        proof = {"challenge": asked["challenge"],
                 "solution": solve(asked["challenge"], asked["bits"])}
        check_refused(otp.start(rival.app, "+4915112345678", **proof), 403, "challenge_failed")
        check_refused(otp.start(account.app, "+4915112345678",
                                **dict(proof, solution="wrong")), 403, "challenge_failed")
        otp.start(account.app, "+4915112345678", **proof).expect(201)
        check_refused(otp.start(account.app, "+4915112345679", **proof), 403, "challenge_failed")
        made.restart()
        again = made.client(account.app.authorization)
        check_refused(otp.start(again, "+4915112345679", **proof), 403, "challenge_failed")


# ---- record only ----

def test_req_75_record_only():
    with Gateway(tls=False, env=dict(RULES, OTPGATE_ABUSE_MODE="record")) as made:
        account = made.account()
        account.add_phone()
        assert all(answer.status == 201 for answer in starts(account, "+4915112345678", 7))
        otp.start(account.app, "+31612345678").expect(201)
        found = wait_for(lambda: decisions(made, account, action="recorded"), "a decision")
        assert {one["rule"] for one in found} == {"recipient_hour", "country_not_allowed"}
        assert made.metric('otpgate_abuse_decisions_total{action="recorded"}') == 3


# ---- conversion ----

def test_req_71_codes_that_nobody_types_in_stop_their_country():
    env = dict(RULES, OTPGATE_ABUSE_STOP_TIME="0s", OTPGATE_ALERT_KEEP="0s", OTPGATE_ABUSE_CONVERSION_STOP_MIN="30",
               OTPGATE_ABUSE_COUNTRY_HOUR="0", OTPGATE_ABUSE_IP_HOUR="0", OTPGATE_ABUSE_IP_DAY="0")
    with Gateway(tls=False, env=env) as made:
        account = made.account()
        account.add_phone()
        began = time.monotonic()
        for answer in starts(account, numbers(), 30):
            answer.expect(201)
        stops = wait_for(lambda: made.admin.get(STOPS).json["stops"], "a stop", 70)
        assert time.monotonic() - began < 70
        assert [(one["place"], one["rule"], one["until"]) for one in stops] == [
            ("DE", "conversion", None)]
        refused = otp.start(account.app, "+4915112345678")
        check_refused(refused, 403, "country_stopped", "to")
        otp.start(account.app, "+436641234567").expect(201)
        assert wait_for(lambda: decisions(made, account, action="stopped"), "a decision")
        assert ("abuse_stop", "DE") in alerts(made)
        account = type(account)(made.restart(), {"id": account.id, "name": account.name,
                                                 "login": account.login,
                                                 "password": account.password})
        check_refused(otp.start(account.app, "+4915112345678"), 403, "country_stopped", "to")
        made.admin.delete(STOPS + "/" + stops[0]["id"]).expect(204)
        otp.start(account.app, "+4915112345678").expect(201)
        wait_for(lambda: ("abuse_stop", "DE") not in alerts(made), "the end of the alert")


# ---- after a restart ----

def test_req_91_neither_restart_nor_crash_gives_more():
    with Gateway(tls=False, env=RULES) as made:
        account = made.account()
        account.add_phone()
        number = "+4915112345678"
        assert [answer.status for answer in starts(account, number, 3)] == [201] * 3
        made.kill()
        made.start()
        client = made.client(account.app.authorization)
        answers = [otp.start(client, number, "q%d" % index) for index in range(4)]
        assert [answer.status for answer in answers] == [201, 201, 429, 429]


# ---- messages ----

def send(account, count=1, headers=None, **members):
    body = dict({"phoneNumbers": ["+4915112345678"], "message": "x"}, **members)
    return [account.app.post(T + "/messages", body, headers=headers) for _ in range(count)]


def test_messages_have_a_rate():
    with Gateway(tls=False, env=dict(RULES, OTPGATE_ABUSE_ACCOUNT_MINUTE="3")) as made:
        account = made.account()
        account.add_phone()
        answers = send(account, 4, phoneNumbers=["+31612345678"])
        assert [answer.status for answer in answers] == [202] * 3 + [429]
        assert 60 <= int(answers[3].headers["Retry-After"]) <= 62
        routes.check_problem(routes.SMSGATE, answers[3])
        rival = made.account()
        rival.add_phone()
        send(rival)[0].expect(202)


def test_req_73_budgets_of_messages_codes_and_sims():
    env = dict(RULES, OTPGATE_ABUSE_MESSAGES="budgets", OTPGATE_ABUSE_ACCOUNT_DAY="10",
               OTPGATE_ABUSE_SIM_DAY="5")
    with Gateway(tls=False, env=env) as made:
        account, other = made.account(), made.account()
        for one in (account, other):
            one.add_phone()
        # one SIM: four fifths of five are for messages, the rest for codes
        assert [one.status for one in send(account, 6)] == [202] * 4 + [429] * 2
        assert [one.status for one in starts(account, numbers(), 3)] == [201, 429, 429]
        # an account with a SIM for each message: eight of ten
        answers = [send(other, simNumber=index)[0] for index in range(1, 11)]
        assert sum(one.status == 202 for one in answers) == 3  # SIM numbers above 3 are refused
        found = wait_for(lambda: decisions(made, account, rule="sim_day"), "a decision")
        assert {one["action"] for one in found} == {"refused", "alert"}
        assert "abuse_alert" in {kind for kind, _ in alerts(made)}


def test_all_rules_for_messages():
    with Gateway(tls=False, env=dict(RULES, OTPGATE_ABUSE_MESSAGES="all")) as made:
        account = made.account()
        account.add_phone()
        for numbers_, status in ((["+4915112345678"], 202), (["+31612345678"], 403),
                                 (["+4915112345678", "+499001234567"], 400)):
            send(account, phoneNumbers=numbers_)[0].expect(status)
        answers = send(account, 5)
        assert [answer.status for answer in answers] == [202] * 4 + [429]  # one went before


# ---- logins, phones that join ----

def test_req_87_logins_are_limited():
    env = dict(RULES, OTPGATE_LOGIN_FAILURES_MAX="3")
    with Gateway(tls=False, env=env) as made:
        account = made.account()
        wrong = made.client("Basic " + "eDp5")
        answers = [wrong.get(T + "/messages") for _ in range(4)]
        assert [answer.status for answer in answers] == [401] * 3 + [429]
        assert 1700 <= int(answers[3].headers["Retry-After"]) <= 1800
        assert account.id


def test_registrations_are_limited():
    with Gateway(tls=False, env=dict(RULES, OTPGATE_LOGIN_REGISTRATIONS_MAX="3")) as made:
        account = made.account()
        account.pair()
        client = made.client(bearer(account.join_token))
        answers = [client.post(M + "/device", {"name": "phone"}) for _ in range(5)]
        assert [answer.status for answer in answers] == [201] * 3 + [429] * 2
        assert 3500 <= int(answers[3].headers["Retry-After"]) <= 3600


# ---- operators ----

def test_reset_lets_somebody_through_again(gateway, app):
    number = gateway.fresh_number()
    assert [answer.status for answer in starts(app, number, 6)][5] == 429
    body = {"subject": "recipient", "value": number, "account": app.name}
    gateway.admin.post(RESETS, body).expect(204)
    otp.start(app.app, number, "again").expect(201)
    found = wait_for(lambda: decisions(gateway, app, action="reset"), "a decision")
    assert number not in str(found)


@pytest.mark.parametrize("body, status, field", [
    ({}, 400, "subject"),
    ({"subject": "phone", "value": "x", "account": "x"}, 422, "subject"),
    ({"subject": "recipient", "value": "x", "account": "x"}, 422, "value"),
    ({"subject": "recipient", "account": "x"}, 422, "value"),
    ({"subject": "ip", "account": "x"}, 400, "value"),
    ({"subject": "ip", "value": "192.0.2.1"}, 400, "account"),
    ({"subject": "ip", "value": "192.0.2.1", "account": "nobody"}, 404, "id"),
    ({"subject": "global", "more": 1}, 400, "more"),
])
def test_resets_name_what_is_wrong(gateway, body, status, field):
    answer = gateway.admin.post(RESETS, body).expect(status)
    if status != 404:
        routes.check_problem(routes.OWN, answer, field)


def test_stop_and_release_by_hand(gateway, app):
    rival = gateway.account()
    rival.add_phone()
    made = gateway.admin.post(STOPS, {"country": "DE", "account": app.name,
                                      "for": 3600}).expect(201).json
    check_refused(otp.start(app.app, "+4915112345678"), 403, "country_stopped", "to")
    otp.start(rival.app, "+4915112345678").expect(201)
    assert made["id"] in [one["id"] for one in gateway.admin.get(STOPS).json["stops"]]
    gateway.admin.delete(STOPS + "/" + made["id"]).expect(204)
    gateway.admin.delete(STOPS + "/" + made["id"]).expect(404)
    otp.start(app.app, "+4915112345678").expect(201)


def test_a_key_acts_for_its_own_account_only(gateway, app):
    rival = gateway.account()
    key = app.with_key("admin")
    key.get("/admin/v1/abuse/rules").expect(403)
    key.post(RESETS, {"subject": "global"}).expect(403)
    key.post(STOPS, {"country": "FR", "account": rival.id}).expect(404)
    made = key.post(STOPS, {"country": "FR"}).expect(201).json
    assert made["account_id"] == app.id
    assert key.get(STOPS).json["stops"][0]["id"] == made["id"]
    rival.with_key("admin").delete(STOPS + "/" + made["id"]).expect(404)
    assert rival.with_key("admin").get(DECISIONS).json["decisions"] == []
    key.delete(STOPS + "/" + made["id"]).expect(204)


def test_command_line(gateway, app):
    number = gateway.fresh_number()
    starts(app, number, 6)
    wait_for(lambda: decisions(gateway, app), "a decision")
    shown = gateway.cli("abuse", "decisions", "--rule", "recipient_hour")
    assert shown.returncode == 0 and app.id in shown.stdout, shown
    assert "recipient_hour" in gateway.cli("abuse", "rules").stdout
    assert gateway.cli("abuse", "reset", "recipient", number, "--account", app.name).returncode == 0
    otp.start(app.app, number, "again").expect(201)
    assert gateway.cli("abuse", "stop", "DE", "--account", app.name).returncode == 0
    listed = gateway.cli("abuse", "stops").stdout.splitlines()[1].split()
    check_refused(otp.start(app.app, number, "more"), 403, "country_stopped", "to")
    assert gateway.cli("abuse", "release", listed[0]).returncode == 0
    assert gateway.cli("abuse", "stop", "Germany").returncode != 0
