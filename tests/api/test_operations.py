"""Running it: health, metrics, signals, certificates, configuration, disks that are full."""

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import ssl
import subprocess
import time

import pytest

from support import otp
from support.client import Client, basic, bearer
from support.gateway import M, T, Gateway, program
from support.http1 import RawConnection
from support.phone import Stream
from support.wait import PATIENCE_S, in_parallel, wait_for

NUMBER = "+4915112345678"
SEND = {"phoneNumbers": [NUMBER], "textMessage": {"text": "x"}}


def refused_start(gateway):
    """What a gateway says that must not start."""
    try:
        gateway.spawn()
        assert gateway.process.wait(PATIENCE_S) != 0
        return gateway.log()
    finally:
        gateway.remove()


# ---- health and metrics ----

def test_req_89_health_states():
    with Gateway() as own:
        ready = own.anyone.get("/health").expect(200).json
        assert ready["status"] == "warn"
        assert "no phone" in ready["checks"]["phones:streams"]["description"]
        stream = own.account().add_phone().listen()
        checks = own.anyone.get("/health/ready").expect(200).json["checks"]
        assert checks["phones:streams"]["status"] == "pass"
        assert checks["phones:streams"]["observedValue"] == 1
        assert {"db:ping", "db:fsync", "server:started"} <= set(checks)
        assert own.anyone.get("/health/live").expect(200).json["status"] == "pass"
        assert own.anyone.get("/health/startup").expect(200).json["status"] == "pass"
        stream.close()


SERIES = ["otpgate_http_requests_total", "otpgate_http_request_seconds", "otpgate_http_connections",
          "otpgate_lane_waiting", "otpgate_lane_batch_operations", "otpgate_lane_commit_seconds",
          "otpgate_queue_messages", "otpgate_devices", "otpgate_reports_total",
          "otpgate_otp_starts_total", "otpgate_otp_checks_total", "otpgate_gate_total"]
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z_]+="[^"\\\n]*",?)+\})?'
                    r' (-?[0-9.e+]+|\+Inf)$')


def parse_metrics(text):
    """{family: (type, {series: value})}; fails on anything that Prometheus would refuse."""
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in families, current
            families[current] = [None, {}]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind in ("counter", "gauge", "histogram")
            families[name][0] = kind
        else:
            match = SAMPLE.match(line)
            assert match, line
            name = match.group(1)
            kind, samples = families[current]
            suffix = name[len(current):]
            assert name.startswith(current)
            assert suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
            series = line.rsplit(" ", 1)[0]
            assert series not in samples
            samples[series] = float(match.group(4))
            assert kind != "counter" or current.endswith("_total")
    return families


def check_histograms(families):
    for name, (kind, samples) in families.items():
        if kind != "histogram":
            continue
        by_labels = {}
        for series, value in samples.items():
            if series.startswith(name + "_bucket"):
                labels = re.sub(r',?le="[^"]*"', "", series)
                by_labels.setdefault(labels, []).append(value)
        for labels, values in by_labels.items():
            assert values == sorted(values), labels
            count = labels.replace("_bucket", "_count").replace("{}", "")
            assert samples[count] == values[-1], labels


def test_metrics_are_prometheus_text(gateway, account):
    phone = account.add_phone()
    stream = phone.listen()
    account.app.post(T + "/messages", SEND).expect(202)
    otp.started(account.app, phone, gateway.fresh_number())
    answer = gateway.anyone.get("/metrics").expect(200)
    assert answer.type.startswith("text/plain; version=0.0.4")
    families = parse_metrics(answer.body.decode())
    check_histograms(families)
    assert set(SERIES) <= set(families), set(SERIES) - set(families)
    assert len(answer.body.splitlines()) < 1000
    text = answer.body.decode()
    for secret in (NUMBER[1:], account.password, account.login, account.id, phone.id, phone.token):
        assert secret not in text
    stream.close()


def test_req_88_labels_are_bounded(gateway):
    """Traffic of many numbers, accounts and phones adds no series, and no label has many values."""
    def series():
        text = gateway.anyone.get("/metrics").expect(200).body.decode()
        return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line[0] != "#"}

    def work():
        account = gateway.account()
        phone = account.add_phone()
        otp.started(account.app, phone, gateway.fresh_number())
        otp.start(account.app, "letters").expect(422)
        account.app.post(T + "/messages", dict(SEND, phoneNumbers=[
            gateway.fresh_number()])).expect(202)
        for message in phone.pull():
            phone.deliver(message)
        gateway.anyone.get(T + "/" + account.id).expect(401)

    work()
    before = series()
    for _ in range(10):
        work()
    assert series() == before
    values = {}
    for one in before:
        for name, value in re.findall(r'(\w+)="([^"]*)"', one):
            values.setdefault(name, set()).add(value)
    assert max(map(len, values.values())) < 100, values
    for name in set(values) - {"le"}:
        assert not [value for value in values[name] if re.search(r"\d{5}", value)], name


