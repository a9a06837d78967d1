"""Codes in Redis and memcached, behind a running gateway: what a user and an operator see of them.
What every store must do is asked of the stores themselves in tests/unit/codes."""

import os
import stat
import subprocess

import pytest

from support import otp
from support.gateway import Gateway, T, program, clean_environment
from support.stores import Memcached, Peer, Redis, encode, free_port
from support.wait import PATIENCE_S, wait_for

QUICK = ("--otp.resend_waits", "1s")


def redis_flags(*addresses, mode="direct"):
    return ("--otp.store", "redis", "--redis.mode", mode, "--redis.addresses",
            ",".join(addresses), *QUICK)


def flags_of(store):
    if isinstance(store, Memcached):
        return ("--otp.store", "memcached", "--memcached.servers", store.address, *QUICK)
    return redis_flags(store.address)


class World:
    def __init__(self, own, store):
        self.own, self.store = own, store
        self.account = own.account()
        self.phone = self.account.add_phone()
        self.app = self.account.app

    def pair(self):
        """A verification, started and approved."""
        verification, code, _ = otp.started(self.app, self.phone, self.own.fresh_number())
        assert otp.check(self.app, verification, code).expect(200).json["approved"] is True

    def starts(self):
        return otp.start(self.app, self.own.fresh_number()).status

    def store_health(self):
        return self.own.anyone.get("/health/ready").json["checks"]["codes:store"]


@pytest.fixture(scope="module", params=[Redis, Memcached])
def world(request):
    with request.param() as store, Gateway(*flags_of(store)) as own:
        yield World(own, store)


# ---- a verification's life ----

def test_req_12_approved_once(world):
    verification, code, _ = otp.started(world.app, world.phone, world.own.fresh_number())
    wrong = otp.check(world.app, verification, otp.wrong_code(code)).expect(200).json
    assert wrong["approved"] is False and wrong["attempts_left"] == 4
    assert otp.check(world.app, verification, code).expect(200).json["approved"] is True
    assert otp.check(world.app, verification, code).status == 409


def test_req_13_dead_after_five(world):
    verification, code, _ = otp.started(world.app, world.phone, world.own.fresh_number())
    for left in (4, 3, 2, 1, 0):
        answer = otp.check(world.app, verification, otp.wrong_code(code)).expect(200).json
        assert answer["attempts_left"] == left
    assert otp.check(world.app, verification, code).expect(200).json["approved"] is False


def test_req_48_resend_has_the_same_code(world):
    number = world.own.fresh_number()
    verification, code, _ = otp.started(world.app, world.phone, number)
    wait_for(lambda: otp.resend(world.app, verification).status == 200)
    assert otp.code_in(otp.fetch(world.phone, number)["textMessage"]["text"]) == code
    assert otp.check(world.app, verification, code).expect(200).json["approved"] is True


def test_req_20_cancel(world):
    verification, code, _ = otp.started(world.app, world.phone, world.own.fresh_number())
    otp.cancel(world.app, verification).expect(200)
    assert otp.check(world.app, verification, code).expect(200).json["approved"] is False


def dump_of(store):
    if isinstance(store, Memcached):
        return store.dump()
    return b"".join(key + b"".join(store.say("HGETALL", key)) for key in store.say("KEYS", "*"))


def test_req_24_the_store_tells_nothing(world):
    number = world.own.fresh_number()
    verification, code, _ = otp.started(world.app, world.phone, number)
    dump = dump_of(world.store)
    assert dump
    for secret in (code, number, number[1:], verification, world.account.id):
        assert secret.encode() not in dump


def test_req_31_every_key_has_an_end(world):
    world.pair()
    world.starts()
    if isinstance(world.store, Redis):
        keys = world.store.say("KEYS", "*")
        assert keys and all(0 < world.store.say("PTTL", key) <= 300000 for key in keys)


