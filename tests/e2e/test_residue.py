"""Requirement 8 in the running process: when a request is over, no code, text or credential of it stands in
memory. Looked for right after each request and each way in which one can end early: freed memory that the
next request happens to overwrite is a leak, too (test_leaks.py looks at the end of many operations)."""

import contextlib
import glob
import json
import random
import signal
import socket
import string
import threading

import pytest

from support import otp
from support.client import bearer
from support.gateway import Gateway, T
from support.http1 import RawConnection
from support.memory import memory_of, spots
from support.stores import Memcached, Redis
from support.wait import in_parallel, wait_for

FLAGS = ("--otp.resend_waits", "1s", "--otp.resend", "rotate", "--webhook.allow_private")
CALLERS = 6
TURNS = 6


def a_code():
    return "%010d" % random.randrange(10 ** 9, 10 ** 10)


class World:
    def __init__(self, gateway, store):
        self.gateway, self.store = gateway, store
        self.account = gateway.account(custom_code=True)
        self.phone = self.account.add_phone()
        self.app = self.account.app

    def has_gone(self, *secrets):
        """Wiping follows the answer, so it is waited for; what is never wiped is shown."""
        process = self.gateway.process.pid
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not spots(process, secrets), timeout_s=5)
        assert spots(process, secrets) == []

    def start(self, code, **members):
        number = self.gateway.fresh_number()
        return otp.start(self.app, number, code=code, **members).expect(201).json["id"]

    def request(self, path, body, said_bytes=None, client=None):
        """As bytes, with a length that may promise more than there is."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = ("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n"
                "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n")
        return (head % (path, (client or self.app).authorization,
                        said_bytes or len(body))).encode() + body

    def store_stands_still(self):
        """A stop reaches one thread after the other."""
        tasks = glob.glob("/proc/%d/task/*/stat" % self.store.process.pid)
        return all(open(path, encoding="ascii").read().rpartition(")")[2].split()[0] == "T"
                   for path in tasks)

    @contextlib.contextmanager
    def stopped_store(self):
        self.store.process.send_signal(signal.SIGSTOP)
        try:
            wait_for(self.store_stands_still, "the stop")
            yield
        finally:
            self.store.process.send_signal(signal.SIGCONT)


STORES = [(None, False), (Redis, True), (Memcached, False)]
NAMES = ["memory", "redis-tls", "memcached"]


@pytest.fixture(scope="module", params=STORES, ids=NAMES)
def world(request):
    kind, tls = request.param
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(kind()) if kind else None
        flags = {None: (), Redis: ("--otp.store", "redis", "--redis.addresses"),
                 Memcached: ("--otp.store", "memcached", "--memcached.servers")}[kind]
        flags += (store.address,) if store else ()
        gateway = stack.enter_context(Gateway(*FLAGS, *flags, tls=tls))
        memory = memory_of(gateway.process.pid)
        if memory is None:
            pytest.skip("the system does not let us look into the process")
        assert gateway.data.encode() in memory  # what stands there is found
        yield World(gateway, store)


def test_req_8_a_verification(world):
    code, wrong = a_code(), a_code()
    made = world.start(code)
    world.has_gone(code)
    message = world.phone.wait_pull()[-1]
    assert code in message["textMessage"]["text"]
    world.has_gone(code)
    world.phone.report(message, "Sent")
    for typed, status in ((wrong, 200), (code[:9], 422), (code, 200), (code, 409)):
        otp.check(world.app, made, typed).expect(status)
        world.has_gone(code, wrong, code[:9])


def test_req_8_a_drawn_code_and_a_resend(world):
    made = otp.start(world.app, world.gateway.fresh_number(), code_length=10).expect(201).json["id"]
    wait_for(lambda: otp.resend(world.app, made).status == 200)
    codes = [otp.code_in(m["textMessage"]["text"]) for m in world.phone.wait_pull()]
    world.has_gone(*codes)


def test_req_8_a_retry_with_the_same_key(world):
    code, number = a_code(), world.gateway.fresh_number()
    for _ in range(2):
        otp.start(world.app, number, code=code, headers={"Idempotency-Key": number}).expect(201)
        world.has_gone(code)


def test_req_8_codes_that_a_sandbox_shows(world):
    account = world.gateway.account(sandbox=True, custom_code=True)
    code = a_code()
    otp.start(account.app, world.gateway.fresh_number(), code=code).expect(201)
    shown = account.app.get("/otp/v1/sandbox/messages").expect(200).json["messages"]
    assert code in shown[0]["text"]
    world.has_gone(code)


@pytest.mark.parametrize("body, status", [
    ({"to": "+4915112345678", "purpose": "login", "bogus": 1}, 400),
    ({"to": "+4915112345678"}, 400),
    ({"to": "1", "purpose": "login"}, 422),
    ({"to": "+4915112345678", "purpose": "login", "template": "none"}, 422),
    ({"to": "+4915112345678", "purpose": "login", "filler": "y" * 20000}, 413),
])
def test_req_8_a_start_that_is_refused(world, body, status):
    code = a_code()
    world.app.post(otp.V, dict(body, code=code)).expect(status)
    world.has_gone(code)
    world.gateway.client(bearer("og_nobody")).post(otp.V, dict(body, code=code))
    world.app.post("/otp/v1/nowhere", dict(body, code=code)).expect(404)
    world.app.post(otp.V, ('{"code": "%s"' % code).encode()).expect(400)
    world.has_gone(code)


def test_req_8_a_request_that_is_cut(world):
    code = a_code()
    whole = world.request(otp.V, {"code": code, "purpose": "login"}, said_bytes=4000)
    for end in (None, -1, -40):
        raw = RawConnection(world.gateway)
        raw.send(whole[:end])
        raw.send(whole[end:] if end else b" ")
        raw.socket.close()
    if not world.gateway.tls:
        raw = RawConnection(world.gateway)
        raw.send(whole)
        raw.socket.shutdown(socket.SHUT_WR)
        assert raw.read("POST").status == 400
    world.has_gone(code)


def test_requests_in_one_piece(world):
    """What comes too early is kept; what follows a refused head or a goodbye is thrown away."""
    code = a_code()
    check = world.request("%s/%s/check" % (otp.V, world.start(code)),
                          {"code": otp.wrong_code(code), "purpose": "login", "client_ip": code})
    raw = RawConnection(world.gateway)
    raw.send(check * 3)
    assert [raw.read("POST").status for _ in range(3)] == [422] * 3
    world.has_gone(code)
    raw.send(check * 5)
    raw.socket.close()
    raw = RawConnection(world.gateway)
    raw.send(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n" + code.encode())
    assert raw.read("POST").status == 400
    raw.send(check)
    world.has_gone(code)


def test_req_8_a_body_in_chunks(world):
    code = a_code()
    body = json.dumps({"code": code, "purpose": "login"}).encode()
    head = world.request(otp.V, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    raw = RawConnection(world.gateway)
    raw.send(head + b"9\r\n" + body[:9] + b"\r\n")
    raw.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 9, body[9:]))
    assert raw.read("POST").status == 400
    world.has_gone(code)


def test_req_8_a_phone_that_reads_slowly(world):
    """Answers wait in the gateway; then the phone goes."""
    code = a_code()
    account = world.gateway.account(custom_code=True)
    phone = account.add_phone()
    for _ in range(40):
        otp.start(account.app, world.gateway.fresh_number(), code=code).expect(201)
    raw = RawConnection(world.gateway)
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    pull = ("GET /api/mobile/v1/message HTTP/1.1\r\nHost: localhost\r\n"
            "Authorization: %s\r\n\r\n" % phone.client.authorization).encode()
    raw.send(pull * 200)
    raw.socket.recv(1)
    raw.socket.close()
    world.has_gone(code)


@pytest.mark.parametrize("world", STORES[1:], ids=NAMES[1:], indirect=True, scope="module")
def test_req_8_a_store_that_does_not_answer(world):
    """The caller goes while his request waits for the store: what it held goes with its end."""
    code = a_code()
    check = world.request("%s/%s/check" % (otp.V, world.start(code)),
                          {"code": code, "purpose": "login"})
    start = world.request(otp.V, {"code": code, "purpose": "login",
                                  "to": world.gateway.fresh_number()})
    with world.stopped_store():
        raws = [RawConnection(world.gateway) for _ in range(4)]
        for raw, whole in zip(raws, (check, start, check * 2, start)):
            raw.send(whole)
        wait_for(lambda: spots(world.gateway.process.pid, [code]), "the requests that wait")
        for raw in raws[:2]:
            raw.socket.close()
        assert [raw.read("POST").status for raw in raws[2:]] == [503, 503]
        world.has_gone(code)
    wait_for(lambda: otp.start(world.app, world.gateway.fresh_number()).status == 201)
    world.has_gone(code)


def test_texts_of_messages(world):
    text, heard = "zebra %s quagga" % a_code(), "okapi %s gnu" % a_code()
    world.app.post(T + "/messages", {"phoneNumbers": [world.gateway.fresh_number()],
                                     "textMessage": {"text": text}}).expect(202)
    world.has_gone(text)
    assert [m for m in world.phone.pull() if m["textMessage"]["text"] == text]
    world.app.get(T + "/messages?includeContent=true").expect(200)
    world.phone.tell_received(heard)
    world.app.get(T + "/inbox").expect(200)
    world.has_gone(text, heard)


def test_texts_of_batches_and_of_an_export(world):
    text, name, number = "lemur %s" % a_code(), "Okapi%s" % a_code(), world.gateway.fresh_number()
    rows = "to,name\n%s,%s\n" % (number, name)
    world.app.request("POST", "/bulk/v1/batches?text=%s+{name}" % text.replace(" ", "+"),
                      rows.encode(), headers={"Content-Type": "text/csv"}).expect(201)
    wait_for(lambda: [m for m in world.phone.pull() if name in m["textMessage"]["text"]])
    step = {"cursor": ""}
    told = b""
    while not step.get("done"):
        answer = world.gateway.admin.post("/admin/v1/privacy/export",
                                          {"number": number, "cursor": step["cursor"]}).expect(200)
        step = json.loads(answer.body.decode().splitlines()[-1])
        told += answer.body
    assert name.encode() in told
    world.has_gone(text, name)


def test_credentials(world):
    key = world.account.make_key()["key"]
    world.gateway.client(bearer(key)).get(T + "/devices").expect(200)
    token = world.app.post(T + "/auth/token", {"ttl": 600, "scopes": ["messages:send"]})
    token = token.expect(201).json["access_token"]
    world.gateway.client(bearer(token)).get(T + "/messages").expect(403)
    wrong = "no-password-of-anyone"
    world.gateway.client("Basic " + wrong).get(T + "/devices").expect(401)
    world.has_gone(world.account.password, world.app.authorization.split()[1], key, token,
                   wrong, world.phone.token, world.gateway.operator_token)


class Caller:
    """One of many: verifications of his own, and connections that he drops. His codes begin alike."""

    def __init__(self, world):
        self.world, self.app = world, world.account.another_client()
        self.mark = "".join(random.choices(string.ascii_letters, k=8))

    def run(self):
        for turn in range(TURNS):
            code = "%s%02d" % (self.mark, turn)
            made = otp.start(self.app, self.world.gateway.fresh_number(), code=code)
            if made.status == 201:
                path = "%s/%s/check" % (otp.V, made.json["id"])
                raw = RawConnection(self.world.gateway)
                raw.send(self.world.request(path, {"code": code, "purpose": "other"}))
                raw.socket.close()
                otp.check(self.app, made.json["id"], self.mark + "xx")
                otp.check(self.app, made.json["id"], code)
            raw = RawConnection(self.world.gateway)
            raw.send(self.world.request(otp.V, {"code": code}, said_bytes=500))
            raw.socket.close()


def test_req_8_many_at_once_and_a_store_that_stumbles(world):
    callers = [Caller(world) for _ in range(CALLERS)]
    is_over = threading.Event()

    def stumble():
        while world.store and not is_over.wait(0.05):
            with world.stopped_store():
                is_over.wait(0.02)

    stumbling = threading.Thread(target=stumble)
    stumbling.start()
    try:
        in_parallel([caller.run for caller in callers])
    finally:
        is_over.set()
        stumbling.join()
    world.phone.pull()
    world.has_gone(*[caller.mark for caller in callers])
