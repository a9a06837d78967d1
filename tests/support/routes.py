"""Every route of the server, kept apart from it: what it takes, from whom, and how much.

A path's {id} stands for the id of `kind`. Only one spelling of each path is listed; ALIASES and
TWIN make the others.
"""

from collections import namedtuple

Route = namedtuple("Route", "method path family who scope limit body kind success")

OWN, SMSGATE, ROOT = "own", "sms-gate", "root"
ANYONE, APP, BASIC, DEVICE, MAYBE_DEVICE, JOINING, OPERATOR, REFRESH, SECRET = (
    "anyone", "app", "basic", "device", "device or nobody", "joining", "operator", "refresh token",
    "whoever knows the path")

KIB = 1024
MIB = 1024 * KIB
NUMBER = "+4915199999999"  # nothing of a bad request ever goes there

SEND = {"phoneNumbers": [NUMBER], "textMessage": {"text": "bad input"}}
HOOK = {"id": "bad-input", "url": "https://hook.example/", "event": "sms:received"}
START = {"to": NUMBER, "purpose": "bad-input"}
CHECK = {"code": "000000", "purpose": "bad-input"}
INBOX = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-03T00:00:00Z"}
REPORT = [{"id": "unknown", "state": "Sent",
           "recipients": [{"phoneNumber": NUMBER, "state": "Sent"}]}]

# What a wide scope of an API key includes; in tokens each is only itself.
WIDE = {"messages:send": "messages:cancel", "messages:read": "messages:list",
        "devices:read": "devices:list", "devices:write": "devices:delete"}

# Objects that an account names itself, ?account= for operators; strangers' are in test_templates.py.
NAMED = ("app", "template")

TWIN = "/api"  # sms-gate.app's paths answer with and without it
ALIASES = {"/3rdparty/v1/messages": "/3rdparty/v1/message",
           "/3rdparty/v1/messages/{id}": "/3rdparty/v1/message/{id}",
           "/3rdparty/v1/messages/{id}/timeline": "/3rdparty/v1/message/{id}/timeline",
           "/3rdparty/v1/devices": "/3rdparty/v1/device",
           "/3rdparty/v1/devices/{id}": "/3rdparty/v1/device/{id}",
           "/3rdparty/v1/messages/inbox/export": "/3rdparty/v1/message/inbox/export",
           "/mobile/v1/message": "/mobile/v1/messages"}


def route(method, path, family, who, scope=None, limit=0, body=None, kind=None, success=200):
    return Route(method, path, family, who, scope, limit, body, kind, success)