def test_req_27_down_and_back(world):
    """503 while it is away, whatever else goes on; no code is kept in memory instead."""
    verification, code, _ = otp.started(world.app, world.phone, world.own.fresh_number())
    assert world.store_health()["status"] == "pass"
    world.store.stop()
    for answer in (otp.check(world.app, verification, code),
                   otp.start(world.app, world.own.fresh_number()),
                   otp.resend(world.app, verification), otp.cancel(world.app, verification)):
        assert answer.expect(503).json["error"] == "unavailable"
        assert int(answer.headers["Retry-After"]) >= 1
    wait_for(lambda: world.store_health()["status"] == "warn")
    assert world.store_health()["description"]
    world.own.check_healthy()
    message = {"textMessage": {"text": "still"}, "phoneNumbers": [world.own.fresh_number()]}
    assert world.app.post(T + "/messages", message).status == 202
    world.store.start()
    wait_for(lambda: world.starts() == 201)
    world.pair()
    assert world.store_health()["status"] == "pass"
    # what the store forgot is not approved
    assert otp.check(world.app, verification, code).json.get("approved") is False


def test_codes_outlive_a_crash_of_the_gateway():
    with Redis() as store, Gateway(*flags_of(store)) as own:
        world = World(own, store)
        verification, code, _ = otp.started(world.app, world.phone, own.fresh_number())
        own.kill()
        own.start()
        world.app.close()
        assert otp.check(world.app, verification, code).expect(200).json["approved"] is True


# ---- what an operator hears ----

def test_req_28_policy_is_told():
    with Redis("--maxmemory-policy", "volatile-lru") as store, Gateway(*flags_of(store)) as own:
        world = World(own, store)
        health = world.store_health()
        assert health["status"] == "warn"
        assert health["description"] == "maxmemory-policy is volatile-lru, must be noeviction"
        assert "WARN" in own.log() and "volatile-lru" in own.log()
        world.pair()


def serve(tmp_path, *flags, env=None):
    """A start that is refused: the error, as shown."""
    done = subprocess.run([program(), "serve", "--data", str(tmp_path / "data"), "--listen",
                           "127.0.0.1:0", *flags], capture_output=True, text=True, check=False,
                          timeout=PATIENCE_S, env=clean_environment(env or {}))
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_wrong_password_ends_the_start(tmp_path):
    with Redis("--requirepass", "right") as store:
        flags = redis_flags(store.address)
        assert "NOAUTH" in serve(tmp_path, *flags)
        said = serve(tmp_path, *flags, env={"OTPGATE_REDIS_PASSWORD": "Wrong-secret"})
        assert "WRONGPASS" in said and "Wrong-secret" not in said
        secret = tmp_path / "secret"
        secret.write_text("right\n")
        secret.chmod(0o644)
        said = serve(tmp_path, *flags, "--redis.password_file", str(secret))
        assert "redis.password_file" in said and "chmod 600" in said
        secret.chmod(0o600)
        with Gateway(*flags, "--redis.password_file", str(secret)) as own:
            World(own, store).pair()


@pytest.mark.parametrize("flags, complaint", [
    (("--redis.password", "x"), "OTPGATE_REDIS_PASSWORD"),
    (("--memcached.password=x",), "memcached.password_file"),
    (("--redis.user", "otpgate"), "redis.password_file is missing"),
    (("--redis.mode", "cluster", "--redis.db", "1"), "must be 0"),
    (("--redis.addresses", "redis://localhost"), "host:port"),
    (("--memcached.servers", "a:0"), "host:port"),
    (("--otp.store", "disk"), "memory, redis or memcached"),
    (("--otp.store_prefix", "a b"), "without spaces"),
])
def test_wrong_options_are_named(tmp_path, flags, complaint):
    assert complaint in serve(tmp_path, *flags)


# ---- memory, over a restart ----

