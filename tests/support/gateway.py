"""Starts the real program on a free port in a folder of its own, and ends it by its process id."""

import itertools
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import weakref

from support.client import Client, basic, bearer
from support.phone import Phone
from support.wait import PATIENCE_S, wait_for

T = "/api/3rdparty/v1"
M = "/api/mobile/v1"
ALL_SCOPES = ["otp:start", "otp:check", "messages:send", "messages:read", "devices:read",
              "devices:write", "admin", "webhooks:list", "webhooks:write", "webhooks:delete"]


# Limits have files of their own; elsewhere they would only be in the way. Flags and env win.
UNHINDERED = {"OTPGATE_ABUSE_MODE": "off", "OTPGATE_LOGIN_REGISTRATIONS_MAX": "1000000"}

# Tests send as fast as they can; those about pace say so.
UNPACED = {"OTPGATE_SIM_PARTS_PER_MINUTE": "0", "OTPGATE_DEVICE_PARTS_PER_MINUTE": "0",
           "OTPGATE_ROUTE_AHEAD_MAX": "0"}
SANITIZER = re.compile(r"runtime error:|Sanitizer:")


def program():
    path = os.environ.get("OTPGATE", "build/src/otpgate")
    assert os.access(path, os.X_OK), "set OTPGATE to the program that is to be tested (%s)" % path
    return os.path.abspath(path)


def clean_environment(more):
    """Ours without what the developer's shell says to the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTPGATE")}
    return {**kept, **more}


class Account:
    """A tenant with its credentials."""

    def __init__(self, gateway, made):
        self.gateway = gateway
        self.id = made["id"]
        self.name = made["name"]
        self.login = made["login"]
        self.password = made["password"]
        self.app = gateway.client(basic(self.login, self.password))
        self.join_token = None

    def another_client(self):
        return self.gateway.client(basic(self.login, self.password))

    def make_key(self, scopes=ALL_SCOPES, **members):
        body = dict(members, scopes=scopes)
        return self.gateway.admin.post("/admin/v1/accounts/%s/keys" % self.id,
                                       body).expect(201).json

    def with_key(self, *scopes):
        return self.gateway.client(bearer(self.make_key(scopes or ALL_SCOPES)["key"]))

    def pair(self, **members):
        answer = self.gateway.admin.post("/admin/v1/accounts/%s/pairing" % self.id,
                                         members or None)
        self.join_token = answer.expect(200).json["token"]
        return answer.json

    def add_phone(self, name="test/phone", sims=None):
        if not self.join_token:
            self.pair()
        return Phone.register(self.gateway, bearer(self.join_token), name, sims)

    def message(self, message_id):
        return self.app.get(T + "/messages/" + message_id).expect(200).json

    def messages(self, query=""):
        return self.app.get(T + "/messages" + query).expect(200).json


class Gateway:
    def __init__(self, *flags, tls=True, config=None, env=None, preexec=None, record=False,
                 root=None):
        self.flags = list(flags)
        self.tls = tls
        self.env = {**UNPACED, **(env or {})}
        self.preexec = preexec
        self.owns_root = root is None
        self.root = root or tempfile.mkdtemp(prefix="otpgate-test-")
        self.data = os.path.join(self.root, "data")
        self.log_path = os.path.join(self.root, "log")
        self.transcript = [] if record else None
        self.process = None
        self.clients = weakref.WeakSet()  # that have connected
        self.numbers = itertools.count(1)
        self.number_lock = threading.Lock()
        if config is not None:
            self.flags += ["--config", self.write("otpgate.toml", config)]

    # ---- life ----

    def write(self, name, text):
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def command(self):
        flags = ["--data", self.data, "--log.level", "debug"] + self.flags
        if not any(flag.split("=")[0] in ("--listen", "--http.listen") for flag in flags):
            flags += ["--listen", "127.0.0.1:0"]
        if not self.tls:
            flags += ["--http.tls=false"]
        return [program(), "serve"] + flags

    def spawn(self):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.root,
            env=clean_environment({**UNHINDERED, **self.env}), preexec_fn=self.preexec)
        log.close()

    def _whereabouts(self):
        assert self.process.poll() is None, "the gateway ended at once:\n" + self.log()
        try:
            with open(os.path.join(self.data, "gateway.json"), encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError):
            return None
        return found if found["pid"] == self.process.pid else None

    def start(self):
        self.spawn()
        try:
            found = wait_for(self._whereabouts, "gateway.json")
        except BaseException:
            self.remove()
            raise
        self.url = found["url"]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.ca = os.path.join(self.data, "ca", "ca.pem")
        self.context = None
        if self.tls and os.path.exists(self.ca):
            self.context = ssl.create_default_context(cafile=self.ca)
        with open(os.path.join(self.data, "operator.token"), encoding="utf-8") as file:
            self.operator_token = file.read().strip()
        self.admin = self.client(bearer(self.operator_token))
        self.anyone = self.client()
        return self

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()

    def end(self):
        """A graceful stop; returns the exit code. The data stay."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the gateway did not stop:\n" + self.log())
        return self.process.returncode

    def restart(self):
        assert self.end() == 0, self.log()
        return self.start()

    def remove(self):
        self.kill()
        if self.owns_root:
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        try:
            for client in list(self.clients):
                client.close()  # else the gateway waits a moment for each to go
            code = self.end()
            assert error or code == 0, "exit code %d:\n%s" % (code, self.log())
            assert error or not SANITIZER.search(self.log()), self.log()
        finally:
            self.remove()

    # ---- looking at it ----

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def client(self, authorization=None, context=None):
        return Client(self, authorization, context)

    def metric(self, name):
        """The value of one series, as written: name{label="value"}."""
        for line in self.anyone.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split(" ")[-1])
        return None

    def check_healthy(self):
        assert self.process.poll() is None, self.log()
        health = self.anyone.get("/health/ready").expect(200).json
        assert health["checks"]["db:ping"]["status"] == "pass", health

    def cli(self, *arguments, env=None, timeout_s=PATIENCE_S):
        """The command line as a person would call it, against this gateway."""
        environment = clean_environment({"OTPGATE_DATA_DIR": self.data, **(env or {})})
        return subprocess.run([program()] + list(arguments), capture_output=True, text=True,
                              env=environment, cwd=self.root, timeout=timeout_s,
                              stdin=subprocess.DEVNULL, check=False)

    # ---- what tests begin with ----

    def account(self, name=None, **members):
        body = dict(members, name=name or self.fresh("account"))
        return Account(self, self.admin.post("/admin/v1/accounts", body).expect(201).json)

    def fresh(self, word):
        with self.number_lock:
            return "%s-%d" % (word, next(self.numbers))

    def fresh_number(self):
        """A mobile number that no test of this gateway has used."""
        with self.number_lock:
            return "+4915112%06d" % next(self.numbers)
