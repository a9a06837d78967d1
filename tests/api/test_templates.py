"""Words of an account's own, and the applications that read them."""

import json
import subprocess

import pytest

from support import otp
from support.gateway import ALL_SCOPES, program
from support.routes import OWN, check_problem

HASH, NEXT = "FA+9qCX9VSu", "OjvCiOzMEvS"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def account(gateway):
    made = gateway.account(brand="Shop")
    made.phone = made.add_phone()
    return made


def put(gateway, account, what, name, **members):
    return gateway.admin.request("PUT", "/admin/v1/%s/%s?account=%s" % (what, name, account.name),
                                 members)


def template(gateway, account, name, text, **members):
    return put(gateway, account, "templates", name, texts={"en": text}, **members)


def text_of(gateway, account, **members):
    number = gateway.fresh_number()
    otp.start(account.app, number, **members).expect(201)
    return otp.fetch(account.phone, number)["message"]


def languages():
    done = subprocess.run([program(), "template", "builtin", "--json"], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)["languages"]


# ---- templates ----

def test_a_template_is_kept_shown_and_removed(gateway, account):
    made = put(gateway, account, "templates", "door", default_locale="en",
               texts={"en": "{code} opens {brand}.", "de": "{code} öffnet {brand}."}).expect(200)
    texts = {text["locale"]: text for text in made.json["texts"]}
    assert texts["en"] == {"locale": "en", "text": "{code} opens {brand}.", "encoding": "GSM-7",
                           "units": 34, "segments": 1, "bytes": 34}
    assert (texts["de"]["units"], texts["de"]["bytes"]) == (35, 36)
    path = "/admin/v1/templates/door?account=" + account.name
    assert gateway.admin.get(path).expect(200).json["texts"] == sorted(
        made.json["texts"], key=lambda text: text["locale"])
    listed = gateway.admin.get("/admin/v1/templates?account=" + account.name).json["templates"]
    assert "door" in [one["name"] for one in listed]
    assert text_of(gateway, account, template="door").endswith(" opens Shop.")
    assert text_of(gateway, account, template="door", locale="de-AT").endswith(" öffnet Shop.")
    assert text_of(gateway, account, template="door", locale="sw").endswith(" opens Shop.")
    gateway.admin.delete(path).expect(204)
    gateway.admin.delete(path).expect(404)
    gateway.admin.get(path).expect(404)
    refused = otp.start(account.app, gateway.fresh_number(), template="door").expect(422)
    check_problem(OWN, refused, "template")


@pytest.mark.parametrize("text,reason", [
    ("2 shops: {code}", "digits before"), ("no code", "{code}"), ("{code} {cod}", "only"),
    ("{code}\u200b", "invisible"), ("{code} {minutes|a}", "as many forms"),
    ("{code} " + "x" * 125, "exceeds the 140 bytes"), ("{code} \u0416", "U+0416 at character 8")])
def test_req_54_texts_are_judged_when_they_are_saved(gateway, account, text, reason):
    refused = template(gateway, account, "bad", text).expect(422)
    check_problem(OWN, refused, "texts.en")
    assert reason in refused.json["message"]
    gateway.admin.get("/admin/v1/templates/bad?account=" + account.name).expect(404)


def test_req_54_long_texts_are_taken_when_that_is_wanted(gateway, account):
    made = template(gateway, account, "long", "{code} " + "x" * 160, allow_long=True).expect(200)
    assert made.json["texts"][0]["segments"] == 2
    assert text_of(gateway, account, template="long").endswith("x" * 160)


def test_req_55_strict_refuses_and_transliterate_converts(gateway, account):
    spanish = "{code} es tu c\u00f3digo"
    refused = template(gateway, account, "es", spanish).expect(422).json
    assert "U+00F3 at character 15" in refused["message"] and '"o"' in refused["message"]
    made = template(gateway, account, "es", spanish, policy="transliterate").expect(200).json
    assert made["texts"][0]["text"] == "{code} es tu codigo"
    assert made["texts"][0]["encoding"] == "GSM-7"
    made = template(gateway, account, "es", spanish, policy="ucs2").expect(200).json
    assert made["texts"][0]["encoding"] == "UCS-2"


def test_req_36_payment_template_shows_amount_and_payee(gateway, account):
    for text in ("{code} pays {amount}", "{code} pays {payee}", "{code} pays"):
        refused = template(gateway, account, "pay", text, kind="payment").expect(422)
        check_problem(OWN, refused, "texts.en")
    template(gateway, account, "pay", "{code}: {amount} to {payee}", kind="payment").expect(200)
    template(gateway, account, "pay2", "{code}: {amount} to {payee}").expect(422)