def test_req_91_codes_in_memory_outlive_a_planned_restart():
    with Gateway(*QUICK) as own:
        world = World(own, None)
        snapshot = os.path.join(own.data, "codes.snapshot")
        verification, code, _ = otp.started(world.app, world.phone, own.fresh_number())
        otp.check(world.app, verification, otp.wrong_code(code)).expect(200)
        assert own.end() == 0
        assert stat.S_IMODE(os.stat(snapshot).st_mode) == 0o600
        own.start()
        world.app.close()
        assert not os.path.exists(snapshot)
        assert otp.show(world.app, verification)["status"] == "pending"
        answer = otp.check(world.app, verification, otp.wrong_code(code)).expect(200).json
        assert answer["attempts_left"] == 3
        assert otp.check(world.app, verification, code).expect(200).json["approved"] is True
        lost = otp.start(world.app, own.fresh_number()).expect(201).json["id"]
        own.kill()
        own.start()
        world.app.close()
        assert otp.show(world.app, lost)["status"] == "expired"


def test_damaged_snapshot_is_not_used():
    with Gateway(*QUICK) as own:
        world = World(own, None)
        verification = otp.start(world.app, own.fresh_number()).expect(201).json["id"]
        assert own.end() == 0
        with open(os.path.join(own.data, "codes.snapshot"), "r+b") as file:
            file.seek(40)
            byte = file.read(1)
            file.seek(40)
            file.write(bytes([byte[0] ^ 1]))
        own.start()
        world.app.close()
        assert "the snapshot of codes is not used" in own.log()
        assert otp.show(world.app, verification)["status"] == "expired"


# ---- Sentinel and cluster ----

def failovers(gateway):
    """What the audit log tells of the store, the oldest first."""
    told = gateway.admin.get("/admin/v1/audit?kind=store.failover").expect(200).json["entries"]
    return [entry["reason"] for entry in reversed(told)]


def test_sentinel_failover():
    with Redis() as one, Redis() as two:
        state = {"master": one}

        def answer(words):
            if words[:2] == [b"SENTINEL", b"get-master-addr-by-name"] and words[2] == b"codes":
                return encode(["127.0.0.1", state["master"].port])
            return b"-ERR unknown\r\n"

        two.say("REPLICAOF", "127.0.0.1", one.port)
        with Peer(lambda words: b"*-1\r\n") as ignorant, Peer(answer) as sentinel, \
                Gateway(*redis_flags(ignorant.address, sentinel.address, mode="sentinel"),
                        "--redis.master", "codes") as own:
            world = World(own, one)
            world.pair()
            one.stop()
            assert world.starts() == 503
            wait_for(lambda: failovers(own)[-1:] == ["down"], "the audit log to say it")
            two.say("REPLICAOF", "NO", "ONE")
            state["master"] = two
            wait_for(lambda: world.starts() == 201)
            world.pair()
            assert two.say("DBSIZE") > 0
            wait_for(lambda: failovers(own)[-1] == "up", "its end in the audit log")


def test_demoted_primary_is_left():
    """The roles change while both live: Sentinel and the servers' roles lead to the new one."""
    with Redis() as one, Redis() as two:
        state = {"master": one}
        with Peer(lambda words: encode(["127.0.0.1", state["master"].port])) as sentinel, \
                Gateway(*redis_flags(sentinel.address, mode="sentinel")) as own:
            world = World(own, one)
            world.pair()
            one.say("REPLICAOF", "127.0.0.1", two.port)
            state["master"] = two
            wait_for(lambda: world.starts() == 201)
            world.pair()