def test_gauges_of_queue_and_phones():
    with Gateway() as own:
        account = own.account()
        phones = [account.add_phone(), account.add_phone()]
        stream = phones[0].listen()
        for _ in range(3):
            account.app.post(T + "/messages", SEND).expect(202)
        wait_for(lambda: own.metric('otpgate_queue_messages{phase="waiting"}') == 3)
        wait_for(lambda: own.metric('otpgate_devices{state="connected"}') == 1)
        assert own.metric('otpgate_devices{state="away"}') == 1
        first = phones[0].pull()[0]
        wait_for(lambda: own.metric('otpgate_queue_messages{phase="handed"}') == 3)
        phones[0].report(first, "Sent")
        wait_for(lambda: own.metric('otpgate_queue_messages{phase="handed"}') == 2)
        stream.close()


def test_requests_are_counted(gateway):
    before = gateway.metric('otpgate_http_requests_total{code="4xx"}')
    for _ in range(5):
        gateway.anyone.get("/nothing").expect(404)
    assert gateway.metric('otpgate_http_requests_total{code="4xx"}') == before + 5


def test_log_lines_for_machines():
    with Gateway("--log.format", "json") as own:
        account = own.account()
        account.app.get(T + "/messages?limit=0", headers={"X-Request-Id": "my-own-id"}).expect(400)
        lines = [line for line in own.log().splitlines() if line.startswith("{")]
        parsed = [json.loads(line) for line in lines]
        assert all({"time", "level", "room", "message"} <= set(line) for line in parsed)
        refused = [line for line in parsed if line.get("request") == "my-own-id"]
        assert refused and refused[0]["code"] == "invalid_request"


def test_req_83_log_cannot_be_forged(gateway, account):
    before = len(gateway.log().splitlines())
    for text in ("x\n2026-01-01T00:00:00.000Z ERROR app: forged", "x\x1b[31mred", "x\r\nY: z"):
        account.app.post(T + "/messages", dict(SEND, id=text)).expect(400)
        account.app.post(T + "/messages", dict(SEND, deviceId=text)).expect(400)
        account.add_phone("plain")
    log = gateway.log()
    assert "forged" not in log and "\x1b" not in log
    assert all(re.match(r"^(\d{4}-\d\d-\d\dT|$|otpgate |  |Next:)", line)
               for line in log.splitlines()[before:]), log


# ---- starting ----

