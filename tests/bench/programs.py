"""The programs under measurement: started in folders of their own, stopped by process id."""

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something did not do what a measurement needs; the text says what."""


def wait_until(is_so, what, timeout_s, every_s=0.02):
    end = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > end:
            raise Failed(f"waited {timeout_s} s for {what}")
        time.sleep(every_s)


class Program:
    """A child process and what it uses."""

    def __init__(self, argv, log):
        self.log = log
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=open(log, "ab"),
                                      stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def check(self):
        if self.child.poll() is not None:
            with open(self.log) as log:
                raise Failed(f"{self.log} ended early: {log.read()[-500:]}")

    def cpu_s(self):
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_kib(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Store(Program):
    """Redis or memcached on loopback, in memory only."""

    def __init__(self, kind, folder):
        os.makedirs(folder, exist_ok=True)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        argv = {"redis": ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                          "--dir", folder],
                "memcached": ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m",
                              "256", "-u", "nobody"]}[kind]
        super().__init__(argv, folder + ".log")
        wait_until(lambda: self.is_up(port), kind, 10)

    def is_up(self, port):
        self.check()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0


# The rules are at work, but none is ever reached.
WIDE = [f"--abuse.{name}" for name in (
    "countries=*", "recipient_hour=0", "recipient_day=0", "prefix_hour=0", "ip_hour=0", "ip_day=0",
    "country_hour=0", "account_minute=0", "account_day=100000000", "global_minute=100000000",
    "global_day=100000000", "keys_max=100000000", "conversion_alarm=0", "conversion_stop=0")]


# Phones take what they are sent as fast as they can: the gateway is measured, not their SIMs.
UNPACED = ["--sim.parts_per_minute=0", "--device.parts_per_minute=0", "--route.ahead_max=0"]


class Gateway(Program):
    """`otpgate serve` in a folder."""

    def __init__(self, otpgate, folder, tls, *flags):
        os.makedirs(folder, exist_ok=True)
        self.otpgate, self.folder, self.tls = otpgate, folder, tls
        self.port = free_port()
        self.base = f"{'https' if tls else 'http'}://localhost:{self.port}"
        self.ca_file = os.path.join(folder, "ca", "ca.pem") if tls else None
        super().__init__([otpgate, "serve", f"--listen=127.0.0.1:{self.port}", f"--data={folder}",
                          f"--http.tls={'true' if tls else 'false'}",
                          "--http.connections_max=20000", "--login.registrations_max=1000000",
                          *WIDE, *UNPACED, *flags], folder + ".log")

    def wait_ready(self, timeout_s=20):
        def is_ready():
            self.check()
            try:
                return self.health() is not None
            except (OSError, http.client.HTTPException):
                return False
        wait_until(is_ready, self.base, timeout_s, 0.001)
        return self

    def call(self, method, path, body=None, headers=(), parse=json.loads):
        if self.tls:
            trust = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                                     context=trust)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json",
                                                    **dict(headers)})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300 and answer.status != 503:
            raise Failed(f"{method} {path}: {answer.status} {content[:200]}")
        return parse(content) if content else None

    def health(self):
        return self.call("GET", "/health")

    def streams(self):
        return self.health()["checks"]["phones:streams"]["observedValue"]

    def reports(self):
        """Changes of state that phones have reported."""
        text = self.call("GET", "/metrics", parse=bytes.decode)
        return next(int(line.split()[-1]) for line in text.splitlines()
                    if line.startswith('otpgate_reports_total{result="changed"}'))

    def metric(self, name):
        text = self.call("GET", "/metrics", parse=bytes.decode)
        return next(float(line.split()[-1]) for line in text.splitlines()
                    if line.startswith(name + " "))

    def audit_entries(self):
        return self.metric("otpgate_audit_entries_total")

    def wait_reports(self, count, timeout_s):
        wait_until(lambda: self.reports() >= count, f"{count} reports", timeout_s, 0.2)

    def admin(self, method, path, body=None):
        with open(os.path.join(self.folder, "operator.token")) as token:
            bearer = "Bearer " + token.read().strip()
        return self.call(method, "/admin/v1" + path, body, {"Authorization": bearer})

    def add_account(self, with_phone, name="bench"):
        """An account that may choose codes; `with_phone` registers one that never comes."""
        account = self.admin("POST", "/accounts", {"name": name, "custom_code": True})
        login = f"{account['login']}:{account['password']}".encode()
        self.basic = "Basic " + base64.b64encode(login).decode()
        key = self.admin("POST", f"/accounts/{account['id']}/keys",
                         {"scopes": ["otp:start", "otp:check"], "label": "bench"})
        self.bearer = "Bearer " + key["key"]
        self.join_token = self.admin("POST", f"/accounts/{account['id']}/pairing", {})["token"]
        if with_phone:
            self.call("POST", "/api/mobile/v1/device", {"name": "bench/absent"},
                      {"Authorization": self.basic})
        return self

    @property
    def send_url(self):
        return self.base + "/api/3rdparty/v1/messages"


class Phones(Program):
    """Virtual phones, all connected once this is made."""

    def __init__(self, gateway, count, *flags, timeout_s=60, starts_per_s=500):
        self.jsonl = f"{gateway.folder}.phones.jsonl"
        argv = [gateway.otpgate, "phone", "--url", gateway.base + "/api/mobile/v1", "--token",
                gateway.join_token, "--count", str(count), "--perfect", "--quiet",
                "--starts-per-second", str(starts_per_s), *flags]
        if gateway.tls:
            argv += ["--ca", gateway.ca_file]
        super().__init__(argv, gateway.folder + ".phones.log")

        def all_there():
            self.check()
            return gateway.streams() >= count
        try:
            wait_until(all_there, f"{count} phones", timeout_s, 0.1)
            time.sleep(1)
        except BaseException:
            self.stop()
            raise


class Noop(Program):
    """The transport with a handler that does nothing."""

    def __init__(self, noop_server, folder, certificate=None, *flags):
        self.port = free_port()
        self.base = f"{'https' if certificate else 'http'}://localhost:{self.port}"
        argv = [noop_server, "--port", str(self.port), "--port-file", folder + ".port", *flags]
        if certificate:
            argv += ["--tls", *certificate]
        super().__init__(argv, folder + ".log")
        wait_until(lambda: os.path.exists(folder + ".port"), "the noop server", 10)
