"""The description of the API against what the server really takes and answers.

tests/unit/api/test_openapi.c holds it against the route table.
"""

import json
import re
import urllib.parse

import jsonschema
import pytest

from support import routes
from support.client import bearer
from support.gateway import M, T
from support.phone import date

FLAGS = ["--http.public_url", "https://gateway.example:8443"]

METHODS = ("get", "post", "put", "patch", "delete")
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Description:
    def __init__(self, document):
        self.document = document
        self.resolver = jsonschema.RefResolver("", document)

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        """(METHOD, path, operation, parameters of the path); other spellings of a path too."""
        for path, item in self.document["paths"].items():
            whole = self.resolve(item)
            for method in METHODS:
                if method in whole:
                    yield method.upper(), path, whole[method], whole.get("parameters", [])

    def operation(self, method, path):
        return self.resolve(self.document["paths"][path])[method.lower()]

    def check(self, value, schema):
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(value)

    def example(self, method, path):
        content = self.operation(method, path)["requestBody"]["content"]
        return next(iter(next(iter(content.values()))["examples"].values()))["value"]


@pytest.fixture(scope="module")
def description(gateway):
    return Description(gateway.anyone.get("/openapi.json").expect(200).json)


# ---- in itself ----

def test_schemas_are_schemas(description):
    for name, schema in description.document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name)


def test_every_example_fits_its_schema(description):
    count = 0
    for method, path, operation, parameters in description.operations():
        bodies = [description.resolve(body) for body in operation["responses"].values()]
        bodies += [operation["requestBody"]] if "requestBody" in operation else []
        for body in bodies:
            for media in body.get("content", {}).values():
                for name, example in media["examples"].items():
                    try:
                        description.check(example["value"], media["schema"])
                    except jsonschema.ValidationError as error:
                        raise AssertionError("%s %s, %s" % (method, path, name)) from error
                    count += 1
        for parameter in parameters + operation.get("parameters", []):
            parameter = description.resolve(parameter)
            if "example" in parameter:
                description.check(parameter["example"], parameter["schema"])
    assert count > 300


def test_operations_have_names_of_their_own_and_known_tags(description):
    tags = {tag["name"] for tag in description.document["tags"]}
    seen = {}
    for _, path, operation, _ in description.operations():
        assert set(operation["tags"]) <= tags
        first = seen.setdefault(operation["operationId"], operation)
        assert first is operation, path  # another spelling is the same object, no copy
    assert {tag for one in seen.values() for tag in one["tags"]} == tags


def test_paths_name_their_parameters(description):
    for _, path, _, parameters in description.operations():
        named = {description.resolve(one)["name"] for one in parameters}
        assert named == set(re.findall(r"{(\w+)}", path)), path


def test_schemes_and_scopes_exist(description):
    schemes = description.document["components"]["securitySchemes"]
    scopes = set(schemes["oauth2"]["flows"]["clientCredentials"]["scopes"])
    for _, path, operation, _ in description.operations():
        for alternative in operation["security"]:
            for scheme, needed in alternative.items():
                assert scheme in schemes, path
                assert set(needed) <= scopes | {"admin", "tokens:refresh"}, (path, needed)


# ---- against the list of routes ----

def test_the_description_and_the_list_agree(description):
    described = {(method, path) for method, path, _, _ in description.operations()}
    listed = {(one.method, path) for one in routes.ROUTES for path in routes.spellings(one.path)
              if not path.startswith("/api/3rdparty/") and not path.startswith("/api/mobile/")}
    # OAuth's have a file of their own, test_oauth.py
    assert {one for one in described - listed if not one[1].startswith(
        ("/oauth/", "/.well-known/oauth"))} == set()
    assert listed - described == set()


def test_bodies_and_scopes_are_those_of_the_list(description):
    for one in routes.ROUTES:
        operation = description.operation(one.method, one.path)
        needed = [scope for alternative in operation["security"]
                  for name, scopes in alternative.items() if name in ("token", "apiKey")
                  for scope in scopes]
        assert set(needed) == ({one.scope} if one.scope else set()), routes.name_of(one)


# ---- where it is served ----

def test_the_catalog_leads_to_it(gateway, description):
    catalog = gateway.anyone.get("/.well-known/api-catalog").expect(200)
    entries = {one["anchor"]: one for one in json.loads(catalog.body)["linkset"]}
    assert len(entries) == 3
    for anchor, entry in entries.items():
        link = entry["service-desc"][0]
        path = urllib.parse.urlsplit(link["href"]).path
        answer = gateway.anyone.get(path).expect(200)
        assert answer.type == link["type"] == JSON
        assert answer.json == description.document
        prefix = urllib.parse.urlsplit(anchor).path.replace("/api", "", 1)
        assert any(path.startswith(prefix) for path in description.document["paths"])


