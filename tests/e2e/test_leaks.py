"""Requirements 8, 24 and 80 over ten thousand operations: everything that the gateway answered, wrote, told
others and held in memory is searched for codes, whole numbers, their plain digests, pseudonyms and keys.

What is looked for goes into files of patterns, what is looked through into files, and grep does the rest.
"""

import base64
import contextlib
import hashlib
import os
import sqlite3
import subprocess
import threading

import pytest

from support import otp
from support.gateway import T, Gateway
from support.memory import memory_of
from support.receiver import Receiver, hook, make_certificate
from support.stores import Memcached, Redis
from support.wait import wait_for

HOOKS = ["sms:sent", "sms:delivered", "message.expired", "otp.approved", "otp.failed"]
FORMATS = ["json", "syslog", "cef", "ecs", "hec", "emf"]
WORKERS = 4
DIGESTED = 50  # codes and numbers whose digests are looked for: each has a dozen forms
OPERATIONS = {"memory": 10000, "redis": 1000, "memcached": 1000}


def flags_of(store):
    if isinstance(store, Redis):
        return ["--otp.store", "redis", "--redis.addresses", store.address]
    if isinstance(store, Memcached):
        return ["--otp.store", "memcached", "--memcached.servers", store.address]
    return []


def dump_of(store):
    if isinstance(store, Memcached):
        return store.dump()
    return b"\n".join(key + b"\n" + b"\n".join(store.say("HGETALL", key))
                      for key in store.say("KEYS", "*"))


class Worker:
    """An account whose verifications come to every end."""
    telling = threading.Lock()  # the phone's hook is called by the one client without a credential

    def __init__(self, gateway, receiver, operations):
        self.gateway, self.operations = gateway, operations
        self.codes, self.numbers = [], []
        self.account = gateway.account()
        self.app = self.account.another_client()
        self.phone = self.account.add_phone()
        hook(self.account, receiver.url("/" + self.account.id), *HOOKS)
        self.count = 0

    def do(self, answer, *statuses):
        assert answer.status in statuses, answer
        self.count += 1
        return answer

    def run(self):
        turn = 0
        while self.count < self.operations:
            self.live(turn)
            turn += 1

    def live(self, turn):
        number = self.gateway.fresh_number()
        made = self.do(otp.start(self.app, number, code_length=10), 201).json
        self.do(self.app.post(T + "/messages", {"phoneNumbers": [number],
                                                "textMessage": {"text": "hello"}}), 202)
        pulled = wait_for(lambda: (lambda got: len(got) >= 2 and got)(self.phone.pull()))
        self.count += 1
        code, = [otp.code_in(m["message"]) for m in pulled if "hello" not in m["message"]]
        self.codes.append(code)
        self.numbers.append(number)
        for message in pulled:
            self.phone.report(message, "Sent")
            self.phone.report(message, "Delivered")
            self.count += 2
        self.do(otp.check(self.app, made["id"], otp.wrong_code(code)), 200)
        self.do(otp.check(self.app, made["id"], code[:4]), 422)
        self.end(made["id"], code, turn)
        self.do(self.app.get("/otp/v1/verifications/" + made["id"]), 200)
        self.do(self.app.get("/otp/v1/verifications/%s/timeline" % made["id"]), 200)
        if turn % 20 == 0:
            self.do(self.app.get(T + "/messages?includeContent=true"), 200)
            with self.telling:
                self.phone.tell_received("a text", sender=number)
            self.do(self.app.get(T + "/inbox"), 200)
            self.do(self.app.get(T + "/messages/%s/timeline" % pulled[0]["id"]), 200)

    def end(self, verification, code, turn):
        if turn % 4 == 0:
            self.do(otp.check(self.app, verification, code), 200)
            self.do(otp.check(self.app, verification, code), 409)
        elif turn % 4 == 1:
            self.do(otp.cancel(self.app, verification), 200)
        elif turn % 4 == 2:
            for _ in range(4):
                self.do(otp.check(self.app, verification, otp.wrong_code(code)), 200)
        # every fourth is left alive


