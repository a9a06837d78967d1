"""What the SMS with the code says (requirements 54, 56, 57, 63, 64)."""

import re

import pytest

from support import otp
from support.gateway import Gateway

HASH = "FA+9qCX9VSu"
GSM7 = set("@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_"
           "\u03a6\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9 !\"#"
           "\u00a4%&'()*+,-./0123456789:;<=>?\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1"
           "\u00dc\u00a7\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0")


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account(brand="Shop")
    made.phone = made.add_phone()
    return made


def text_of(gateway, account, **members):
    number = gateway.fresh_number()
    made = otp.start(account.app, number, **members).expect(201).json
    return made, otp.fetch(account.phone, number)["message"]


def is_one_segment(text):
    if set(text) <= GSM7:
        return len(text) <= 160
    return len(text.encode("utf-16-be")) // 2 <= 70


def test_code_first_then_brand(gateway, account):
    made, text = text_of(gateway, account)
    assert re.match(r"^[0-9]{6} .*Shop", text)
    _, text = text_of(gateway, account, brand="Other Shop")
    assert "Other Shop" in text
    bare = gateway.account()
    bare.phone = bare.add_phone()
    _, text = text_of(gateway, bare)
    assert re.match(r"^[0-9]{6} ", text) and set(text) <= GSM7


def test_requirement_57_app_hash_is_the_last_line(gateway, account):
    _, text = text_of(gateway, account, app_hash=HASH)
    assert text.split("\n")[-1] == HASH
    assert text.count(HASH) == 1
    for wrong in ("FA+9qCX9", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA+9qCX9VS=", "FA-9qCX9VSu",
                  "FA_9qCX9VSu"):
        refused = otp.start(account.app, gateway.fresh_number(), app_hash=wrong).expect(422).json
        assert refused["field"] == "app_hash" and len(refused["message"]) > 10


@pytest.mark.parametrize("brand", ["B" * 40, "\u20ac" * 40, "\u0416" * 10, "Caf\u00e9 Z\u00fcrich"])
def test_requirement_54_one_segment_and_140_bytes(gateway, account, brand):
    """The longest that can be asked for still fits, or is refused."""
    number = gateway.fresh_number()
    answer = otp.start(account.app, number, brand=brand, app_hash=HASH, code_length=10, ttl=600)
    if answer.status != 201:
        assert answer.status == 422 and answer.json["field"] in ("brand", "text"), answer
        return
    text = otp.fetch(account.phone, number)["message"]
    assert brand in text
    assert len(text.encode()) <= 140 and is_one_segment(text), text


def test_requirement_64_code_is_the_first_group_of_digits(gateway, account):
    for brand in ("24/7 Store", "3Com", "Area 51"):
        made, text = text_of(gateway, account, brand=brand, code_length=8)
        code = otp.code_in(text)
        assert len(code) == 8
        assert otp.check(account.app, made["id"], code).json["approved"] is True


@pytest.mark.parametrize("brand", ["a@b", "a#b", "https://x", "http://evil.example", "a\nb",
                                   "a\u202eb", "a\u200bb", "\u0007", "x" * 41])
def test_requirement_63_brands_that_are_refused(gateway, account, brand):
    refused = otp.start(account.app, gateway.fresh_number(), brand=brand).expect(422).json
    assert refused["field"] == "brand"


def test_own_template(gateway):
    with Gateway("--otp.template", "{code} opens {brand} for {minutes} min",
                 "--otp.brand", "Door") as own:
        account = own.account()
        account.phone = account.add_phone()
        made, text = text_of(own, account, ttl=120)
        assert re.match(r"^[0-9]{6} opens Door for 2 min$", text)


@pytest.mark.parametrize("template", [
    "2 shops: {code}", "no code at all", "{code} {cod}", "{code} " + "x" * 140, "{code} c\u200bx"])
def test_templates_that_are_refused_at_the_start(template):
    own = Gateway("--otp.template", template)
    try:
        own.spawn()
        assert own.process.wait(20) != 0
        assert "template" in own.log()
    finally:
        own.remove()