@pytest.fixture(scope="module")
def cluster():
    nodes = [Redis("--cluster-enabled", "yes", "--cluster-port", "0") for _ in range(2)]
    for node in nodes:
        node.bus = free_port()
        node.options[-1] = str(node.bus)
    with nodes[0], nodes[1]:
        nodes[0].say("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        nodes[1].say("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        nodes[0].say("CLUSTER", "MEET", "127.0.0.1", nodes[1].port, nodes[1].bus)
        wait_for(lambda: all(b"cluster_state:ok" in node.say("CLUSTER", "INFO")
                             and b"cluster_known_nodes:2" in node.say("CLUSTER", "INFO")
                             for node in nodes), "the cluster")
        yield nodes


def test_req_26_real_cluster(cluster):
    with Gateway(*redis_flags(cluster[0].address, mode="cluster")) as own:
        world = World(own, None)
        for _ in range(20):
            world.starts()
        world.pair()
        assert all(node.say("DBSIZE") > 0 for node in cluster)
        assert world.store_health()["status"] == "pass"


def test_req_68_counts_in_a_cluster(cluster):
    """All counts are in one slot: a gateway that begins at the other node is sent there."""
    env = {"OTPGATE_ABUSE_MODE": "enforce", "OTPGATE_ABUSE_HOME": "DE",
           "OTPGATE_ABUSE_SHARED_SECRET": "of both gateways"}
    gateways = [Gateway(*redis_flags(node.address, mode="cluster"), "--abuse.shared=true", env=env)
                for node in cluster]
    with gateways[0] as one, gateways[1] as two:
        apps, number = [], one.fresh_number()
        for gateway in (one, two):
            account = gateway.account("shop")
            account.add_phone()
            apps.append(account.app)
        statuses = [otp.start(apps[at % 2], number, "p%d" % at).status for at in range(6)]
        assert statuses == [201] * 5 + [429]


def test_slots_that_move_while_we_work(cluster):
    """A slot under way answers ASK, one that has moved MOVED: each code is found all the same."""
    one, two = cluster
    with Gateway(*redis_flags(one.address, mode="cluster")) as own:
        world = World(own, None)
        ids = [node.say("CLUSTER", "MYID") for node in cluster]
        before = {key for node in cluster for key in node.say("KEYS", "*")}
        verification, code, _ = otp.started(world.app, world.phone, own.fresh_number())
        key, = {key for node in cluster for key in node.say("KEYS", "*")} - before
        slot = one.say("CLUSTER", "KEYSLOT", key)
        source, target = (one, two) if slot < 8192 else (two, one)
        target.say("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[cluster.index(source)])
        source.say("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[cluster.index(target)])
        source.say("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
        wrong = otp.check(world.app, verification, otp.wrong_code(code))
        assert wrong.status == 200, own.log()
        wrong = wrong.json
        for node in (target, source):
            node.say("CLUSTER", "SETSLOT", slot, "NODE", ids[cluster.index(target)])
        assert wrong["attempts_left"] == 4
        assert otp.check(world.app, verification, code).expect(200).json["approved"] is True


def test_cluster_in_direct_mode_is_named(cluster):
    with Gateway(*redis_flags(cluster[0].address)) as own:
        world = World(own, None)
        wait_for(lambda: world.starts() == 503)
        wait_for(lambda: "set redis.mode to cluster" in own.log())


# ---- through a tunnel ----

def test_redis_through_stunnel(tmp_path):
    """The recipe of docs/operations.md: stunnel checks the certificate of a Redis with TLS."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out", str(cert),
                    "-subj", "/CN=redis.example", "-addext", "subjectAltName=DNS:redis.example",
                    "-days", "2"], check=True, capture_output=True)
    tls_port, local_port = free_port(), free_port()
    with Redis("--tls-port", str(tls_port), "--tls-cert-file", str(cert), "--tls-key-file",
               str(key), "--tls-auth-clients", "no") as store:
        config = tmp_path / "stunnel.conf"
        config.write_text(
            "foreground = yes\nsyslog = no\npid =\n[redis]\nclient = yes\n"
            "accept = 127.0.0.1:%d\nconnect = 127.0.0.1:%d\nCAfile = %s\n"
            "checkHost = redis.example\nverifyChain = yes\n" % (local_port, tls_port, cert))
        tunnel = subprocess.Popen(["stunnel4", str(config)], stderr=subprocess.DEVNULL)
        try:
            with Gateway(*redis_flags("127.0.0.1:%d" % local_port)) as own:
                world = World(own, store)
                wait_for(lambda: world.starts() == 201)
                world.pair()
        finally:
            tunnel.terminate()
            tunnel.wait()