class Search:
    """Files to look through, by name."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, name, content):
        assert content, name
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)

    def find(self, names, patterns):
        """{file: patterns found in it}"""
        path = os.path.join(self.folder, "patterns")
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(pattern + "\n" for pattern in patterns))
        found = {}
        for name in names:
            done = subprocess.run(["grep", "-aoFf", path, os.path.join(self.folder, name)],
                                  capture_output=True, env={"LC_ALL": "C"}, check=False)
            assert done.returncode in (0, 1), done.stderr
            if done.stdout:
                found[name] = sorted(set(done.stdout.decode().split()))[:5]
        return found


def digests_of(texts):
    """Plain digests, as people write them."""
    for text in texts:
        for algorithm in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            digest = algorithm(text.encode()).digest()
            yield digest.hex()
            yield digest.hex().upper()
            yield base64.b64encode(digest).decode().rstrip("=")
            yield base64.urlsafe_b64encode(digest).decode().rstrip("=")


def keyed_digests(gateway):
    path = "file:%s/otpgate.db?mode=ro" % gateway.data
    with contextlib.closing(sqlite3.connect(path, uri=True)) as database:
        return [row[0] for row in database.execute(
            "SELECT recipient_digest FROM verifications UNION SELECT digest FROM audit_subjects "
            "UNION SELECT sender_digest FROM inbox")]


class Life:
    def __init__(self, folder, kind, store):
        self.search = Search(folder)
        self.kind = kind
        receiver = Receiver(*make_certificate(folder))
        flags = ["--webhook.allow_private", "--webhook.ca_file", os.path.join(folder, "hook.pem"),
                 "--log.format", "json", *flags_of(store)]
        with Gateway(*flags, record=True, env={"OTPGATE_ABUSE_MODE": "record",
                                               "OTPGATE_ABUSE_HOME": "DE"}) as gateway:
            self.workers = [Worker(gateway, receiver, OPERATIONS[kind] // WORKERS)
                            for _ in range(WORKERS)]
            self.work()
            self.try_out(gateway)
            self.settle(gateway, receiver)
            self.collect(gateway, store)
            receiver.close()

    def work(self):
        threads = [threading.Thread(target=worker.run) for worker in self.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.codes = [code for worker in self.workers for code in worker.codes]
        self.numbers = [number[1:] for worker in self.workers for number in worker.numbers]
        assert sum(worker.count for worker in self.workers) >= OPERATIONS[self.kind]

    def try_out(self, gateway):
        """An account in sandbox mode reads its own codes, and no other's."""
        account = gateway.account(sandbox=True)
        account.app.is_recorded = False
        for _ in range(3):
            otp.start(account.app, gateway.fresh_number(), code_length=10).expect(201)
        messages = account.app.get("/otp/v1/sandbox/messages").expect(200)
        own = [otp.code_in(message["text"]) for message in messages.json["messages"]]
        assert len(own) == 3
        self.search.add("sandbox", messages.body)
        self.own_of_sandbox = own

    def settle(self, gateway, receiver):
        expected = 2 * len(self.codes)  # of each number's two messages at least the first words
        wait_for(lambda: len(receiver.calls) >= expected, "webhooks", 120)
        self.search.add("webhooks", b"\n".join(call.body for call in list(receiver.calls)))
        self.search.add("webhooks.otp", b"\n".join(
            call.body for call in list(receiver.calls) if call.json["event"].startswith("otp")))

    def collect(self, gateway, store):
        for name, path in (("metrics", "/metrics"), ("health", "/health"),
                           ("decisions", "/admin/v1/abuse/decisions"),
                           ("rules", "/admin/v1/abuse/rules"), ("alerts", "/admin/v1/alerts"),
                           ("entries", "/admin/v1/audit?limit=500")):
            self.search.add(name, gateway.admin.get(path).expect(200).body)
        for form in FORMATS:
            done = gateway.cli("audit", "export", "--format", form)
            assert done.returncode == 0, done.stderr
            self.search.add("audit." + form, done.stdout.encode())
        memory = memory_of(gateway.process.pid)
        if memory:
            self.search.add("memory", memory)
        for name in os.listdir(gateway.data):
            path = os.path.join(gateway.data, name)
            if name.startswith("otpgate.db") and os.path.getsize(path):
                with open(path, "rb") as file:
                    self.search.add(name, file.read())
        if store:
            self.search.add("store", dump_of(store))
        self.pseudonyms = keyed_digests(gateway)
        self.secrets = [worker.account.password for worker in self.workers]
        self.secrets += [worker.phone.token for worker in self.workers] + [gateway.operator_token]
        self.keys = []
        with open(os.path.join(gateway.data, "master.key"), "rb") as file:
            key = file.read()
        self.keys += [key.hex(), base64.b64encode(key).decode().rstrip("=")]
        if len(key) > 32:  # as text
            self.keys.append(key.strip().decode("ascii"))
        with open(gateway.log_path, "rb") as file:
            self.search.add("log", file.read())
        self.search.add("answers", b"\n".join(gateway.transcript))
        assert not gateway.end()

    @property
    def files(self):
        return sorted(set(os.listdir(self.search.folder)) -
                      {"patterns", "hook.pem", "hook.key", "planted"})


@pytest.fixture(scope="module", params=["memory", "redis", "memcached"])
def life(request, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("leaks-" + request.param))
    with contextlib.ExitStack() as stack:
        store = {"memory": None, "redis": Redis, "memcached": Memcached}[request.param]
        yield Life(folder, request.param, store and stack.enter_context(store()))


def test_req_8_no_code_anywhere(life):
    """Also not those of verifications that are alive: of them there are digests and sealed copies."""
    life.search.add("planted", b"xx" + life.codes[-1].encode() + b"xx")
    assert life.search.find(["planted"], life.codes)  # it can be found
    assert life.search.find(set(life.files) - {"sandbox"}, life.codes) == {}
    assert life.search.find(["sandbox"], set(life.codes) - set(life.own_of_sandbox)) == {}


def test_req_8_and_24_no_plain_digest_of_a_code(life):
    assert life.search.find(life.files, digests_of(life.codes[-DIGESTED:])) == {}


def test_req_80_no_number_where_none_belongs(life):
    """An application sees the numbers that it gave, here and in webhooks of its messages."""
    told = {"answers", "sandbox", "webhooks", "memory"}
    assert life.search.find(["answers", "webhooks"], life.numbers)
    assert life.search.find(set(life.files) - told, life.numbers) == {}


def test_req_80_no_plain_digest_of_a_number(life):
    written = [form for number in life.numbers[-DIGESTED:]
               for form in (number, "+" + number)]
    assert life.search.find(life.files, digests_of(written)) == {}


def test_req_80_pseudonyms_stay_in_their_rows(life):
    """In the audit log a number has a random name; the digest that leads to it stays in the database."""
    inside = {name for name in life.files if name.startswith("otpgate.db")} | {"memory"}
    assert life.search.find(inside, life.pseudonyms)
    assert life.search.find(set(life.files) - inside, life.pseudonyms) == {}


def test_no_credential_or_key_is_told(life):
    assert life.search.find(set(life.files) - {"answers"}, life.secrets) == {}
    assert life.search.find(set(life.files) - {"memory"}, life.keys) == {}