@pytest.mark.parametrize("members,field", [
    ({"texts": {}}, "texts"), ({"texts": {"en": 5}}, "texts"), ({}, "texts"),
    ({"texts": {"en_US": "{code} x"}}, "texts.en_US"),
    ({"texts": {"en": "{code} x"}, "kind": "voice"}, "kind"),
    ({"texts": {"en": "{code} x"}, "policy": "loose"}, "policy"),
    ({"texts": {"en": "{code} x", "de": "{code} x"}, "default_locale": "fr"}, "default_locale"),
    ({"texts": {"fr": "{code} x", "de": "{code} x"}}, "default_locale"),
    ({"texts": {"en": "{code} x"}, "more": 1}, "more")])
def test_malformed_templates(gateway, account, members, field):
    answer = put(gateway, account, "templates", "bad", **members)
    assert answer.status in (400, 422)
    check_problem(OWN, answer, field)


def test_a_brand_must_go_with_every_template(gateway):
    own = gateway.account(brand="Shop")
    template(gateway, own, "full", "{code} " + "x" * 102 + " {brand}").expect(200)
    path = "/admin/v1/accounts/" + own.name
    for brand in ("B" * 40, "\u0416\u0416"):
        refused = gateway.admin.patch(path, {"brand": brand}).expect(422)
        check_problem(OWN, refused, "brand")
        assert "full" in refused.json["message"]
    gateway.admin.patch(path, {"brand": "Other"}).expect(200)


def test_a_brand_cannot_make_every_start_fail(gateway):
    """It is measured when it is set, with the longest message that it can meet."""
    for brand in ("\u0416" * 40, "\u20ac" * 40):
        refused = gateway.admin.post("/admin/v1/accounts", {"name": "long-brand", "brand": brand})
        check_problem(OWN, refused.expect(422), "brand")
    for brand in ("B" * 40, "\u0416" * 20):
        own = gateway.account(brand=brand)
        own.phone = own.add_phone()
        for locale in ("en", "ru", "ar", "th", "de"):
            assert brand in text_of(gateway, own, locale=locale, app_hash=HASH, code_length=10)


# ---- applications ----

def test_an_application_brings_its_words_and_lines(gateway, account):
    template(gateway, account, "app-words", "{code} for {brand}").expect(200)
    made = put(gateway, account, "apps", "android", package="com.example.shop", brand="App",
               hashes=[{"hash": HASH, "label": "play"}], template="app-words",
               origin="shop.example", embedded_origin="bank.example").expect(200).json
    assert made["hashes"] == [{"hash": HASH, "label": "play", "valid_from": None,
                               "valid_until": None}]
    text = text_of(gateway, account, client_app="android")
    code = otp.code_in(text)
    assert text == "%s for App\n%s\n@shop.example #%s @bank.example" % (code, HASH, code)
    assert "for Mine\n" in text_of(gateway, account, client_app="android", brand="Mine")
    path = "/admin/v1/apps/android?account=" + account.name
    assert gateway.admin.get(path).expect(200).json == made
    refused = gateway.admin.delete("/admin/v1/templates/app-words?account=" + account.name)
    assert refused.expect(409).json["message"] == "is used by the client app android"
    gateway.admin.delete(path).expect(204)
    gateway.admin.get(path).expect(404)
    check_problem(OWN, otp.start(account.app, gateway.fresh_number(),
                                 client_app="android").expect(422), "client_app")


def test_req_61_hashes_with_dates(gateway, account):
    put(gateway, account, "apps", "dated", hashes=[
        {"hash": "A" * 11, "label": "over", "valid_until": PAST},
        {"hash": "B" * 11, "label": "not yet", "valid_from": FUTURE},
        {"hash": HASH, "label": "old"},
        {"hash": NEXT, "label": "new", "valid_from": PAST, "valid_until": FUTURE}]).expect(200)
    lines = text_of(gateway, account, client_app="dated").split("\n")
    assert lines[1:] == [NEXT, HASH]
    # where both do not fit, the newest stays
    template(gateway, account, "tight", "{code} " + "x" * 100).expect(200)
    lines = text_of(gateway, account, client_app="dated", template="tight",
                    code_length=10).split("\n")
    assert lines[1:] == [NEXT, HASH]
    template(gateway, account, "tight", "{code} " + "x" * 110).expect(200)
    assert text_of(gateway, account, client_app="dated",
                   template="tight").split("\n")[1:] == [NEXT]


def test_req_62_no_domain_line_unless_configured(gateway, account):
    put(gateway, account, "apps", "plain", package="com.example.shop").expect(200)
    assert "@" not in text_of(gateway, account, client_app="plain")
    put(gateway, account, "apps", "web", origin="xn--bcher-kva.example").expect(200)
    text = text_of(gateway, account, client_app="web")
    assert text.split("\n")[-1] == "@xn--bcher-kva.example #" + otp.code_in(text)


def test_language_of_an_application(gateway, account):
    put(gateway, account, "apps", "nordic", locale="sv").expect(200)
    assert "din kod" in text_of(gateway, account, client_app="nordic")
    assert "your Shop code" in text_of(gateway, account, client_app="nordic", locale="en-GB")


