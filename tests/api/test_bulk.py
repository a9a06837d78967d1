"""Batches from the outside: one text for many, with every way of saying it wrongly."""

import json
import urllib.parse

import pytest

from support.gateway import T
from support.wait import in_parallel, wait_for

B = "/bulk/v1/batches"
FATES = ("queued", "waiting", "sent", "delivered", "failed", "expired", "canceled")


def number(index):
    return "+49151%08d" % index


def recipients(first, count):
    return [{"to": number(i), "vars": {"name": "No. %d" % i}} for i in range(first, first + count)]


def make(account, status=201, **members):
    return account.app.post(B, {"text": "Hello {name}", **members}).expect(status).json


def csv(account, rows, **query):
    query = urllib.parse.urlencode({"text": "Hello {name}", **query})
    return account.app.request("POST", B + "?" + query, rows.encode(),
                               {"Content-Type": "text/csv; charset=utf-8"})


def show(account, batch):
    return account.app.get("%s/%s" % (B, batch["id"])).expect(200).json


def change(account, batch, status=200, **members):
    return account.app.patch("%s/%s" % (B, batch["id"]), members).expect(status).json


def append(account, batch, first, more, status=200, **members):
    return account.app.post("%s/%s/recipients" % (B, batch["id"]),
                            {"first": first, "recipients": more, **members}).expect(status).json


def errors(account, batch, query=""):
    return account.app.get("%s/%s/errors%s" % (B, batch["id"], query)).expect(200).json


def counts(account, batch):
    return {fate: n for fate, n in show(account, batch)["counts"].items() if n}


def wait_counts(account, batch, **want):
    wait_for(lambda: counts(account, batch) == want, "counts %s" % want)


@pytest.fixture
def listening(account):
    account.phone = account.add_phone()
    stream = account.phone.listen()
    yield account
    stream.close()


# ---- from the list to the phone ----

def test_each_row_reaches_the_phone_once(listening):
    batch = make(listening, recipients=recipients(0, 25), tag="news")
    assert (batch["state"], batch["rows"], batch["errors"]) == ("running", 25, 0)
    assert batch["tag"] == "news" and batch["started_at"]
    seen = {}
    def fetch():
        for item in listening.phone.pull():
            seen[item["phoneNumbers"][0]] = item["message"]
            listening.phone.report(item, "Sent")
        return len(seen) == 25
    wait_for(fetch, "all of them")
    assert seen == {number(i): "Hello No. %d" % i for i in range(25)}
    wait_for(lambda: show(listening, batch)["state"] == "done", "the end")
    assert counts(listening, batch) == {"sent": 25}
    assert listening.phone.pull() == []


def test_a_csv_in_one_call(account):
    text = "\ufeffName,Mobile,name\r\nx,%s,\"Ann, the \"\"first\"\"\"\r\n\r\ny,%s,\"two\r\nlines\"\r\n" \
           "z,none,Bob\r\nz,%s,again\r\n,%s\r\na,b,c,d\r\n" % (number(1), number(2), number(1), number(3))
    batch = csv(account, text, to_column="Mobile", start="false").expect(201).json
    assert (batch["state"], batch["rows"], batch["errors"]) == ("open", 6, 4)
    assert batch["counts"] == {**{fate: 0 for fate in FATES}, "queued": 2}
    found = errors(account, batch)
    assert [(one["line"], one["field"]) for one in found["errors"]] == [
        (6, "Mobile"), (7, "Mobile"), (8, "name"), (9, "Mobile")]
    assert number(1) not in json.dumps(found)
    change(account, batch, state="canceled")


def test_other_separators(account):
    batch = csv(account, "phone;name\n%s;Ann\n" % number(1), separator=";").expect(201).json
    assert batch["counts"]["queued"] + batch["counts"]["waiting"] == 1
    change(account, batch, state="canceled")


def test_pieces_and_repetitions(account):
    batch = make(account, id="in-pieces")
    assert batch["state"] == "open"
    append(account, batch, 0, recipients(0, 600))
    append(account, batch, 600, recipients(600, 600))
    append(account, batch, 0, recipients(0, 600))  # the answer got lost
    assert append(account, batch, 1100, recipients(1100, 200))["rows"] == 1300
    refused = append(account, batch, 1400, recipients(0, 1), status=409)
    assert refused["field"] == "first" and "1300" in refused["message"]
    assert make(account, status=200, id="in-pieces")["rows"] == 1300
    assert make(account, status=409, id="in-pieces", tag="other")["field"] == "id"
    assert change(account, batch, state="running")["state"] == "running"
    assert append(account, batch, 1200, recipients(1200, 100))["rows"] == 1300
    assert append(account, batch, 1300, recipients(0, 1), status=409)["field"] == "state"
    change(account, batch, state="canceled")
    wait_counts(account, batch, canceled=1300)


