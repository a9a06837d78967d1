"""What a code is good for: context, payments and receipts (requirements 34, 35, 36, 12, 42)."""

import base64
import concurrent.futures
import json
import subprocess

import pytest

from support import otp
from support.otp import V
from support.routes import OWN, check_problem

PAYMENT = {"amount": "49.90", "currency": "EUR", "payee": "ACME", "reference": "order-17"}


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account(brand="Shop")
    made.phone = made.add_phone()
    return made


def begin(gateway, account, **members):
    return otp.started(account.app, account.phone, gateway.fresh_number(), "pay", **members)


def check(account, verification, code, purpose="pay", **members):
    return account.app.post("%s/%s/check" % (V, verification),
                            dict(members, code=code, purpose=purpose))


# ---- context ----

def test_req_35_another_context_is_wrong_though_the_code_is_right(gateway, account):
    made, code, _ = begin(gateway, account, context=PAYMENT)
    for wrong in ({"amount": "49.91"}, {"currency": "USD"}, {"payee": "ACNE"},
                  {"reference": "order-18"}):
        answer = check(account, made, code, context=dict(PAYMENT, **wrong)).expect(200).json
        assert answer["approved"] is False and answer["receipt"] is None
        assert set(answer) == {"id", "status", "approved", "attempts_left", "receipt"}
    assert answer["attempts_left"] == 1
    # written otherwise, but the same
    right = check(account, made, code, context=dict(PAYMENT, amount="49.9")).expect(200).json
    assert right["approved"] is True


def test_req_35_no_context_is_another_context(gateway, account):
    made, code, _ = begin(gateway, account, context={"reference": "session-1"})
    assert check(account, made, code).json["approved"] is False
    assert check(account, made, code, context={}).json["approved"] is False
    assert check(account, made, code, context={"reference": "session-1"}).json["approved"] is True
    made, code, _ = begin(gateway, account)
    assert check(account, made, code, context={"reference": "x"}).json["approved"] is False
    assert check(account, made, code, context={}).json["approved"] is True


def test_req_34_another_purpose_costs_an_attempt(gateway, account):
    made, code, _ = begin(gateway, account)
    answer = check(account, made, code, purpose="login").expect(200).json
    assert (answer["approved"], answer["attempts_left"]) == (False, 4)


def test_req_35_reason_is_told_in_the_metrics_only(gateway, account):
    name = 'otpgate_otp_checks_total{verdict="context"}'
    before = gateway.metric(name)
    made, code, _ = begin(gateway, account, context=PAYMENT)
    check(account, made, code)
    assert gateway.metric(name) == before + 1


@pytest.mark.parametrize("context,field", [
    ({"amount": "49.90", "currency": "EUR"}, "context.payee"),
    ({"payee": "ACME"}, "context.amount"), ({"amount": "49.90", "payee": "A"}, "context.currency"),
    ({"amount": "49.901", "currency": "EUR", "payee": "A"}, "context.amount"),
    ({"amount": "1,50", "currency": "EUR", "payee": "A"}, "context.amount"),
    ({"amount": 49.9, "currency": "EUR", "payee": "A"}, "context.amount"),
    ({"amount": "1", "currency": "eur", "payee": "A"}, "context.currency"),
    ({"amount": "1", "currency": "EUR", "payee": "a@b"}, "context.payee"),
    ({"amount": "1", "currency": "EUR", "payee": "x" * 41}, "context.payee"),
    ({"reference": "a\u202eb"}, "context.reference"), ({"reference": ""}, "context.reference"),
    ({"else": "x"}, "context.else"), ("x", "context")])
def test_malformed_contexts(gateway, account, context, field):
    answer = otp.start(account.app, gateway.fresh_number(), context=context)
    assert answer.status in (400, 422), answer
    check_problem(OWN, answer, field)
    made, code, _ = begin(gateway, account)
    answer = check(account, made, code, context=context)
    assert answer.status in (400, 422), answer
    check_problem(OWN, answer, field)
    assert check(account, made, code).json["approved"] is True  # no attempt was taken


def test_req_38_there_is_no_check_by_number(gateway, account):
    """An id, which only the application knows, is the only way to try a code."""
    number = gateway.fresh_number()
    _, code, _ = otp.started(account.app, account.phone, number, "pay")
    for path in (V + "/check", "%s/%s/check" % (V, number.replace("+", "%2B")), "/otp/v1/check"):
        answer = account.app.post(path, {"to": number, "code": code, "purpose": "pay"})
        assert answer.status in (404, 405), answer
    by_number = check(account, "A" * 30, code, to=number)
    check_problem(OWN, by_number.expect(400), "to")


def test_req_6_there_is_no_filter_of_codes(gateway):
    """Nothing can be left out of six digits: no option, no member of a start."""
    done = gateway.cli("check-config", "--sample")
    options = [line for line in done.stdout.splitlines() if line.startswith("#otp.")]
    assert not [line for line in options if "filter" in line or "sequence" in line]
    account = gateway.account()
    for member in ("filter", "no_sequences"):
        refused = otp.start(account.app, gateway.fresh_number(), **{member: True}).expect(400)
        check_problem(OWN, refused, member)


# ---- payments ----

def test_a_payment_shows_amount_and_payee(gateway, account):
    _, code, message = begin(gateway, account, context=dict(PAYMENT, amount="49.9"))
    assert message["textMessage"]["text"].startswith(code + " approves EUR 49.90 to ACME.")
    assert "order-17" not in message["textMessage"]["text"]