# ---- against real answers ----

class Walk:
    """Calls operations with the examples of their description, and checks what they answer."""

    def __init__(self, gateway, description):
        self.gateway = gateway
        self.description = description
        self.visited = set()

    def call(self, client, method, path, query="", body=None, expected=None, **params):
        """body: instead of the example."""
        operation = self.description.operation(method, path)
        url = path.format(**params) + query
        headers = {}
        if "requestBody" in operation and body is None:
            body = self.description.example(method, path)
        if FORM in operation.get("requestBody", {}).get("content", {}):
            body = urllib.parse.urlencode(body).encode()
            headers["Content-Type"] = FORM
        answer = client.request(method, url, body, headers)
        success = expected or min(int(status) for status in operation["responses"])
        assert answer.status == success, (method, path, answer)
        self.check_answer(operation, answer)
        self.visited.add((method, path))
        return answer

    def check_answer(self, operation, answer):
        response = self.description.resolve(operation["responses"][str(answer.status)])
        for name, header in response.get("headers", {}).items():
            if self.description.resolve(header).get("required"):
                assert name in answer.headers
        content = response.get("content")
        if not content:
            assert not answer.body
            return
        media = answer.type.split(";")[0]
        assert media in content
        if media.endswith("json"):
                    self.description.check(json.loads(answer.body), content[media]["schema"])


@pytest.fixture(scope="module")
def walk(gateway, description):
    return Walk(gateway, description)


X, P, A = "/3rdparty/v1", "/mobile/v1", "/admin/v1"


@pytest.fixture(scope="module")
def shop(gateway):
    account = gateway.account("shop", brand="Example Shop")
    sims = [{"slotIndex": 0, "simNumber": 1, "carrierName": "****"}]
    account.phone = account.add_phone("samsung/a12nsxx", sims)
    return account


def machines_that_watch(gateway, walk, shop):
    for path in ("/health", "/health/ready", "/health/live", "/health/startup"):
        walk.call(gateway.anyone, "GET", path)
        walk.call(gateway.anyone, "GET", X + path)
    for path in ("/metrics", "/openapi.json", "/api/docs/doc.json", "/.well-known/api-catalog",
                 "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"):
        walk.call(gateway.anyone, "GET", path)


def messages_as_described(gateway, walk, shop):
    sent = walk.call(shop.app, "POST", X + "/messages", "?deviceActiveWithin=1").json
    walk.call(shop.app, "GET", X + "/messages", "?includeContent=true")
    walk.call(shop.app, "GET", X + "/messages/{id}", id=sent["id"])
    walk.call(shop.app, "GET", X + "/messages/{id}/timeline", id=sent["id"])
    walk.call(shop.phone.client, "GET", P + "/message")
    walk.call(shop.phone.client, "PATCH", P + "/message")
    assert shop.message(sent["id"])["state"] != "Pending"  # the example reports on the example
    walk.call(gateway.admin, "GET", A + "/timelines/{id}", "?account=shop", id=sent["id"])
    walk.call(shop.app, "DELETE", X + "/messages/{id}", expected=409, id=sent["id"])
    walk.call(shop.app, "POST", X + "/messages", body={}, expected=400)
    other = shop.app.post(T + "/messages", {
        "phoneNumbers": ["+447700900123"], "textMessage": {"text": "hi"}}).expect(202).json
    walk.call(shop.app, "DELETE", X + "/messages/{id}", id=other["id"])


def batches_as_described(gateway, walk, shop):
    one = "/bulk/v1/batches/{id}"
    made = walk.call(shop.app, "POST", "/bulk/v1/batches", expected=201).json
    walk.call(shop.app, "POST", "/bulk/v1/batches")
    walk.call(shop.app, "GET", "/bulk/v1/batches", "?limit=5")
    walk.call(shop.app, "GET", one, id=made["id"])
    found = walk.call(shop.app, "GET", one + "/errors", id=made["id"]).json["errors"]
    assert [error["line"] for error in found] == [3]
    walk.call(shop.app, "PATCH", one, id=made["id"])
    walk.call(shop.app, "POST", one + "/recipients", expected=409, id=made["id"], body={
        "first": 7, "recipients": [{"to": "+447700900125"}]})
    walk.call(shop.app, "POST", "/bulk/v1/batches", body={"text": "{"}, expected=422)
    walk.call(shop.app, "GET", one, expected=404, id="nobodys")
    empty = shop.app.post("/bulk/v1/batches", {"text": "Hello {name}"}).expect(201).json
    walk.call(shop.app, "POST", one + "/recipients", id=empty["id"])
    for batch in (made, empty):
        shop.app.patch("/bulk/v1/batches/" + batch["id"], {"state": "canceled"}).expect(200)