@pytest.mark.parametrize("members,field", [
    ({"package": "shop"}, "package"), ({"package": "com..shop"}, "package"),
    ({"package": "1.shop"}, "package"), ({"origin": "shop.example:8443"}, "origin"),
    ({"origin": "https://shop.example"}, "origin"), ({"embedded_origin": "a.example"},
                                                     "embedded_origin"),
    ({"brand": "a@b"}, "brand"), ({"locale": "en_US"}, "locale"),
    ({"template": "none-such"}, "template"), ({"payment_template": "judged"}, "payment_template"),
    ({"hashes": [{"hash": "FA+9qCX9"}]}, "hashes[0].hash"), ({"hashes": [{}]}, "hashes[0].hash"),
    ({"hashes": [{"hash": HASH}, {"hash": HASH}]}, "hashes"), ({"hashes": "x"}, "hashes"),
    ({"hashes": [{"hash": "%011d" % i} for i in range(17)]}, "hashes"),
    ({"hashes": [{"hash": HASH, "valid_from": FUTURE, "valid_until": PAST}]},
     "hashes[0].valid_until"),
    ({"hashes": [{"hash": HASH, "since": PAST}]}, "hashes[0].since"),
    ({"origin": "a" * 60 + ".ex", "embedded_origin": "b" * 60 + ".ex"}, "brand"),
    ({"unknown": 1}, "unknown")])
def test_malformed_applications(gateway, account, members, field):
    template(gateway, account, "judged", "{code} is it").expect(200)
    answer = put(gateway, account, "apps", "bad", **members)
    assert answer.status in (400, 422), answer
    check_problem(OWN, answer, field)
    gateway.admin.get("/admin/v1/apps/bad?account=" + account.name).expect(404)


def test_names_are_bounded(gateway, account):
    for kind, members in (("apps", {}), ("templates", {"texts": {"en": "{code} x"}})):
        for name in ("Upper", "x" * 65, "-x", "a%20b"):
            check_problem(OWN, put(gateway, account, kind, name, **members).expect(422), "name")


def test_words_belong_to_their_account(gateway, account):
    """Requirement 37: another account's are as if they did not exist."""
    template(gateway, account, "mine", "{code} is it").expect(200)
    put(gateway, account, "apps", "mine").expect(200)
    rival = gateway.account()
    stranger = rival.with_key(*ALL_SCOPES)
    for path in ("/admin/v1/templates", "/admin/v1/apps"):
        for method in ("GET", "DELETE"):
            stranger.request(method, path + "/mine").expect(404)
            stranger.request(method, path + "/mine?account=" + account.id).expect(404)
        assert list(stranger.get(path).expect(200).json.values()) == [[]]
        stranger.get(path + "?account=" + account.id).expect(404)
        check_problem(OWN, gateway.admin.get(path).expect(400), "account")
        gateway.admin.get(path + "?account=none-such").expect(404)
    otp.start(stranger, gateway.fresh_number(), template="mine").expect(422)
    own = account.with_key("admin")
    assert own.get("/admin/v1/templates/mine").expect(200).json["name"] == "mine"


# ---- the command line ----

def test_command_line(gateway, account):
    def run(*words):
        done = gateway.cli(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = run("template", "set", account.name, "cli", "en={code} is it", "de={code} ist es")
    assert "at most 31 units of GSM-7, 1 SMS" not in shown and "{code} ist es" in shown
    assert "cli" in run("template", "list", account.name)
    assert "{code} is it" in run("template", "show", account.name, "cli")
    shown = run("app", "set", account.name, "cli", "play=%s@%s..%s" % (HASH, PAST, FUTURE), NEXT,
                "--package", "com.example.shop", "--template", "cli")
    assert HASH in shown and "2099-01-01" in shown and NEXT in shown
    assert "com.example.shop" in run("app", "list", account.name)
    run("app", "remove", account.name, "cli")
    run("template", "remove", account.name, "cli")
    assert gateway.cli("app", "show", account.name, "cli").returncode == 2
    assert gateway.cli("template", "set", account.name, "x", "no-text").returncode != 0


# ---- our own sentences ----

CLDR = """
const out = {};
for (const tag of JSON.parse(process.argv[1])) {
  const rules = new Intl.PluralRules(tag), forms = [];
  out[tag] = [1,2,3,4,5,6,7,8,9,10].map(n => {
    const form = rules.select(n);
    if (!forms.includes(form)) forms.push(form);
    return forms.indexOf(form);
  }).join("");
}
console.log(JSON.stringify(out));
"""


def test_plurals_are_those_of_cldr():
    """Of ICU, by way of Node: which numbers from 1 to 10 share a form."""
    ours = {one["locale"]: one["plural"] for one in languages()}
    done = subprocess.run(["node", "-e", CLDR, json.dumps(sorted(ours))], capture_output=True,
                          text=True, check=True)
    assert json.loads(done.stdout) == ours


def test_there_are_enough_languages():
    ours = languages()
    assert len(ours) >= 20 and len({one["locale"] for one in ours}) == len(ours)
    for one in ours:
        for kind in ("plain", "branded", "payment"):
            assert one[kind].startswith("{code}") and one[kind].count("{code}") == 1, one
