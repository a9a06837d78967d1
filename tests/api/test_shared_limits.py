"""Limits that two gateways hold together in one Redis or memcached (docs/abuse.md, abuse.shared).
What the stores must do is asked of them in tests/unit/codes/test_counts.c."""

import itertools
import os
import subprocess
import urllib.parse

import pytest

from support import otp
from support.gateway import Gateway, T, clean_environment, program
from support.stores import Memcached, Redis
from support.wait import in_parallel, wait_for

SECRET = "of both gateways"
RULES = {"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE",
         "OTPGATE_ABUSE_COUNTRIES": "AT", "OTPGATE_ABUSE_SHARED_SECRET": SECRET}
RESETS = "/admin/v1/abuse/resets"
B = "/bulk/v1/batches"


def flags_of(store):
    if isinstance(store, Memcached):
        return ("--otp.store", "memcached", "--memcached.servers", store.address)
    return ("--otp.store", "redis", "--redis.addresses", store.address)


def node_of(store, *flags, **env):
    return Gateway(*flags_of(store), "--abuse.shared=true", "--otp.resend_waits", "1s", *flags,
                   tls=False, env={**RULES, **env})


class Shop:
    """One account as an operator has made it on both gateways."""

    numbers = itertools.count(1)

    def __init__(self, nodes):
        self.name = "shop-%d" % next(self.numbers)
        self.accounts = [node.account(self.name) for node in nodes]
        self.phones = [account.add_phone() for account in self.accounts]
        self.apps = [account.app for account in self.accounts]

    def start(self, index, to, purpose="p", **members):
        return otp.start(self.apps[index % len(self.apps)], to, purpose, **members)

    def race(self, count, ask):
        """How many of so many starts at once, by turns on both gateways, were let through."""
        clients = [account.another_client() for account in self.accounts * (count // 2)]
        answers = in_parallel([lambda at=at: ask(clients[at], at) for at in range(count)])
        for client in clients:
            client.close()
        statuses = [answer.status for answer in answers]
        assert set(statuses) <= {201, 429}, statuses
        return statuses.count(201)


def numbers():
    """Numbers that share no prefix, and that no test has used."""
    return ("+4915%09d" % (block * 10000) for block in numbers.blocks)


numbers.blocks = itertools.count(20100)


class World:
    def __init__(self, store, nodes):
        self.store, self.nodes = store, nodes
        self.slack = len(nodes) if isinstance(store, Memcached) else 0

    def shop(self):
        return Shop(self.nodes)


@pytest.fixture(scope="module", params=[Redis, Memcached])
def world(request):
    flags = ("--abuse.app_hour", "14")
    with request.param() as store, node_of(store, *flags) as one, node_of(store, *flags) as two:
        yield World(store, (one, two))


# ---- races ----

def check_race(world, let_through, limit):
    assert limit <= let_through <= limit + world.slack, (let_through, limit)


def test_req_68_race_for_one_number(world):
    number = next(numbers())
    check_race(world, world.shop().race(16, lambda client, at: otp.start(
        client, number, "p%d" % at, client_ip="192.0.2.%d" % at)), 5)


def test_req_68_race_for_one_address(world):
    targets = [next(numbers()) for _ in range(24)]
    check_race(world, world.shop().race(24, lambda client, at: otp.start(
        client, targets[at], "p", client_ip="198.51.100.7")), 10)


def test_req_68_race_for_one_app(world):
    """By name: its row is each gateway's own."""
    shop = world.shop()
    for node, account in zip(world.nodes, shop.accounts):
        node.admin.put("/admin/v1/apps/web?account=" + account.id, {"brand": "Shop"}).expect(200)
    targets = [next(numbers()) for _ in range(28)]
    check_race(world, shop.race(28, lambda client, at: otp.start(
        client, targets[at], "p", client_app="web", client_ip="203.0.113.%d" % at)), 14)


# ---- by turns ----

def test_req_68_by_turns(world):
    shop, number = world.shop(), next(numbers())
    statuses = [shop.start(at, number, "p%d" % at).status for at in range(8)]
    assert statuses == [201] * 5 + [429] * 3
    refused = shop.start(0, number, "more").expect(429)
    assert refused.json["reason"] == "recipient_hour"
    assert 3500 <= int(refused.headers["Retry-After"]) <= 3720
    path = "/admin/v1/abuse/decisions?account=" + shop.accounts[0].id
    wait_for(lambda: any(one["rule"] == "recipient_hour" and one["figure"] == 5
                         for one in world.nodes[0].admin.get(path).json["decisions"]))


def test_other_accounts_are_apart(world):
    number = next(numbers())
    for shop in (world.shop(), world.shop()):
        assert [shop.start(at, number, "p%d" % at).status for at in range(5)] == [201] * 5


def test_what_sends_nothing_is_given_back(world):
    """Found active, concealed, replayed, refused by another rule: none takes a place."""
    shop, number = world.shop(), next(numbers())
    for _ in range(8):
        assert shop.start(0, number, "same").status in (200, 201)
    for at in range(8):
        otp.start(shop.apps[1], number, "decoy%d" % at, conceal=True, deliver=False).expect(202)
        otp.start(shop.apps[1], "+33612345678", "p").expect(403)
    header = {"Idempotency-Key": "k-" + shop.name}
    for _ in range(4):
        otp.start(shop.apps[1], number, "again", headers=header).expect(201)
    for at in range(3):  # with "same" and "again" it is five
        wait_for(lambda: shop.start(at, number, "p%d" % at).status in (200, 201))
    shop.start(0, number, "more").expect(429)


def test_resends_count_together(world):
    shop, number = world.shop(), next(numbers())
    verification, _, _ = otp.started(shop.apps[0], shop.phones[0], number)
    wait_for(lambda: otp.resend(shop.apps[0], verification).status == 200)
    statuses = [shop.start(1, number, "p%d" % at).status for at in range(4)]
    assert statuses == [201] * 3 + [429]
    answer = wait_for(lambda: [got for got in [otp.resend(shop.apps[0], verification)]
                               if got.json.get("reason")])[0]
    assert answer.status == 429 and answer.json["reason"] == "recipient_hour"


def test_a_reset_is_for_all(world):
    shop, number = world.shop(), next(numbers())
    assert [shop.start(at, number, "p%d" % at).status for at in range(6)] == [201] * 5 + [429]
    for node, account in zip(world.nodes, shop.accounts):
        node.admin.post(RESETS, {"subject": "recipient", "account": account.id,
                                 "value": number}).expect(204)
    wait_for(lambda: shop.start(1, number, "more").status == 201)


def test_malformed_checks_count_together(world):
    shop, address = world.shop(), "198.51.100.99"
    verification, _, _ = otp.started(shop.apps[0], shop.phones[0], next(numbers()))
    for _ in range(10):
        shop.apps[0].post("/otp/v1/verifications/%s/check" % verification,
                          {"code": "no code", "purpose": "login",
                           "client_ip": address}).expect(422)
    wait_for(lambda: shop.start(1, next(numbers()), "p", client_ip=address).status == 429)


def keys_of(store):
    if isinstance(store, Memcached):
        return urllib.parse.unquote_to_bytes(store.dump())
    return b" ".join(store.say("KEYS", "*"))


def test_the_store_tells_nothing(world):
    shop, number = world.shop(), next(numbers())
    shop.start(0, number, "p", client_ip="192.0.2.77").expect(201)
    keys = keys_of(world.store)
    assert b"{counts}:recipient_hour:" in keys
    for secret in (number, number[1:], "192.0.2.77", shop.name, shop.accounts[0].id, SECRET):
        assert secret.encode() not in keys


# ---- messages ----

@pytest.fixture(scope="module")
def strict_world():
    flags = ("--abuse.messages", "budgets", "--abuse.account_day", "10", "--abuse.reserve", "20")
    with Redis() as store, node_of(store, *flags) as one, node_of(store, *flags) as two:
        yield World(store, (one, two))


def test_messages_count_together(strict_world):
    shop = strict_world.shop()
    body = {"textMessage": {"text": "hello"},
            "phoneNumbers": [next(numbers()), next(numbers())]}
    statuses = [shop.apps[at % 2].post(T + "/messages", body).status for at in range(5)]
    assert statuses == [202] * 4 + [429]  # eight of ten: the rest is for codes
    assert shop.start(1, next(numbers()), "p").status == 201
    single = dict(body, phoneNumbers=[next(numbers())])
    assert shop.apps[0].post(T + "/messages", single).status == 429


def sent_by(account, batch):
    counts = account.app.get("%s/%s" % (B, batch)).expect(200).json["counts"]
    return 20 - counts["queued"]


def test_req_68_batches_count_together(strict_world):
    """On both gateways at once, more than the day's budget: eight of ten, two are for codes."""
    shop = strict_world.shop()
    batches = [account.app.post(B, {"text": "hello", "recipients": [
        {"to": next(numbers())} for _ in range(20)]}).expect(201).json["id"]
        for account in shop.accounts]
    total = lambda: sum(sent_by(*pair) for pair in zip(shop.accounts, batches))
    wait_for(lambda: total() == 8)
    body = {"textMessage": {"text": "hello"}, "phoneNumbers": [next(numbers())]}
    for app in shop.apps:
        app.post(T + "/messages", body).expect(429)
    assert shop.start(0, next(numbers()), "p").status == 201
    assert shop.start(1, next(numbers()), "p").status == 201
    shop.start(0, next(numbers()), "p").expect(429)
    for account, batch in zip(shop.accounts, batches):
        wait_for(lambda: account.app.get("%s/%s" % (B, batch)).json["hold"] == "rate_limited")
    assert total() == 8


# ---- trouble ----

def test_away_and_back(world):
    shop, number = world.shop(), next(numbers())
    shop.start(0, number, "p").expect(201)
    world.store.stop()
    assert shop.start(0, next(numbers()), "p").status == 503
    assert shop.start(1, next(numbers()), "p").status == 503
    world.store.start()
    for index in range(2):
        wait_for(lambda: shop.start(index, next(numbers()), "p%d" % index).status == 201)


@pytest.mark.parametrize("kind", [Redis, Memcached])
def test_another_secret_is_refused(kind):
    with kind() as store, node_of(store) as one, \
            node_of(store, OTPGATE_ABUSE_SHARED_SECRET="not that of the others") as two:
        shop = Shop((one, two))
        shop.start(0, next(numbers()), "p").expect(201)
        shop.start(1, next(numbers()), "p").expect(503)
        assert "another abuse.shared_secret" in two.log()
        assert "not that of the others" not in two.log()


def test_record_only_counts_and_refuses_nothing():
    with Redis() as store, node_of(store, "--abuse.mode=record") as one, node_of(store) as two:
        shop, number = Shop((one, two)), next(numbers())
        assert [shop.start(0, number, "p%d" % at).status for at in range(6)] == [201] * 6
        assert shop.start(1, number, "more").json["reason"] == "recipient_hour"
        shop.start(0, number, "yet-more").expect(201)


# ---- options ----

@pytest.mark.parametrize("flags, env, says", [
    (["--abuse.shared=true"], {"OTPGATE_ABUSE_SHARED_SECRET": SECRET}, "otp.store is memory"),
    (["--abuse.shared=true", "--otp.store=redis"], {}, "abuse.shared_secret_file is missing"),
    (["--abuse.shared=true", "--otp.store=redis"], {"OTPGATE_ABUSE_SHARED_SECRET": "short"},
     "at least 16 characters"),
    (["--abuse.strict_limits=true"], {}, "abuse.strict_limits is for"),
])
def test_options_that_do_not_fit(tmp_path, flags, env, says):
    done = subprocess.run([program(), "serve", "--data", str(tmp_path), *flags],
                          capture_output=True, text=True, timeout=60, check=False,
                          env=clean_environment(env), cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stdout + done.stderr


def test_a_secret_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    os.chmod(path, 0o600)
    with Redis() as store, node_of(store) as one, \
            node_of(store, "--abuse.shared_secret_file", str(path),
                    OTPGATE_ABUSE_SHARED_SECRET="") as two:
        shop, number = Shop((one, two)), next(numbers())
        assert [shop.start(at, number, "p%d" % at).status for at in range(6)] == [201] * 5 + [429]