def test_a_json_list_is_parsed_off_the_loop(gateway, account):
    """Ten thousand rows take as long as a hundred codes: others' requests are not behind them."""
    def parsed(result):
        return gateway.metric('otpgate_lane_operations_total{lane="slow",result="%s"}' % result)
    account.app.get(B).expect(200)  # from here on its password is known
    before, refused_before = parsed("ok"), parsed("refused")
    batch = make(account, recipients=recipients(0, 3), start=False)
    append(account, batch, 3, recipients(3, 2))
    assert show(account, batch)["rows"] == 5
    assert parsed("ok") == before + 2
    broken = account.app.request("POST", B, b'{"text": "x", "recipients": [',
                                 {"Content-Type": "application/json"}).expect(400).json
    assert broken["error"] == "invalid_request" and parsed("refused") == refused_before + 1


def test_the_whole_call_again_sends_nothing_twice(account):
    lists = [dict(id="same", recipients=recipients(0, 700)) for _ in range(4)]
    made = in_parallel([lambda ask=ask: account.another_client().post(
        B, {"text": "Hello {name}", **ask}) for ask in lists])
    assert sorted(answer.status for answer in made) == [200, 200, 200, 201]
    batch = show(account, {"id": "same"})
    assert (batch["rows"], batch["errors"]) == (700, 0)
    change(account, batch, state="canceled")


def test_pause_resume_cancel(listening):
    batch = make(listening, recipients=recipients(0, 60))
    wait_counts(listening, batch, queued=40, waiting=20)
    wait_for(lambda: show(listening, batch)["hold"] == "phones_busy", "the reason")
    assert change(listening, batch, state="paused")["state"] == "paused"
    assert listening.phone.pull() == []  # not even what was in its line
    assert counts(listening, batch) == {"queued": 40, "waiting": 20}
    held = listening.messages()[0]["id"]
    timeline = listening.app.get(T + "/messages/%s/timeline" % held).expect(200).json
    assert timeline["waiting"] == {"for": "batch_paused"}
    assert change(listening, batch, state="running")["state"] == "running"
    for item in listening.phone.wait_pull(20):
        listening.phone.report(item, "Sent")
    wait_counts(listening, batch, queued=20, waiting=20, sent=20)
    listening.phone.pull()
    change(listening, batch, state="paused")  # what it has it may send
    change(listening, batch, state="running")
    for item in listening.phone.pull():
        listening.phone.report(item, "Sent")
    wait_counts(listening, batch, waiting=20, sent=40)
    change(listening, batch, state="canceled")
    wait_counts(listening, batch, sent=40, canceled=20)
    for state in ("running", "paused"):
        assert change(listening, batch, status=409, state=state)["field"] == "state"
    assert listening.phone.pull() == []


def test_a_code_goes_before_a_batch(listening):
    batch = make(listening, recipients=recipients(0, 40))
    wait_counts(listening, batch, queued=20, waiting=20)
    listening.app.post("/otp/v1/verifications", {"to": number(99), "purpose": "login"}).expect(201)
    assert listening.phone.pull()[0]["phoneNumbers"] == [number(99)]
    change(listening, batch, state="canceled")


def test_sandbox_batches_need_no_phone(gateway):
    account = gateway.account(sandbox=True)
    batch = make(account, recipients=recipients(0, 50))
    wait_for(lambda: show(account, batch)["state"] == "done", "the end")
    assert counts(account, batch) == {"delivered": 50}
    inbox = account.app.get("/otp/v1/sandbox/messages").expect(200).json["messages"]
    assert {one["to"] for one in inbox} == {number(i) for i in range(50)}


# ---- from the command line ----

def cli(account, *arguments):
    key = account.make_key(["messages:send", "messages:read"])["key"]
    return account.gateway.cli(*arguments, env={"OTPGATE_KEY": key})


def write_list(gateway, text):
    return gateway.write(gateway.fresh("list") + ".csv", text)