def test_a_resend_shows_the_same(gateway, account):
    made, code, first = begin(gateway, account, context=PAYMENT)
    shown = otp.show(account.app, made)
    assert "ACME" not in json.dumps(shown)
    assert first["textMessage"]["text"].startswith(code)


def test_req_36_templates_of_payments_and_of_codes(gateway, account):
    def put(kind, text):
        gateway.admin.request("PUT", "/admin/v1/templates/for-%s?account=%s" % (
            kind, account.name), {"kind": kind, "texts": {"en": text}}).expect(200)

    put("payment", "{code} pays {payee} {amount}.")
    put("code", "{code} is it.")
    gateway.admin.request("PUT", "/admin/v1/apps/bank?account=" + account.name,
                          {"template": "for-code", "payment_template": "for-payment"}).expect(200)
    _, code, message = begin(gateway, account, client_app="bank", context=PAYMENT)
    assert message["textMessage"]["text"] == code + " pays ACME EUR 49.90."
    _, code, message = begin(gateway, account, client_app="bank")
    assert message["textMessage"]["text"] == code + " is it."
    for members in ({"template": "for-code", "context": PAYMENT}, {"template": "for-payment"}):
        refused = otp.start(account.app, gateway.fresh_number(), **members).expect(422)
        check_problem(OWN, refused, "template")


# ---- receipts ----

def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def receipt_of(gateway, account, **members):
    made, code, _ = begin(gateway, account, **members)
    return made, check(account, made, code, **members).expect(200).json["receipt"]


def redeem(account, receipt, purpose="pay"):
    return account.app.post("/otp/v1/receipts/redeem", {"receipt": receipt, "purpose": purpose})


def test_req_42_receipt_is_signed_and_bound(gateway, account, tmp_path):
    """Read with the published key by another implementation of Ed25519."""
    made, receipt = receipt_of(gateway, account, context=PAYMENT)
    header, claims, signature = receipt.split(".")
    keys = gateway.anyone.get("/.well-known/jwks.json").expect(200)
    assert keys.type == "application/jwk-set+json"
    key = json.loads(keys.body)["keys"][0]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert json.loads(decode(header)) == {"alg": "EdDSA", "typ": "otp-receipt+jwt",
                                          "kid": key["kid"]}
    der = bytes.fromhex("302a300506032b6570032100") + decode(key["x"])
    for name, data in (("key", der), ("text", (header + "." + claims).encode()),
                       ("signature", decode(signature))):
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin",
                           "-inkey", "key", "-in", "text", "-sigfile", "signature"],
                          cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    said = json.loads(decode(claims))
    assert said["exp"] - said["iat"] == 300
    assert {name: said[name] for name in ("iss", "aud", "jti", "purpose", "amount", "payee",
                                          "reference")} == {
        "iss": "otpgate", "aud": account.id, "jti": made, "purpose": "pay",
        "amount": "EUR 49.90", "payee": "ACME", "reference": "order-17"}
    assert len(said["sub"]) == 22


def test_req_42_receipt_is_redeemed_once(gateway, account):
    made, receipt = receipt_of(gateway, account, context=PAYMENT)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [account.another_client() for _ in range(8)]
        answers = list(pool.map(lambda client: client.post(
            "/otp/v1/receipts/redeem", {"receipt": receipt, "purpose": "pay"}), clients))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    told = [answer for answer in answers if answer.status == 200][0].json
    assert (told["id"], told["amount"], told["payee"]) == (made, "EUR 49.90", "ACME")
    check_problem(OWN, redeem(account, receipt).expect(409), "receipt")


def test_req_42_foreign_changed_and_misused_receipts(gateway, account):
    _, receipt = receipt_of(gateway, account)
    header, claims, signature = receipt.split(".")
    other = dict(json.loads(decode(claims)), purpose="login")
    forged = base64.urlsafe_b64encode(json.dumps(other).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for wrong in ("x", "a.b.c", "..", receipt[:-2], receipt + "A", header + "." + claims + ".",
                  ".".join((header, forged, signature)), ".".join((none, claims, "")),
                  ".".join((header, claims, "A" * 86)), receipt + "." + signature):
        check_problem(OWN, redeem(account, wrong).expect(422), "receipt")
    check_problem(OWN, redeem(account, receipt, "login").expect(422), "purpose")
    check_problem(OWN, redeem(gateway.account(), receipt).expect(422), "receipt")
    redeem(account, receipt).expect(200)


def test_req_12_no_second_receipt(gateway, account):
    made, code, _ = begin(gateway, account)
    assert check(account, made, code).json["receipt"]
    again = check(account, made, code).expect(409).json
    assert again["error"] == "already_verified" and "receipt" not in again


def test_req_42_receipts_of_one_recipient_share_a_pseudonym(gateway, account):
    number = gateway.fresh_number()
    stranger = gateway.account()
    stranger.phone = stranger.add_phone()
    subjects = []
    for one in (account, account, stranger):
        made, code, _ = otp.started(one.app, one.phone, number, "pay")
        receipt = check(one, made, code).json["receipt"]
        subjects.append(json.loads(decode(receipt.split(".")[1]))["sub"])
    assert subjects[0] == subjects[1] != subjects[2]