def test_second_server_on_the_same_data_is_refused(gateway):
    account = gateway.account()
    second = subprocess.run([program(), "serve", "--data", gateway.data, "--listen", "127.0.0.1:0"],
                            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert second.returncode != 0
    assert str(gateway.process.pid) in second.stderr or "another process" in second.stderr
    account.app.get(T + "/messages").expect(200)
    assert os.path.exists(os.path.join(gateway.data, "gateway.json"))
    gateway.check_healthy()


@pytest.fixture
def stopped():
    """A data folder with a life behind it."""
    own = Gateway().start()
    own.account(name="before")
    assert own.end() == 0
    yield own
    own.remove()


def run_to_the_end(own):
    own.spawn()
    return own.process.wait(PATIENCE_S), own.log()


def test_req_90_readable_master_key_is_refused(stopped):
    key = os.path.join(stopped.data, "master.key")
    os.chmod(key, 0o644)
    code, log = run_to_the_end(stopped)
    assert code != 0 and "chmod 600" in log and "master.key" in log
    os.chmod(key, 0o600)
    stopped.start()
    assert stopped.end() == 0


def test_lost_or_broken_master_key_is_refused(stopped):
    key = os.path.join(stopped.data, "master.key")
    os.rename(key, key + ".away")
    code, log = run_to_the_end(stopped)
    assert code != 0 and "master.key" in log
    with open(key, "wb") as file:
        file.write(b"short")
    os.chmod(key, 0o600)
    code, log = run_to_the_end(stopped)
    assert code != 0 and "not a master key" in log
    os.replace(key + ".away", key)
    stopped.start()
    listed = stopped.admin.get("/admin/v1/accounts").json["accounts"]
    assert [account["name"] for account in listed] == ["before"]
    assert stopped.end() == 0


def test_files_are_private(stopped):
    for name in ("master.key", "operator.token", "otpgate.db", "tickets.key", "ca/ca.key",
                 "ca/server.key"):
        mode = os.stat(os.path.join(stopped.data, name)).st_mode & 0o777
        assert mode == 0o600, (name, oct(mode))
    assert os.stat(stopped.data).st_mode & 0o777 == 0o700


def test_newer_schema_is_refused(stopped):
    database = sqlite3.connect(os.path.join(stopped.data, "otpgate.db"))
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
    name = [table for table in tables if "migration" in table or "schema" in table][0]
    columns = [row[1] for row in database.execute("PRAGMA table_info(%s)" % name)]
    values = [999 if column in ("number", "version", "id") else 1 for column in columns]
    database.execute("INSERT INTO %s VALUES (%s)" % (name, ",".join("?" * len(values))), values)
    database.commit()
    database.close()
    code, log = run_to_the_end(stopped)
    assert code != 0 and "newer" in log


CONFIG_ERRORS = [
    ("[otp]\n# life\nttl = 601\n", ":3:", "otp.ttl"),
    ("[otp]\nttl = 59\n", ":2:", "otp.ttl"),
    ("[otp]\nttll = 60\n", ":2:", "did you mean otp.ttl"),
    ("[otpp]\nttl = 60\n", ":", "otp"),
    ("[otp]\nlength = 5\n", "", "otp.allow_weak"),
    ("[otp]\nttl = [\n", ":", ""),
    ("[http]\nlisten = [\"nonsense\"]\n", ":2:", "http.listen"),
    ("[http]\ntls = \"perhaps\"\n", ":2:", "http.tls"),
    ("[lane]\nqueue_max = 0\n", ":2:", "lane.queue_max"),
    ("[number]\ndefault_region = \"Germany\"\n", ":2:", "number.default_region"),
]


@pytest.mark.parametrize("text,place,hint", CONFIG_ERRORS)
def test_req_90_configuration_errors_name_the_line(text, place, hint):
    own = Gateway(config=text)
    log = refused_start(own)
    assert "otpgate.toml" + place in log or not place, log
    assert hint in log, log
    assert not os.path.exists(own.data)


def test_check_config_says_the_same(gateway):
    path = gateway.write("wrong.toml", "[otp]\n\nttl = 601\n")
    told = gateway.cli("check-config", "--config", path)
    assert told.returncode != 0 and "wrong.toml:3: otp.ttl is 601s" in told.stderr
    path = gateway.write("right.toml", "[otp]\nttl = 600\n")
    assert gateway.cli("check-config", "--config", path).returncode == 0
    shown = gateway.cli("check-config", "--config", path, "--otp.length", "8", "--show",
                        env={"OTPGATE_OTP_ATTEMPTS": "3"}).stdout
    assert "600s" in shown and "right.toml" in shown and "OTPGATE_OTP_ATTEMPTS" in shown


def test_sample_configuration_is_right(gateway):
    sample = gateway.cli("check-config", "--sample").stdout
    path = gateway.write("sample.toml", re.sub(r"(?m)^#(?=[a-z_]+ = )", "", sample))
    told = gateway.cli("check-config", "--config", path)
    assert told.returncode == 0, told.stderr


def test_unknown_flags_get_a_hint():
    assert "did you mean --otp.ttl" in refused_start(Gateway("--otp.tll=60"))
    assert "OTPGATE_OTP_TTL" in refused_start(Gateway(env={"OTPGATE_OTP_TLL": "60"}))


def test_plain_http_only_on_loopback():
    log = refused_start(Gateway("--listen", "0.0.0.0:0", tls=False))
    assert "loopback" in log and "http.plain_anywhere" in log
    with Gateway("--listen", "127.0.0.1:0", tls=False) as own:
        own.check_healthy()
        assert not os.path.exists(os.path.join(own.data, "ca"))
    with Gateway("--listen", "0.0.0.0:0", "--http.plain_anywhere=true", tls=False) as own:
        own.check_healthy()


def test_port_in_use_is_said(gateway):
    log = refused_start(Gateway("--listen", "127.0.0.1:%d" % gateway.port))
    assert str(gateway.port) in log


def test_service_manager_is_told():
    """READY, RELOADING, WATCHDOG and STOPPING, as sd_notify(3) has them."""
    own = Gateway()
    path = os.path.join(own.root, "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(PATIENCE_S)
    own.env = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
    with own:
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        own.signal(signal.SIGHUP)
        seen = [manager.recv(100)]
        while seen[-1] != b"READY=1":
            seen.append(manager.recv(100))
        assert b"RELOADING=1" in b" ".join(seen)
        own.signal(signal.SIGTERM)
        while manager.recv(100) != b"STOPPING=1":
            pass
    manager.close()


# ---- certificates ----

def openssl(folder, *arguments):
    subprocess.run(["openssl"] + list(arguments), cwd=folder, check=True, timeout=PATIENCE_S,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make_certificate(folder, name, subject, usage="serverAuth"):
    """A self-signed one, which is its own authority."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=" + subject, "-keyout", name + ".key",
            "-out", name + ".pem", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "extendedKeyUsage=" + usage)
    return os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")


def common_name(connection):
    subject = connection.getpeercert()["subject"]
    return dict(item for group in subject for item in group)["commonName"]


def test_reload_of_certificates(tmp_path):
    """SIGHUP: new connections see the new certificate; open ones and streams go on."""
    folder = str(tmp_path)
    first, first_key = make_certificate(folder, "first", "first")
    second, second_key = make_certificate(folder, "second", "second")
    live, live_key = os.path.join(folder, "live.pem"), os.path.join(folder, "live.key")

    def put(certificate, key):
        for source, target in ((certificate, live), (key, live_key)):
            with open(source, "rb") as read, open(target, "wb") as write:
                write.write(read.read())
        os.chmod(live_key, 0o600)

    put(first, first_key)
    with Gateway("--http.cert_file", live, "--http.key_file", live_key) as own:
        own.context = ssl.create_default_context(cafile=first)
        own.context.load_verify_locations(second)
        own.admin = own.client(bearer(own.operator_token))
        account = own.account()
        phone = account.add_phone()
        stream = phone.listen()
        account.app.get(T + "/messages").expect(200)
        assert common_name(account.app.connection.sock) == "first"
        put(second, second_key)
        own.signal(signal.SIGHUP)

        def is_new():
            client = own.client()
            client.get("/health/live").expect(200)
            name = common_name(client.connection.sock)
            client.close()
            return name == "second"
        wait_for(is_new)
        kept = account.app.connection.sock
        account.app.post(T + "/messages", SEND).expect(202)
        assert account.app.connection.sock is kept and common_name(kept) == "first"
        stream.wait("MessageEnqueued")
        # a broken file changes nothing
        with open(live, "w", encoding="utf-8") as file:
            file.write("no certificate")
        own.signal(signal.SIGHUP)
        wait_for(lambda: "old certificates stay" in own.log())
        assert is_new() and not stream.is_closed
        stream.close()


def test_level_of_the_log_is_taken_on_reload():
    own = Gateway(config="[log]\nlevel = \"info\"\n")
    with own:
        own.write("otpgate.toml", "[log]\nlevel = \"bogus\"\n")
        own.signal(signal.SIGHUP)
        wait_for(lambda: "the old one stays" in own.log())
        own.check_healthy()


def test_client_certificates(tmp_path):
    folder = str(tmp_path)
    authority, _ = make_certificate(folder, "client", "a client", "clientAuth")
    stranger, stranger_key = make_certificate(folder, "stranger", "a stranger", "clientAuth")
    own = Gateway("--http.client_ca_file", authority)
    try:
        own.start()
        with pytest.raises(OSError):
            own.client().get("/health/live")
        own.context.load_cert_chain(stranger, stranger_key)
        with pytest.raises(OSError):
            own.client().get("/health/live")
        own.context = ssl.create_default_context(cafile=own.ca)
        own.context.load_cert_chain(authority, os.path.join(folder, "client.key"))
        own.client().get("/health/live").expect(200)
        own.admin = own.client(bearer(own.operator_token))
        own.account()
        assert own.end() == 0
    finally:
        own.remove()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_versions(gateway):
    for version, is_good in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True),
                             (ssl.TLSVersion.TLSv1_1, False)):
        context = ssl.create_default_context(cafile=gateway.ca)
        try:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.maximum_version = version
            client = Client(gateway, context=context)
            client.get("/health/live").expect(200)
            assert is_good and client.connection.sock.version() == version.name.replace("_", ".")
        except ssl.SSLError:
            assert not is_good
    wrong_authority = ssl.create_default_context()
    with pytest.raises(ssl.SSLError):
        Client(gateway, context=wrong_authority).get("/health/live")


# ---- stopping ----

def test_stop_finishes_what_was_accepted():
    """Accepted requests are answered, and what was answered is there afterwards."""
    own = Gateway().start()
    try:
        connections = [RawConnection(own) for _ in range(12)]
        for n, connection in enumerate(connections):
            body = json.dumps({"name": "stopped-%d" % n}).encode()
            connection.send(b"POST /admin/v1/accounts HTTP/1.1\r\nHost: localhost\r\n"
                            b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                            b"Content-Length: %d\r\n\r\n%s" % (
                                own.operator_token.encode(), len(body), body))
        # each costs a password's hashing: they wait in line
        wait_for(lambda: own.metric('otpgate_lane_waiting{lane="slow"}') >= 3)
        own.signal(signal.SIGTERM)
        answers = [connection.read() for connection in connections]
        made = {json.loads(a.body)["name"] for a in answers if a and a.status == 201}
        assert len(made) == 12, answers
        assert own.process.wait(PATIENCE_S) == 0
        assert not os.path.exists(os.path.join(own.data, "gateway.json"))
        own.start()
        listed = {a["name"] for a in own.admin.get("/admin/v1/accounts").json["accounts"]}
        assert listed == made
        assert own.end() == 0
    finally:
        own.remove()


def test_stop_closes_streams_and_idle_connections_quickly():
    own = Gateway().start()
    try:
        account = own.account()
        streams = [account.add_phone().listen() for _ in range(3)]
        account.app.get(T + "/messages").expect(200)
        begun = time.monotonic()
        own.signal(signal.SIGINT)
        assert own.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - begun < 5
        for stream in streams:
            stream.wait_closed()
    finally:
        own.remove()


def test_stop_does_not_wait_for_ever():
    """A peer that never finishes its request holds nothing up beyond the bound."""
    own = Gateway("--http.stop_timeout", "1s").start()
    try:
        with RawConnection(own) as connection:
            connection.send(b"POST /admin/v1/accounts HTTP/1.1\r\nHost: localhost\r\n"
                            b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                            b"Content-Length: 100\r\n\r\n{" % own.operator_token.encode())
            own.anyone.get("/health/live").expect(200)
            begun = time.monotonic()
            own.signal(signal.SIGTERM)
            assert own.process.wait(PATIENCE_S) == 0
            assert time.monotonic() - begun < 6
    finally:
        own.remove()


# ---- disks ----

def set_file_limit(own, size):
    resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_check_64_full_disk_and_recovery():
    """503 with Retry-After, health says why, reading goes on; then all is well by itself."""
    with Gateway() as own:
        account = own.account()
        phone = account.add_phone()
        before = [account.app.post(T + "/messages", SEND).expect(202).json["id"]
                  for _ in range(3)]
        biggest = max(os.path.getsize(os.path.join(own.data, name)) for name in
                      ("otpgate.db", "otpgate.db-wal"))
        set_file_limit(own, max(biggest, os.path.getsize(own.log_path)) + 4096)
        accepted, refused = [], None
        for _ in range(300):
            answer = account.app.post(T + "/messages", SEND)
            if answer.status != 202:
                refused = answer.expect(503)
                break
            accepted.append(answer.json["id"])
        assert refused and int(refused.headers["Retry-After"]) >= 1
        assert refused.json["message"] and "SQL" not in refused.json["message"]
        assert otp.start(account.app, NUMBER).status == 503
        health = own.anyone.get("/health/ready").expect(503).json
        assert health["status"] == "fail" and health["checks"]["db:ping"]["description"]
        # a phone must not take a storage failure for a lost registration (check 64)
        for _ in range(3):
            change = {"id": phone.id, "name": "n" * 100}
            assert phone.client.patch(M + "/device", change).status in (204, 503)
        listed = account.app.get(T + "/messages?limit=100&sort=created_at").expect(200).json
        assert [m["id"] for m in listed] == (before + accepted)[:100]
        set_file_limit(own, resource.RLIM_INFINITY)
        wait_for(lambda: account.app.post(T + "/messages", SEND).status == 202)
        own.check_healthy()
        otp.started(account.app, phone, "+4915112345670")
        assert re.search(r"(ERROR|WARN).*lane", own.log())
        total = int(account.app.get(T + "/messages").headers["X-Total-Count"])
        own.restart()
        account.app.close()
        assert int(account.app.get(T + "/messages").headers["X-Total-Count"]) == total
        checked = own.cli("db", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_locked_database_and_recovery():
    """Somebody else holds the write lock: 503, and on it goes when it is free."""
    with Gateway() as own:
        account = own.account()
        account.add_phone()
        other = sqlite3.connect(os.path.join(own.data, "otpgate.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            answer = account.app.post(T + "/messages", SEND).expect(503)
            assert int(answer.headers["Retry-After"]) >= 1
            assert own.anyone.get("/health/ready").expect(503).json["checks"]["db:ping"][
                "status"] == "fail"
            account.app.get(T + "/messages").expect(200)
        finally:
            other.execute("ROLLBACK")
            other.close()
        wait_for(lambda: account.app.post(T + "/messages", SEND).status == 202)
        own.check_healthy()


# ---- limits ----

def test_full_queue_is_busy():
    """Back-pressure: 503 with Retry-After, nothing lost, and open again at once."""
    with Gateway("--lane.queue_max", "1", "--lane.slow_queue_max", "2") as own:
        clients = [own.client(bearer(own.operator_token)) for _ in range(16)]
        in_parallel([lambda c=c: c.get("/health/live") for c in clients])
        answers = in_parallel([lambda c=c, n=n: c.post("/admin/v1/accounts", {"name": "q-%d" % n})
                               for n, c in enumerate(clients)])
        statuses = [answer.status for answer in answers]
        assert set(statuses) <= {201, 503} and 503 in statuses and 201 in statuses
        for answer in answers:
            assert answer.status == 201 or answer.headers["Retry-After"]
            assert answer.status == 201 or answer.json["error"] == "busy"
        # the gateway's own jobs take the only place now and then: who is told to retry, retries
        wait_for(lambda: own.admin.post("/admin/v1/accounts",
                                        {"name": "afterwards"}).status == 201, "a free place")
        names = {a["name"] for a in own.admin.get("/admin/v1/accounts").json["accounts"]}
        assert len(names) == statuses.count(201) + 1


def test_connections_of_one_address():
    with Gateway("--http.connections_per_address_max", "5") as own:
        held = [RawConnection(own) for _ in range(5)]
        for connection in held:
            connection.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.read().status == 200
        with pytest.raises(OSError):
            # refused in the handshake, or before it
            with RawConnection(own) as beyond:
                beyond.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = beyond.read()
                if answer is None or answer.status in (429, 503):
                    raise ConnectionRefusedError
        for connection in held:
            connection.close()

        def is_free():
            try:
                return own.client().get("/health/live").status == 200
            except OSError:
                return False
        wait_for(is_free)


def test_idle_connections_end():
    with Gateway("--http.idle_timeout", "1s") as own:
        with RawConnection(own) as connection:
            connection.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.read().status == 200
            begun = time.monotonic()
            assert connection.ends()
            assert 0.5 < time.monotonic() - begun < 10


def test_a_slow_reader_of_events_is_dropped_alone(gateway):
    """One phone that does not read its stream harms no other."""
    account = gateway.account()
    slow, quick = account.add_phone(), account.add_phone()
    with RawConnection(gateway) as stuck:
        stuck.send(b"GET /api/mobile/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                   b"Authorization: Bearer %s\r\n\r\n" % slow.token.encode())
        stream = quick.listen()
        for n in range(20):
            sent = account.app.post(T + "/messages", dict(SEND, deviceId=quick.id)).expect(202)
            account.app.post(T + "/messages", dict(SEND, deviceId=slow.id)).expect(202)
            stream.wait("MessageEnqueued", n + 1)
            assert sent.json["id"] in [m["id"] for m in quick.pull()]
        stream.close()


def test_wrong_password_while_stopping_harms_nothing():
    own = Gateway().start()
    try:
        account = own.account()
        for n in range(4):
            connection = RawConnection(own)
            connection.send(("GET %s/messages HTTP/1.1\r\nHost: localhost\r\n"
                             "Authorization: %s\r\n\r\n" % (T, basic(account.login, "w%d" % n)))
                            .encode())
        stream = Stream(own, "nobody")
        assert stream.status == 401
        assert own.end() == 0, own.log()
    finally:
        own.remove()