def test_send_csv(gateway, listening):
    path = write_list(gateway, "name;Mobile\r\n\"Ann, the first\";%s\r\n\r\nEve;none\r\nBob;%s\r\n" % (
        number(1), number(1)))
    ask = ("send", "--csv", path, "--text", "Hello {name}", "--id", "spring", "--separator", ";",
           "--to-column", "Mobile", "--tag", "news", "--ttl", "600", "--pace", "600")
    done = cli(listening, *ask)
    assert done.returncode == 0, done.stderr
    assert "3, 2 of them bad" in done.stdout and "600 a minute" in done.stdout
    assert "line 4: to: " in done.stdout and "line 5: to: " in done.stdout
    assert "3 of 3 rows received" in done.stderr
    item, = listening.phone.wait_pull()
    assert (item["message"], item["phoneNumbers"]) == ("Hello Ann, the first", [number(1)])
    listening.phone.report(item, "Sent")
    wait_for(lambda: show(listening, {"id": "spring"})["state"] == "done", "the end")
    again = cli(listening, *ask, "--wait")
    assert again.returncode == 2 and "1 sent" in again.stdout  # two rows were bad
    assert listening.phone.pull() == []
    assert show(listening, {"id": "spring"})["rows"] == 3


def test_batch_commands(gateway, account):
    path = write_list(gateway, "to\n" + "".join("%s\n" % number(i) for i in range(1200)) + "x\n")
    made = cli(account, "send", "--csv", path, "--text", "{{Hello}}", "--id", "b", "--hold")
    assert made.returncode == 0 and "open" in made.stdout and "1200 queued" in made.stdout
    assert "line 1202: to: " in cli(account, "batch", "errors", "b").stdout
    assert "running" in cli(account, "batch", "resume", "b").stdout
    assert "paused" in cli(account, "batch", "pause", "b").stdout
    assert "60 a minute" in cli(account, "batch", "pace", "b", "60").stdout
    assert "canceled" in cli(account, "batch", "cancel", "b").stdout
    wait_counts(account, {"id": "b"}, canceled=1200)
    assert "1200 canceled" in cli(account, "batch", "show", "b").stdout
    assert cli(account, "batch", "resume", "b").returncode == 2
    assert "b " in cli(account, "batch", "list").stdout
    assert json.loads(cli(account, "batch", "show", "b", "--json").stdout)["id"] == "b"


@pytest.mark.parametrize("rows, more, word", [
    ("to\n", ["--text", "{name}"], "{name}"),
    ("to\n", ["--text", "{"], "{{"),
    ("name\n", ["--text", "x"], "to, phone or number"),
    ("to,to\n", ["--text", "x"], "two columns"),
    ("to\n\"x\n", ["--text", "x"], "line 2"),
    ("", ["--text", "x"], "empty"),
    ("to\n", [], "--text"),
    ("to\n", ["--text", "x", "--separator", "ab"], "--separator"),
    ("to\n", ["--text", "x", "--pace", "0"], "pace"),
    ("to\n", ["--text", "x", "+4915112345678"], "--csv FILE"),
])
def test_what_the_command_refuses_by_itself(gateway, account, rows, more, word):
    done = cli(account, "send", "--csv", write_list(gateway, rows), *more)
    assert done.returncode == 1 and word in done.stderr, done
    assert account.app.get(B).json["batches"] == []


def test_too_long_a_list(gateway, account):
    done = cli(account, "send", "--csv", write_list(gateway, "to\n" + "1\n" * 100001), "--text", "x")
    assert done.returncode == 1 and "100000 rows" in done.stderr


# ---- reading ----

def test_errors_in_pages(account):
    bad = [{"to": "x", "line": 10 + i} for i in range(5)]
    batch = make(account, recipients=bad, start=False)
    first = errors(account, batch, "?limit=3")
    assert [one["line"] for one in first["errors"]] == [10, 11, 12]
    rest = errors(account, batch, "?limit=3&after=%d" % first["next"])
    assert [one["line"] for one in rest["errors"]] == [13, 14]
    assert rest["next"] is None


def test_batches_are_listed_newest_first(account):
    made = [make(account)["id"] for _ in range(3)]
    listed = account.app.get(B + "?limit=2").expect(200).json["batches"]
    assert [one["id"] for one in listed] == made[:0:-1]


def test_no_text_and_no_number_in_the_log(gateway, account):
    batch = make(account, text="Dear {name}, the-secret-word", recipients=[
        {"to": number(77123456), "vars": {"name": "Nobody"}}, {"to": "+4977"}])
    change(account, batch, state="canceled")
    log = gateway.log()
    for word in ("the-secret-word", "77123456", "Nobody"):
        assert word not in log