ROUTES = [
    route("GET", "/health", ROOT, ANYONE),
    route("GET", "/health/ready", ROOT, ANYONE),
    route("GET", "/health/live", ROOT, ANYONE),
    route("GET", "/health/startup", ROOT, ANYONE),
    route("GET", "/3rdparty/v1/health", SMSGATE, ANYONE),
    route("GET", "/3rdparty/v1/health/ready", SMSGATE, ANYONE),
    route("GET", "/3rdparty/v1/health/live", SMSGATE, ANYONE),
    route("GET", "/3rdparty/v1/health/startup", SMSGATE, ANYONE),
    route("GET", "/metrics", ROOT, ANYONE),
    route("GET", "/openapi.json", ROOT, ANYONE),
    route("GET", "/api/docs/doc.json", ROOT, ANYONE),

    route("POST", "/3rdparty/v1/messages", SMSGATE, APP, "messages:send", 4 * MIB, SEND,
          success=202),
    route("GET", "/3rdparty/v1/messages", SMSGATE, APP, "messages:list"),
    route("GET", "/3rdparty/v1/messages/{id}", SMSGATE, APP, "messages:read", kind="message"),
    route("DELETE", "/3rdparty/v1/messages/{id}", SMSGATE, APP, "messages:cancel", kind="message"),
    route("GET", "/3rdparty/v1/messages/{id}/timeline", SMSGATE, APP, "messages:read",
          kind="message"),
    route("GET", "/3rdparty/v1/devices", SMSGATE, APP, "devices:list"),
    route("DELETE", "/3rdparty/v1/devices/{id}", SMSGATE, APP, "devices:delete", kind="device",
          success=204),
    route("POST", "/3rdparty/v1/auth/token", SMSGATE, APP, "tokens:manage", 4 * KIB,
          {"scopes": ["messages:list"]}, success=201),
    # a body is accepted, and not looked at
    route("POST", "/3rdparty/v1/auth/token/refresh", SMSGATE, REFRESH, "tokens:refresh",
          success=201),
    route("DELETE", "/3rdparty/v1/auth/token/{id}", SMSGATE, APP, "tokens:manage", kind="token",
          success=204),

    route("GET", "/3rdparty/v1/settings", SMSGATE, APP, "settings:read"),
    route("PUT", "/3rdparty/v1/settings", SMSGATE, APP, "settings:write", 16 * KIB,
          {"ping": {"interval_seconds": 60}}),
    route("PATCH", "/3rdparty/v1/settings", SMSGATE, APP, "settings:write", 16 * KIB,
          {"ping": {"interval_seconds": 60}}),

    route("POST", "/3rdparty/v1/inbox/refresh", SMSGATE, APP, "inbox:refresh", 16 * KIB, INBOX,
          success=202),
    route("POST", "/3rdparty/v1/inbox/export", SMSGATE, APP, "messages:export", 16 * KIB, INBOX,
          success=202),
    route("POST", "/3rdparty/v1/messages/inbox/export", SMSGATE, APP, "messages:export", 16 * KIB,
          INBOX, success=202),
    route("GET", "/3rdparty/v1/inbox", SMSGATE, APP, "inbox:list"),
    route("GET", "/3rdparty/v1/inbox/{id}", SMSGATE, APP, "inbox:read", kind="received"),
    route("GET", "/3rdparty/v1/inbox/{id}/attachments/{part}", SMSGATE, APP, "inbox:read",
          kind="received"),
    route("GET", "/3rdparty/v1/logs", SMSGATE, APP, "logs:read"),
    route("GET", "/3rdparty/v1/webhooks", SMSGATE, APP, "webhooks:list"),
    route("POST", "/3rdparty/v1/webhooks", SMSGATE, APP, "webhooks:write", 16 * KIB, HOOK,
          success=201),
    route("DELETE", "/3rdparty/v1/webhooks/{id}", SMSGATE, APP, "webhooks:delete",
          kind="webhook", success=204),

    route("POST", "/mobile/v1/device", SMSGATE, JOINING, None, 16 * KIB, {"name": "bad input"},
          success=201),
    route("GET", "/mobile/v1/device", SMSGATE, MAYBE_DEVICE),
    route("PATCH", "/mobile/v1/device", SMSGATE, DEVICE, None, 16 * KIB, {"id": "{device}"},
          success=204),
    route("GET", "/mobile/v1/message", SMSGATE, DEVICE),
    route("PATCH", "/mobile/v1/message", SMSGATE, DEVICE, None, 1 * MIB, REPORT, success=204),
    route("GET", "/mobile/v1/settings", SMSGATE, DEVICE),
    route("GET", "/mobile/v1/webhooks", SMSGATE, DEVICE),
    route("POST", "/mobile/v1/inbox", SMSGATE, DEVICE, None, 4 * MIB, [], success=201),
    # {key} is the secret; without the right one there is no such path
    route("POST", "/mobile/v1/inbox/{id}/{key}", SMSGATE, SECRET, None, 4 * MIB,
          {"event": "system:ping", "payload": {}}, kind="hook", success=404),
    route("GET", "/mobile/v1/events", SMSGATE, DEVICE),
    route("GET", "/mobile/v1/user/code", SMSGATE, BASIC),
    route("PATCH", "/mobile/v1/user/password", SMSGATE, DEVICE, None, 2 * KIB,
          {"currentPassword": "not the password", "newPassword": "long enough for it"},
          success=401),

    route("POST", "/otp/v1/verifications", OWN, APP, "otp:start", 16 * KIB, START, success=201),
    route("GET", "/otp/v1/verifications/{id}", OWN, APP, "otp:check", kind="verification"),
    route("GET", "/otp/v1/verifications/{id}/timeline", OWN, APP, "otp:check",
          kind="verification"),
    route("DELETE", "/otp/v1/verifications/{id}", OWN, APP, "otp:start", kind="verification"),
    route("POST", "/otp/v1/verifications/{id}/check", OWN, APP, "otp:check", 16 * KIB, CHECK,
          kind="verification"),
    route("POST", "/otp/v1/verifications/{id}/resend", OWN, APP, "otp:start", 16 * KIB, {},
          kind="verification"),

    route("POST", "/otp/v1/receipts/redeem", OWN, APP, "otp:check", 16 * KIB,
          {"receipt": "a.b.c", "purpose": "bad-input"}, success=422),
    route("GET", "/otp/v1/sandbox/messages", OWN, APP, "messages:read"),
    route("GET", "/.well-known/jwks.json", ROOT, ANYONE),
    route("GET", "/.well-known/api-catalog", ROOT, ANYONE),

    route("POST", "/admin/v1/accounts", OWN, OPERATOR, "admin", 4 * KIB, {"name": "bad-input"},
          success=201),
    route("GET", "/admin/v1/accounts", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/accounts/{id}", OWN, OPERATOR, "admin", kind="account"),
    route("PATCH", "/admin/v1/accounts/{id}", OWN, OPERATOR, "admin", 4 * KIB, {"brand": "B"},
          kind="account"),
    route("POST", "/admin/v1/accounts/{id}/rotate", OWN, OPERATOR, "admin", kind="account"),
    route("POST", "/admin/v1/accounts/{id}/keys", OWN, OPERATOR, "admin", 4 * KIB,
          {"scopes": ["otp:start"]}, kind="account", success=201),
    route("GET", "/admin/v1/accounts/{id}/keys", OWN, OPERATOR, "admin", kind="account"),
    route("DELETE", "/admin/v1/keys/{id}", OWN, OPERATOR, "admin", kind="key", success=204),
    route("POST", "/admin/v1/accounts/{id}/pairing", OWN, OPERATOR, "admin", 4 * KIB, {},
          kind="account"),
    route("GET", "/admin/v1/apps", OWN, OPERATOR, "admin"),
    route("PUT", "/admin/v1/apps/{id}", OWN, OPERATOR, "admin", 4 * KIB, {}, kind="app"),
    route("GET", "/admin/v1/apps/{id}", OWN, OPERATOR, "admin", kind="app"),
    route("DELETE", "/admin/v1/apps/{id}", OWN, OPERATOR, "admin", kind="app", success=204),
    route("GET", "/admin/v1/templates", OWN, OPERATOR, "admin"),
    route("PUT", "/admin/v1/templates/{id}", OWN, OPERATOR, "admin", 64 * KIB,
          {"texts": {"en": "{code} is it"}}, kind="template"),
    route("GET", "/admin/v1/templates/{id}", OWN, OPERATOR, "admin", kind="template"),
    route("DELETE", "/admin/v1/templates/{id}", OWN, OPERATOR, "admin", kind="template",
          success=204),
    route("GET", "/admin/v1/devices", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/audit", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/timelines/{id}", OWN, OPERATOR, "admin", kind="message"),
    route("POST", "/admin/v1/privacy/erase", OWN, OPERATOR, "admin", 4 * KIB, {"number": NUMBER}),
    route("POST", "/admin/v1/privacy/export", OWN, OPERATOR, "admin", 4 * KIB, {"number": NUMBER}),
    route("DELETE", "/admin/v1/devices/{id}", OWN, OPERATOR, "admin", kind="device",
          success=204),
    route("GET", "/admin/v1/accounts/{id}/webhooks", OWN, OPERATOR, "admin", kind="account"),
    route("PATCH", "/admin/v1/accounts/{id}/webhooks", OWN, OPERATOR, "admin", 96 * KIB,
          {"webhooks_by": "server"}, kind="account"),
    route("GET", "/admin/v1/accounts/{id}/routing", OWN, OPERATOR, "admin", kind="account"),
    route("PUT", "/admin/v1/accounts/{id}/routing", OWN, OPERATOR, "admin", 256 * KIB, {},
          kind="account"),
    route("GET", "/admin/v1/accounts/{id}/route", OWN, OPERATOR, "admin", kind="account"),
    route("GET", "/admin/v1/webhooks", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/webhooks/dead", OWN, OPERATOR, "admin"),
    route("POST", "/admin/v1/webhooks/dead/replay", OWN, OPERATOR, "admin"),

    route("POST", "/bulk/v1/batches", OWN, APP, "messages:send", 4 * MIB, {"text": "bad input"},
          success=201),
    route("GET", "/bulk/v1/batches", OWN, APP, "messages:list"),
    route("GET", "/bulk/v1/batches/{id}", OWN, APP, "messages:read", kind="batch"),
    route("PATCH", "/bulk/v1/batches/{id}", OWN, APP, "messages:send", 4 * KIB,
          {"per_minute": 0}, kind="batch"),
    route("POST", "/bulk/v1/batches/{id}/recipients", OWN, APP, "messages:send", 4 * MIB,
          {"first": 0, "recipients": [{"to": NUMBER}]}, kind="batch"),
    route("GET", "/bulk/v1/batches/{id}/errors", OWN, APP, "messages:read", kind="batch"),
    route("POST", "/otp/v1/challenges", OWN, APP, "otp:start", success=201),
    route("GET", "/admin/v1/alerts", OWN, OPERATOR, "admin"),
    route("POST", "/admin/v1/alerts/test", OWN, OPERATOR, "admin", success=202),
    route("GET", "/admin/v1/abuse/rules", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/abuse/decisions", OWN, OPERATOR, "admin"),
    route("GET", "/admin/v1/abuse/stops", OWN, OPERATOR, "admin"),
    route("POST", "/admin/v1/abuse/stops", OWN, OPERATOR, "admin", 4 * KIB,
          {"country": "ZZ"}, success=201),
    route("DELETE", "/admin/v1/abuse/stops/{id}", OWN, OPERATOR, "admin", kind="stop",
          success=204),
    route("POST", "/admin/v1/abuse/resets", OWN, OPERATOR, "admin", 4 * KIB,
          {"subject": "global"}, success=204),
]


def name_of(one):
    return "%s %s" % (one.method, one.path)


def spellings(path):
    """All paths that lead to the same rows."""
    paths = [path] + ([ALIASES[path]] if path in ALIASES else [])
    if path.startswith(("/3rdparty/", "/mobile/")):
        paths += [TWIN + one for one in paths]
    return paths


def paths():
    """Every path once, in every spelling, with the methods that it has."""
    methods = {}
    for one in ROUTES:
        for path in spellings(one.path):
            methods.setdefault(path, set()).add(one.method)
    return methods


def family_of(path):
    """Whose shape a refusal has that no route has seen."""
    return SMSGATE if "/3rdparty/" in path or "/mobile/" in path else OWN


def check_problem(one_family, answer, field=None):
    """The error has the shape of its API, and names the field."""
    body = answer.json
    if one_family == SMSGATE:
        assert set(body) == {"message"} and body["message"], body
        if field:
            assert field in body["message"], (field, body)
        return
    assert set(body) - {"field", "reason"} == {"error", "message", "request_id"}, body
    assert all(isinstance(value, str) and value for value in body.values()), body
    assert body["request_id"] == answer.headers["X-Request-Id"]
    if field:
        assert body.get("field") == field, (field, body)