def phones_as_described(gateway, walk, shop):
    joining = gateway.client(bearer(shop.join_token))
    made = walk.call(joining, "POST", P + "/device").json
    other = gateway.client(bearer(made["token"]))
    walk.call(other, "GET", P + "/device")
    walk.call(gateway.anyone, "GET", P + "/device")
    changed = dict(walk.description.example("PATCH", P + "/device"), id=made["id"])
    walk.call(other, "PATCH", P + "/device", body=changed)
    for name in ("/settings", "/webhooks"):
        walk.call(other, "GET", P + name)
    stream = shop.phone.listen()
    walk.visited.add(("GET", P + "/events"))
    stream.close()
    walk.call(shop.app, "GET", P + "/user/code")
    walk.call(shop.app, "GET", X + "/devices")
    walk.call(gateway.admin, "GET", A + "/devices", "?account=shop")
    walk.call(shop.app, "DELETE", X + "/devices/{id}", id=made["id"])
    gone = shop.add_phone()
    walk.call(gateway.admin, "DELETE", A + "/devices/{id}", id=gone.id)
    walk.call(gateway.admin, "DELETE", A + "/devices/{id}", expected=404, id=gone.id)


def inbox_as_described(gateway, walk, shop):
    walk.call(shop.phone.client, "POST", P + "/inbox", body=[
        {"type": "SMS", "sender": "+447700900456", "contentPreview": "Yes", "createdAt": date()},
        {"type": "SMS", "contentPreview": "nobody's", "createdAt": date()}])
    walk.call(shop.phone.client, "POST", P + "/inbox")
    device, key = shop.phone.inbox_path().rsplit("/", 2)[1:]
    walk.call(gateway.anyone, "POST", P + "/inbox/{id}/{key}", id=device, key=key)
    found = walk.call(shop.app, "GET", X + "/inbox", "?type=SMS").json
    walk.call(shop.app, "GET", X + "/inbox/{id}", id=found[0]["id"])
    walk.call(shop.app, "GET", X + "/inbox/{id}/attachments/{part}", expected=404,
              id=found[0]["id"], part="1")
    walk.call(shop.app, "POST", X + "/inbox/refresh")
    walk.call(shop.app, "POST", X + "/inbox/export")
    walk.call(shop.app, "POST", X + "/messages/inbox/export")


def settings_webhooks_and_logs_as_described(gateway, walk, shop):
    for method in ("PATCH", "PUT", "GET"):
        walk.call(shop.app, method, X + "/settings")
    made = walk.call(shop.app, "POST", X + "/webhooks").json
    walk.call(shop.app, "GET", X + "/webhooks")
    walk.call(gateway.admin, "GET", A + "/webhooks")
    walk.call(gateway.admin, "GET", A + "/accounts/{id}/webhooks", id="shop")
    walk.call(gateway.admin, "PATCH", A + "/accounts/{id}/webhooks", id="shop")
    walk.call(gateway.admin, "GET", A + "/webhooks/dead", "?account=shop")
    walk.call(gateway.admin, "POST", A + "/webhooks/dead/replay", "?account=shop")
    walk.call(shop.app, "DELETE", X + "/webhooks/{id}", id=made["id"])
    walk.call(shop.app, "GET", X + "/logs")


def tokens_as_described(gateway, walk, shop):
    pair = walk.call(shop.app, "POST", X + "/auth/token").json
    again = gateway.client(bearer(pair["refresh_token"]))
    pair = walk.call(again, "POST", X + "/auth/token/refresh").json
    walk.call(again, "POST", X + "/auth/token/refresh", expected=401)
    walk.call(gateway.client(bearer(pair["access_token"])), "GET", X + "/messages", expected=403)
    walk.call(shop.app, "DELETE", X + "/auth/token/{id}", id=pair["id"])
    granted = walk.call(shop.app, "POST", "/oauth/token").json
    walk.call(shop.app, "POST", "/oauth/token", body={"grant_type": "password"}, expected=400)
    walk.call(shop.app, "POST", "/oauth/revoke", body={"token": granted["access_token"]})