def test_changes_are_audited(gateway, account):
    batch = make(account, recipients=recipients(0, 1))
    change(account, batch, state="paused")
    change(account, batch, state="running")
    change(account, batch, state="canceled")
    entries = gateway.admin.get("/admin/v1/audit?kind=batch&account=" + account.id).json["entries"]
    assert [one["kind"] for one in entries] == [
        "batch.canceled", "batch.resumed", "batch.paused", "batch.started", "batch.created"]
    assert all(batch["id"] in json.dumps(one) for one in entries)


def test_retention_and_erasure_know_of_rows(gateway, account):
    batch = make(account, recipients=recipients(4711, 3), start=False)
    shown = gateway.cli("privacy", "export", number(4712)).stdout
    assert "batch_rows" in shown and "No. 4712" in shown
    assert gateway.cli("privacy", "erase", number(4712)).returncode == 0
    assert counts(account, batch) == {"queued": 2, "canceled": 1}


# ---- what is wrong ----

@pytest.mark.parametrize("members, status, field", [
    ({"text": ""}, 400, "text"),
    ({"text": 1}, 400, "text"),
    ({"text": "x" * 10001}, 400, "text"),
    ({"text": "Hello {name"}, 422, "text"),
    ({"text": "Hello {}"}, 422, "text"),
    ({"text": "Hello }"}, 422, "text"),
    ({"id": ""}, 400, "id"),
    ({"id": "a" * 37}, 400, "id"),
    ({"id": "a.b"}, 422, "id"),
    ({"id": "a b"}, 422, "id"),
    ({"tag": ""}, 400, "tag"),
    ({"tag": "x" * 65}, 400, "tag"),
    ({"tag": "a\u0007"}, 422, "tag"),
    ({"priority": 128}, 400, "priority"),
    ({"ttl": 59}, 400, "ttl"),
    ({"ttl": 1209601}, 400, "ttl"),
    ({"ttl": 60, "valid_until": "2099-01-01T00:00:00Z"}, 422, "ttl"),
    ({"valid_until": "soon"}, 400, "valid_until"),
    ({"valid_until": "2020-01-01T00:00:00Z"}, 422, "valid_until"),
    ({"valid_until": "2099-01-01T00:00:00Z"}, 422, "valid_until"),
    ({"per_minute": -1}, 400, "per_minute"),
    ({"per_minute": 60001}, 400, "per_minute"),
    ({"delivery_report": "yes"}, 400, "delivery_report"),
    ({"repeat_numbers": 1}, 400, "repeat_numbers"),
    ({"start": "no"}, 400, "start"),
    ({"recipients": {}}, 400, "recipients"),
    ({"recipients": ["+4915112345678"]}, 400, "recipients[0]"),
    ({"recipients": [{}]}, 400, "recipients[0].to"),
    ({"recipients": [{"to": 1}]}, 400, "recipients[0].to"),
    ({"recipients": [{"to": "+4915112345678", "name": "x"}]}, 400, "recipients[0].name"),
    ({"recipients": [{"to": "+4915112345678", "vars": []}]}, 400, "recipients[0].vars"),
    ({"recipients": [{"to": "+4915112345678", "vars": {"name": 1}}]}, 400, "recipients[0]"),
    ({"recipients": [{"to": "+4915112345678", "line": 0}]}, 400, "recipients[0].line"),
    ({"recipients": [{"to": "x"}] * 10001}, 422, "recipients"),
    ({"nonsense": 1}, 400, "nonsense"),
])
def test_what_no_batch_can_have(account, members, status, field):
    answer = make(account, status=status, **members)
    assert answer["field"] == field, answer
    left = account.app.get(B).json["batches"]
    assert all(one["state"] == "canceled" for one in left)


@pytest.mark.parametrize("rows, query, status, field", [
    ("", {}, 400, "csv"),
    ("\n\n", {}, 422, "csv"),
    ("name,where\nAnn,here\n", {}, 422, "to_column"),
    ("phone,name\n", {"to_column": "mobile"}, 422, "to_column"),
    ("phone\n+4915112345678\n", {}, 422, "text"),
    ("phone,name\n+4915112345678,\"Ann\n", {}, 422, "csv"),
    ("phone,name\n+4915112345678,A\"n\"n\n", {}, 422, "csv"),
    ("phone,name\n" + "x" * 70000 + "\n", {}, 422, "csv"),
    ("phone,name,name\n", {}, 422, "csv"),
    ("phone,name\n", {"separator": "x"}, 400, "separator"),
    ("phone,name\n", {"text": ""}, 400, "text"),
    ("phone,name\n", {"ttl": "soon"}, 400, "ttl"),
    ("phone,name\n", {"start": "maybe"}, 400, "start"),
    ("phone,name\n", {"priority": "1000"}, 400, "priority"),
    ("phone,name\n", {"id": "a/b"}, 422, "id"),
])
def test_what_no_list_can_have(account, rows, query, status, field):
    answer = csv(account, rows, **query).expect(status).json
    assert answer["field"] == field, answer
    left = account.app.get(B).json["batches"]
    assert all(one["state"] == "canceled" for one in left)


def test_a_csv_that_is_no_utf_8(account):
    answer = account.app.request("POST", B + "?text=x", b"phone\n\xff\n",
                                 {"Content-Type": "text/csv"}).expect(422)
    assert answer.json["field"] == "csv" and "line 2" in answer.json["message"]


@pytest.mark.parametrize("members, status, field", [
    ({}, 400, "state"),
    ({"state": "open"}, 422, "state"),
    ({"state": "done"}, 422, "state"),
    ({"state": ""}, 400, "state"),
    ({"state": 1}, 400, "state"),
    ({"state": "paused"}, 409, "state"),  # it is open
    ({"per_minute": "many"}, 400, "per_minute"),
    ({"rows": 1}, 400, "rows"),
])
def test_what_no_change_can_be(account, members, status, field):
    batch = make(account)
    assert change(account, batch, status=status, **members)["field"] == field


@pytest.mark.parametrize("body, field", [
    ({"recipients": []}, "first"), ({"first": 0}, "recipients"),
    ({"first": -1, "recipients": []}, "first"), ({"first": 0, "recipients": [1]}, "recipients[0]"),
])
def test_what_cannot_be_added(account, body, field):
    batch = make(account)
    path = "%s/%s/recipients" % (B, batch["id"])
    assert account.app.post(path, body).expect(400).json["field"] == field
    bare = account.app.request("POST", path, b"phone\n", {"Content-Type": "text/csv"})
    assert bare.expect(400).json["field"] == "first"


def test_a_batch_has_an_end(account):
    batch = make(account, text="x")
    rows = "phone\n" + "".join("%s\n" % number(i) for i in range(60000))
    path = "%s/%s/recipients?first=" % (B, batch["id"])
    headers = {"Content-Type": "text/csv"}
    account.app.request("POST", path + "0", rows.encode(), headers).expect(200)
    rows = rows.replace("+49151", "+49160")
    refused = account.app.request("POST", path + "60000", rows.encode(), headers).expect(422)
    assert refused.json["field"] == "recipients"
    assert show(account, batch)["rows"] == 100000
    change(account, batch, state="canceled")


# ---- who may ----

def test_scopes(account):
    batch = make(account)
    one = "%s/%s" % (B, batch["id"])
    calls = [("POST", B, {"text": "x"}, "messages:send", 201),
             ("POST", one + "/recipients", {"first": 0, "recipients": []}, "messages:send", 200),
             ("PATCH", one, {"per_minute": 5}, "messages:send", 200),
             ("GET", B, None, "messages:list", 200), ("GET", one, None, "messages:read", 200),
             ("GET", one + "/errors", None, "messages:read", 200)]
    sender, reader = account.with_key("messages:send"), account.with_key("messages:read")
    for method, path, body, scope, status in calls:
        sends = scope == "messages:send"
        (sender if sends else reader).request(method, path, body).expect(status)
        refused = (reader if sends else sender).request(method, path, body).expect(403)
        assert scope in refused.json["message"]


def test_anothers_batch_does_not_exist(gateway, account):
    batch = make(account, id="private", recipients=recipients(0, 1), start=False)
    other = gateway.account()
    one = "%s/%s" % (B, batch["id"])
    for method, path, body in (("GET", one, None), ("GET", one + "/errors", None),
                               ("PATCH", one, {"state": "canceled"}),
                               ("POST", one + "/recipients",
                                {"first": 1, "recipients": recipients(5, 1)})):
        assert other.app.request(method, path, body).expect(404).json["error"] == "not_found"
    assert other.app.get(B).json["batches"] == []
    assert make(other, id="private")["rows"] == 0  # ids are an account's own
    assert (show(account, batch)["rows"], show(account, batch)["state"]) == (1, "open")