def verifications_as_described(gateway, walk, shop):
    started = walk.call(shop.app, "POST", "/otp/v1/verifications", expected=201).json
    walk.call(shop.app, "GET", "/otp/v1/verifications/{id}", id=started["id"])
    walk.call(shop.app, "POST", "/otp/v1/verifications/{id}/check", expected=200,
              body={"code": "0" * 6, "purpose": "login"}, id=started["id"])
    walk.call(shop.app, "GET", "/otp/v1/verifications/{id}/timeline", id=started["id"])
    walk.call(shop.app, "POST", "/otp/v1/verifications/{id}/resend", expected=429,
              id=started["id"])
    walk.call(shop.app, "DELETE", "/otp/v1/verifications/{id}", id=started["id"])
    walk.call(shop.app, "POST", "/otp/v1/receipts/redeem", expected=422)
    walk.call(shop.app, "POST", "/otp/v1/challenges")
    walk.call(shop.app, "GET", "/otp/v1/sandbox/messages")


def accounts_as_described(gateway, walk, shop):
    walk.call(gateway.admin, "POST", A + "/accounts")
    walk.call(gateway.admin, "POST", A + "/accounts", expected=409)
    walk.call(gateway.admin, "GET", A + "/accounts")
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("GET", "/keys"),
                         ("POST", "/pairing")):
        walk.call(gateway.admin, method, A + "/accounts/{id}" + path, id="bank")
    key = walk.call(gateway.admin, "POST", A + "/accounts/{id}/keys", id="bank").json
    walk.call(gateway.admin, "DELETE", A + "/keys/{id}", id=key["id"])
    walk.call(gateway.admin, "GET", A + "/accounts/{id}", expected=404, id="nobody")
    leaving = gateway.account()
    phone = leaving.add_phone()
    walk.call(phone.client, "PATCH", P + "/user/password",
              body={"currentPassword": leaving.password, "newPassword": "correct horse battery"})


def words_as_described(gateway, walk, shop):
    whose = "?account=shop"
    walk.call(gateway.admin, "PUT", A + "/templates/{id}", whose, id="door")
    walk.call(gateway.admin, "PUT", A + "/apps/{id}", whose, id="android")
    for name, one in (("templates", "door"), ("apps", "android")):
        walk.call(gateway.admin, "GET", A + "/" + name, whose)
        walk.call(gateway.admin, "GET", A + "/" + name + "/{id}", whose, id=one)
    walk.call(gateway.admin, "DELETE", A + "/templates/{id}", whose, expected=409, id="door")
    walk.call(gateway.admin, "DELETE", A + "/apps/{id}", whose, id="android")
    walk.call(gateway.admin, "DELETE", A + "/templates/{id}", whose, id="door")


def operations_of_operators_as_described(gateway, walk, shop):
    walk.call(gateway.admin, "GET", A + "/accounts/{id}/routing", id="shop")
    rules = {"groups": [{"name": "office", "devices": [shop.phone.id]}],
             "rules": [{"prefixes": ["+49"], "groups": ["office"]}]}
    walk.call(gateway.admin, "PUT", A + "/accounts/{id}/routing", body=rules, id="shop")
    walk.call(gateway.admin, "GET", A + "/accounts/{id}/routing", id="shop")
    walk.call(gateway.admin, "GET", A + "/accounts/{id}/route", "?to=%2B447700900123", id="shop")
    walk.call(gateway.admin, "GET", A + "/audit")
    walk.call(gateway.admin, "POST", A + "/alerts/test")
    walk.call(gateway.admin, "GET", A + "/alerts")
    walk.call(gateway.admin, "POST", A + "/privacy/erase")
    walk.call(gateway.admin, "POST", A + "/privacy/export")


def rules_against_abuse_as_described(gateway, walk, shop):
    walk.call(gateway.admin, "GET", A + "/abuse/rules")
    walk.call(gateway.admin, "GET", A + "/abuse/decisions")
    stop = walk.call(gateway.admin, "POST", A + "/abuse/stops").json
    walk.call(gateway.admin, "GET", A + "/abuse/stops")
    walk.call(gateway.admin, "DELETE", A + "/abuse/stops/{id}", id=stop["id"])
    walk.call(gateway.admin, "POST", A + "/abuse/resets")


AREAS = (machines_that_watch, messages_as_described, batches_as_described, phones_as_described,
         inbox_as_described, settings_webhooks_and_logs_as_described, tokens_as_described,
         verifications_as_described, accounts_as_described, words_as_described,
         operations_of_operators_as_described, rules_against_abuse_as_described)


def test_every_operation_answers_as_described(gateway, walk, shop):
    """In one test, so that what was left out can be told; other spellings are the same."""
    for area in AREAS:
        area(gateway, walk, shop)
    seen = {id(walk.description.operation(*one)) for one in walk.visited}
    missed = [(method, path) for method, path, operation, _ in walk.description.operations()
              if id(operation) not in seen]
    assert missed == []
