#!/usr/bin/env python3
"""Measures what the design promises; prints a table and writes build/bench.json.

    bench.py --otpgate PATH --build DIR [--quick] [--only NAME[,NAME]]

Every server, phone and sender is started here, on loopback, and stopped by its process id. Load
generator and server share the machine, so read the ratios: what is compared runs in turns, and
figures are medians.
"""

import argparse
import collections
import contextlib
import json
import os
import platform
import random
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

import hooks
import purge
import timing
from programs import HERE, Failed, Gateway, Noop, Phones, Store, wait_until

TEXT = ("Your parcel arrives tomorrow between 10 and 12. Not at home? Reply to this message and we "
        "leave it with your neighbour.")
MESSAGE = {"textMessage": {"text": TEXT}, "phoneNumbers": ["+4915112345678"],
           "withDeliveryReport": True, "priority": 0, "ttl": 3600, "simNumber": 1}
BODY_BYTES = 300
RATE = 1000
LIFE_PHONES = 20
CHECKERS, CHECKS_PER_S = 64, 5000
# Phones as the phone app is: some time from a push to the pull, and from a change to its report.
BATCHING = ("--accept-min", "50ms", "--accept-max", "400ms", "--report-delay-min", "20ms",
            "--report-delay-max", "200ms", "--report-mode", "batch")

# key, unit, what it is, aim, and whether less is better
ROWS = [
    ("noop_rps", "/s", "HTTP stack alone, 64 connections", None, False),
    ("send_rps", "/s", "messages accepted and on disk, 64 connections", None, False),
    ("send_noop_ratio", "", "of these: send / noop", 0.25, False),
    ("send_p50_ms", "ms", "send, median", None, True),
    ("send_p99_ms", "ms", "send, 99th percentile", None, True),
    ("send_cpu_us", "us", "CPU of the server for one accept", None, True),
    ("noop_tls_rps", "/s", "HTTP stack alone, TLS", None, False),
    ("send_tls_rps", "/s", "messages accepted, TLS", None, False),
    ("send_noop_tls_ratio", "", "of these: send / noop", 0.25, False),
    ("send_tls_p99_ms", "ms", "send, TLS, 99th percentile", None, True),
    ("noop_one_rps", "/s", "HTTP stack alone, one connection", None, False),
    ("send_one_rps", "/s", "messages accepted, one connection", None, False),
    ("send_noop_one_ratio", "", "of these: send / noop", None, False),
    ("send_one_p99_ms", "ms", "send, one connection, 99th percentile", None, True),
    ("push_p50_ms", "ms", "send to \"the phone has the text\", median", None, True),
    ("push_p99_ms", "ms", "the same, 99th percentile", 20, True),
    ("push_cpu_us", "us", "CPU of a message that meets an idle phone, TLS", None, True),
    ("otp_pairs_per_s", "/s", "verifications started and checked", 5000, False),
    ("otp_cpu_us_per_pair", "us", "CPU of the server for one of these", None, True),
    ("otp_starts_per_s", "/s", "starts alone (requirement 92)", 1000, False),
    ("otp_checks_per_s", "/s", "checks alone (requirement 92)", 5000, False),
    ("otp_check_p99_ms", "ms", "a check at 5,000/s, 99th percentile (requirement 92)", 5, True),
    ("otp_redis_pairs_per_s", "/s", "the same, codes in Redis", None, False),
    ("otp_memcached_pairs_per_s", "/s", "the same, codes in memcached", None, False),
    ("otp_pending_bytes", "B", "memory per pending verification, with its message", None, True),
    ("otp_code_bytes", "B", "of that, its code", None, True),
    ("timing_known_us", "us", "a wrong code for a verification that exists, median", None, True),
    ("timing_unknown_us", "us", "the same for an id that nobody made", None, True),
    ("timing_difference", "%", "how far these are apart", 5, True),
    ("audit_us_per_entry", "us", "CPU of an entry of the audit log", None, True),
    ("audit_added_us_per_pair", "us", "CPU that the log adds to a verification", None, True),
    ("audit_rps_ratio", "", "verifications/s with the log / without", None, False),
    ("cpu_us_per_message_life", "us", "CPU of a message's whole life, TLS, under load", 80, True),
    ("cpu_us_per_message_life_plain", "us", "the same, plain HTTP", None, True),
    ("cpu_us_per_message_life_steady", "us", "the same, TLS, at 1,000/s", None, True),
    ("cpu_us_per_message_life_single", "us", "the same, nothing batched: 5 requests and a push",
     None, True),
    ("pull_rps", "/s", "messages through 100 phones, to Delivered, TLS", None, False),
    ("webhooks_rps", "/s", "webhooks delivered to one receiver", None, False),
    ("webhooks_8_rps", "/s", "the same, eight receivers", None, False),
    ("webhooks_cpu_us", "us", "CPU of the server for one delivery", None, True),
    ("webhooks_slow_mib", "MiB", "memory for 1,000 receivers that do not answer", None, True),
    ("idle_plain_kib", "KiB", "memory per connected phone", 2, True),
    ("idle_tls_kib", "KiB", "memory per connected phone, TLS", 20, True),
    ("rest_rss_mib", "MiB", "the program at rest", 24, True),
    ("start_ms", "ms", "start to the first answer of /health", 100, True),
    ("first_start_ms", "ms", "the same in an empty folder", None, True),
    ("start_deep_ms", "ms", "the same, many messages stored", None, True),
    ("depth_ratio", "", "CPU of an accept, many messages stored / none", 1.3, True),
    ("depth_rps_ratio", "", "accepts/s, many messages stored / none", None, False),
    ("purge_rows", "", "messages that are too old", None, False),
    ("purge_s", "s", "until texts and rows of all are gone", None, True),
    ("purge_steps", "", "steps that this took", None, False),
    ("purge_steps_over", "", "of these, held the write lane for more than 20 ms", 0, True),
    ("purge_step_most_ms", "ms", "none held it for longer than", None, True),
    ("purge_send_p50_ms", "ms", "an accept meanwhile, median", None, True),
    ("purge_send_p99_ms", "ms", "the same, 99th percentile", None, True),
]


# The pace that spares SIMs is not what is measured.
UNPACED = ("--sim.parts_per_minute", "0", "--device.parts_per_minute", "0",
           "--route.ahead_max", "0")


class Bench:
    def __init__(self, options):
        self.options = options
        self.quick = options.quick
        self.figures = {}
        self.dir = os.path.join(options.dir or options.build, "bench-data")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.body_file = os.path.join(self.dir, "message.json")
        with open(self.body_file, "w") as out:
            out.write(padded(MESSAGE))

    def tool(self, name):
        return os.path.join(self.options.build, name)

    def folder(self, name):
        return os.path.join(self.dir, name)

    def gateway(self, name, tls, *flags):
        return Gateway(self.options.otpgate, self.folder(name), tls, *UNPACED, *flags)

    def keep(self, **figures):
        self.figures.update(figures)

    def choose(self, full, quick):
        return quick if self.quick else full

    # -- requests --

    def wrk(self, url, connections, seconds, script, *args):
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
                os.path.join(HERE, script), url, "--", *args]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 20)
        lines = [line.split() for line in done.stdout.splitlines() if line.startswith("figures ")]
        if not lines:
            raise Failed(f"wrk: {done.stdout[-300:]} {done.stderr[-300:]}")
        count, duration_us, p50_us, p99_us, failed = map(int, lines[0][1:])
        if failed or not count:
            raise Failed(f"{url}: {failed} of {count} requests failed")
        return {"count": count, "rps": count * 1e6 / duration_us, "p50_ms": p50_us / 1e3,
                "p99_ms": p99_us / 1e3}

    def post(self, program, url, connections, seconds, *headers):
        """POST the message; the figures, with CPU per request."""
        before = program.cpu_s()
        run = self.wrk(url, connections, seconds, "post.lua", self.body_file, *headers)
        run["cpu_us"] = (program.cpu_s() - before) * 1e6 / run["count"]
        return run

    def send(self, gateway, connections, seconds):
        return self.post(gateway, gateway.send_url, connections, seconds, "Authorization",
                         gateway.basic)

    def load(self, gateway, rate, seconds):
        """Send at a steady rate; [(id, sent_us, answered_us)]."""
        out = gateway.folder + ".sent"
        argv = [self.tool("tests/bench/load"), "--url", gateway.send_url, "--authorization",
                gateway.basic, "--body", self.body_file, "--out", out, "--rate", str(rate),
                "--seconds", str(seconds)]
        if gateway.tls:
            argv += ["--ca", gateway.ca_file]
        subprocess.run(argv, check=True, timeout=seconds + 30)
        with open(out) as lines:
            shots = [line.split() for line in lines]
        refused = collections.Counter(shot[0] for shot in shots if shot[0] != "202")
        if refused:
            raise Failed(f"of {len(shots)} messages, refused by status: {dict(refused)}")
        return [(shot[3], int(shot[1]), int(shot[2])) for shot in shots]

    # -- measurements, by name --

    def measure_rest(self):
        """Memory and start time, in an empty folder and later."""
        start_ms, rss_mib = [], []
        for _ in range(self.choose(7, 4)):
            began = time.perf_counter()
            with self.gateway("rest", True) as gateway:
                gateway.wait_ready()
                start_ms.append((time.perf_counter() - began) * 1e3)
                time.sleep(0.3)
                rss_mib.append(gateway.rss_kib() / 1024)
        self.keep(first_start_ms=start_ms[0], start_ms=statistics.median(start_ms[1:]),
                  rest_rss_mib=statistics.median(rss_mib[1:]))

    def measure_send(self):
        """The transport alone and with durable messages, in turns."""
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(self.gateway("send", False))
            tls = stack.enter_context(self.gateway("send-tls", True))
            for gateway in (plain, tls):
                gateway.wait_ready().add_account(with_phone=True)
            certificate = [os.path.join(tls.folder, "ca", name)
                           for name in ("server.pem", "server.key")]
            server = self.tool("tests/support/noop_server")
            noop = stack.enter_context(Noop(server, self.folder("noop")))
            noop_tls = stack.enter_context(Noop(server, self.folder("noop-tls"), certificate))
            runs = {name: [] for name in ("noop", "send", "noop_tls", "send_tls", "noop_one",
                                          "send_one", "noop_tls_one", "send_tls_one")}
            many_s, one_s = self.choose((3, 2), (2, 1))
            for i in range(self.choose(5, 2) + 1):
                pairs = [("", noop, plain), ("_tls", noop_tls, tls)]
                for suffix, idle, gateway in pairs:
                    for tail, connections, seconds in (("", 64, many_s), ("_one", 1, one_s)):
                        if i == 0 and tail:
                            continue
                        seconds = 1 if i == 0 else seconds
                        one = self.post(idle, idle.base + "/", connections, seconds)
                        two = self.send(gateway, connections, seconds)
                        if i > 0: # the first round warms up
                            runs[f"noop{suffix}{tail}"].append(one)
                            runs[f"send{suffix}{tail}"].append(two)
        self.keep_send(runs)

    def keep_send(self, runs):
        for name, of_name in runs.items():
            for what in ("rps", "p50_ms", "p99_ms", "cpu_us"):
                self.figures[f"{name}_{what}"] = median_of(of_name, what)
        for tail in ("", "_tls", "_one", "_tls_one"):
            ratios = [send["rps"] / noop["rps"]
                      for send, noop in zip(runs["send" + tail], runs["noop" + tail])]
            self.figures[f"send_noop{tail}_ratio"] = statistics.median(ratios)

    def measure_push(self):
        """1,000 phones, 1,000 messages/s: from the request to the phone's having the text."""
        phones_count = 1000
        with self.gateway("push", True) as gateway:
            gateway.wait_ready().add_account(with_phone=False)
            with Phones(gateway, phones_count, "--connections", "200", "--jsonl",
                        gateway.folder + ".phones.jsonl") as phones:
                self.load(gateway, RATE, 1)
                time.sleep(1)
                before = gateway.cpu_s()
                shots = self.load(gateway, RATE, self.choose(15, 6))
                received = wait_received(phones.jsonl, len(shots) + RATE)
                cpu_s = gateway.cpu_s() - before
        self.keep_push(shots, received, cpu_s)

    def keep_push(self, shots, received, cpu_s):
        missing = sum(1 for shot in shots if shot[0] not in received)
        if missing:
            raise Failed(f"{missing} of {len(shots)} messages did not reach a phone")
        waits_ms = sorted((received[name] - sent) / 1e3 for name, sent, _ in shots)
        answers_ms = sorted((answered - sent) / 1e3 for _, sent, answered in shots)
        self.keep(push_p50_ms=percentile(waits_ms, 50), push_p99_ms=percentile(waits_ms, 99),
                  push_accept_p50_ms=percentile(answers_ms, 50),
                  push_accept_p99_ms=percentile(answers_ms, 99),
                  push_cpu_us=cpu_s * 1e6 / len(shots))

    def measure_otp(self):
        """Start and check, 64 connections; codes in the process, in Redis, in memcached, in turns."""
        with contextlib.ExitStack() as stack:
            redis = stack.enter_context(Store("redis", self.folder("redis")))
            memcached = stack.enter_context(Store("memcached", self.folder("memcached")))
            gateways = {
                "otp": self.gateway("otp", False),
                "otp_redis": self.gateway("otp-redis", False, "--otp.store=redis",
                                          f"--redis.addresses={redis.address}"),
                "otp_memcached": self.gateway("otp-memcached", False, "--otp.store=memcached",
                                              f"--memcached.servers={memcached.address}"),
            }
            for gateway in gateways.values():
                stack.enter_context(gateway)
                gateway.wait_ready().add_account(with_phone=True)
            runs = {name: [] for name in gateways}
            for _ in range(self.choose(3, 2)):
                for name, gateway in gateways.items():
                    runs[name].append(self.pairs(gateway, self.choose(4, 2)))
        for name, of_name in runs.items():
            self.figures.update({f"{name}_pairs_per_s": median_of(of_name, "rps"),
                                 f"{name}_p99_ms": median_of(of_name, "p99_ms"),
                                 f"{name}_cpu_us_per_pair": median_of(of_name, "cpu_us")})
        self.pending()

    def pending(self):
        """Verifications that wait for their code, in memory."""
        with self.gateway("otp-pending", False) as gateway:
            gateway.wait_ready().add_account(with_phone=True)
            self.pairs(gateway, 2)  # fills what does not grow with them: the database's cache
            codes, rss_kib = gateway.metric("otpgate_otp_codes"), gateway.rss_kib()
            os.environ["OTP_STARTS_ONLY"] = ids = self.folder("ids")
            try:
                starts = self.wrk(gateway.base, 64, self.choose(8, 4), "otp.lua", "Authorization",
                                  gateway.bearer)
            finally:
                del os.environ["OTP_STARTS_ONLY"]
            time.sleep(1.5)  # gauges are set with each round of housekeeping
            grown = gateway.metric("otpgate_otp_codes") - codes
            self.keep(otp_pending_bytes=(gateway.rss_kib() - rss_kib) * 1024 / grown,
                      otp_code_bytes=gateway.metric("otpgate_otp_code_bytes") /
                      gateway.metric("otpgate_otp_codes"),
                      otp_starts_per_s=starts["rps"])
            self.checks(gateway, ids)

    def checks(self, gateway, ids):
        """What was started is checked, each once: as fast as it goes, and at about 5,000/s."""
        def run(delay_ms):
            return self.wrk(gateway.base, CHECKERS, self.choose(2, 1), "check.lua", ids,
                            str(delay_ms), "Authorization", gateway.bearer)
        fast = run(0)
        with open(ids, encoding="ascii") as file:
            left = file.readlines()[:-(fast["count"] + CHECKERS)]  # and those under way at its end
        with open(ids, "w", encoding="ascii") as file:
            file.writelines(left)
        paced = run(CHECKERS * 1000 // CHECKS_PER_S)
        self.keep(otp_checks_per_s=fast["rps"], otp_check_p99_ms=paced["p99_ms"],
                  otp_paced_checks_per_s=paced["rps"])

    def pairs(self, gateway, seconds):
        """Verifications started and checked, with CPU and entries of the audit log for each."""
        cpu_s, entries = gateway.cpu_s(), gateway.audit_entries()
        run = self.wrk(gateway.base, 64, seconds, "otp.lua", "Authorization", gateway.bearer)
        run["cpu_us"] = (gateway.cpu_s() - cpu_s) * 1e6 / run["count"]
        run["entries"] = (gateway.audit_entries() - entries) / run["count"]
        return run

    def measure_audit(self):
        """What the audit log adds to a verification: two gateways, with and without it, in turns."""
        seconds, runs = self.choose(4, 2), {"on": [], "off": []}
        with self.gateway("audit-on", False) as on, \
                self.gateway("audit-off", False, "--audit.enabled=false") as off:
            for gateway in (on, off):
                gateway.wait_ready().add_account(with_phone=True)
            for i in range(self.choose(6, 3)):
                for name, gateway in (("on", on), ("off", off)):
                    run = self.pairs(gateway, seconds if i else 1)
                    if i > 0: # the first round warms up
                        runs[name].append(run)
        pairs = list(zip(runs["on"], runs["off"]))
        entries = median_of(runs["on"], "entries")
        added_us = statistics.median(a["cpu_us"] - b["cpu_us"] for a, b in pairs)
        self.keep(audit_entries_per_pair=entries, audit_added_us_per_pair=added_us,
                  audit_us_per_entry=added_us / entries,
                  audit_rps_ratio=statistics.median(a["rps"] / b["rps"] for a, b in pairs))

    def life(self, name, tls, seconds, send, *phone_flags):
        """CPU of the server per message, from its request to its last report."""
        with self.gateway(name, tls) as gateway:
            gateway.wait_ready().add_account(with_phone=False)
            with Phones(gateway, LIFE_PHONES, *phone_flags) as phones:
                done = send(gateway, 1)
                gateway.wait_reports(3 * done, 60)
                before = gateway.cpu_s()
                count = send(gateway, seconds)
                gateway.wait_reports(3 * (done + count), 60)
                phones.check()
                return (gateway.cpu_s() - before) * 1e6 / count

    def measure_life(self):
        """Under load, and at a steady rate, where little shares a commit."""
        def full(gateway, seconds):
            return self.send(gateway, 16, seconds)["count"]

        def steady(gateway, seconds):
            return len(self.load(gateway, RATE, seconds))

        seconds = self.choose(4, 2)
        busy = self.choose(3, 1)
        lives = {
            "": [self.life("life", True, seconds, full, *BATCHING) for _ in range(busy)],
            "_plain": [self.life("life-plain", False, seconds, full, *BATCHING)
                       for _ in range(busy)],
            "_steady": [self.life("life-steady", True, 2 * seconds, steady, *BATCHING)],
            "_single": [self.life("life-single", True, 2 * seconds, steady, "--connections", "200",
                                  "--report-mode", "exact")],
        }
        for suffix, runs in lives.items():
            self.figures["cpu_us_per_message_life" + suffix] = statistics.median(runs)

    def idle(self, name, tls):
        """KiB per phone that is connected and silent."""
        count = self.choose(5000, 2000)
        with self.gateway(name, tls) as gateway:
            gateway.wait_ready().add_account(with_phone=True, name="warm")
            self.send(gateway, 32, 1) # fills what does not grow with phones: the database's cache
            gateway.add_account(with_phone=False)
            before = gateway.rss_kib()
            with Phones(gateway, count, timeout_s=90, starts_per_s=2000):
                time.sleep(1)
                return (gateway.rss_kib() - before) / count

    def measure_pull(self):
        """All the way from the request to the last report."""
        self.keep(pull_rps=hooks.lives_per_s(self))

    def measure_webhooks(self):
        """Deliveries that are on disk before and after, and what waiting for slow ones costs."""
        one = hooks.deliveries_per_s(self, "hooks-one", 1)
        eight = hooks.deliveries_per_s(self, "hooks-eight", 8)
        self.keep(webhooks_rps=one["rps"], webhooks_8_rps=eight["rps"],
                  webhooks_cpu_us=eight["cpu_us"],
                  webhooks_slow_mib=hooks.slow_receivers_mib(self))

    def measure_idle(self):
        self.keep(idle_plain_kib=self.idle("idle", False), idle_tls_kib=self.idle("idle-tls", True))

    def measure_depth(self):
        """Accepts of an empty server and of one with a million messages, in turns."""
        rows = self.choose(1000000, 200000)
        with self.gateway("depth-deep", False) as gateway:
            gateway.wait_ready().add_account(with_phone=True)
            basic = gateway.basic
            self.send(gateway, 1, 1)
        fill(os.path.join(gateway.folder, "otpgate.db"), rows)
        runs = {"empty": [], "deep": []}
        began = time.perf_counter()
        with self.gateway("depth-deep", False) as deep:
            deep.wait_ready()
            self.keep(start_deep_ms=(time.perf_counter() - began) * 1e3)
        with self.gateway("depth-deep", False) as deep, \
                self.gateway("depth-empty", False) as empty:
            deep.wait_ready().basic = basic
            empty.wait_ready().add_account(with_phone=True)
            for i in range(self.choose(6, 3)):
                for name, one in (("empty", empty), ("deep", deep)):
                    run = self.send(one, 64, 2 if i else 1)
                    if i > 0:
                        runs[name].append(run)
        pairs = list(zip(runs["deep"], runs["empty"]))
        self.keep(depth_rows=rows,
                  depth_ratio=statistics.median(d["cpu_us"] / e["cpu_us"] for d, e in pairs),
                  depth_rps_ratio=statistics.median(d["rps"] / e["rps"] for d, e in pairs))

    def measure_timing(self):
        """Known and unknown ids, checked in turns."""
        with self.gateway("timing", False) as gateway:
            gateway.wait_ready().add_account(with_phone=True)
            self.keep(**timing.measure(gateway, self.choose(4000, 1500)))

    def measure_purge(self):
        """A million messages become too old; somebody sends meanwhile."""
        rows = self.choose(1000000, 200000)
        with self.gateway("purge", False) as gateway:
            gateway.wait_ready().add_account(with_phone=True)
            basic = gateway.basic
            self.send(gateway, 1, 1)
        fill(os.path.join(gateway.folder, "otpgate.db"), rows, 40 * 86400000)
        with self.gateway("purge", False) as gateway:
            gateway.wait_ready().basic = basic
            took = purge.watch(gateway, MESSAGE, rows)
            self.keep(purge_rows=rows, **took, **purge.steps(gateway))

    def run(self):
        names = [name[8:] for name in dir(self) if name.startswith("measure_")]
        wanted = self.options.only.split(",") if self.options.only else names
        for name in ("rest", "send", "push", "otp", "audit", "life", "pull", "webhooks", "idle",
                     "depth", "timing", "purge"):
            if name in wanted:
                began = time.monotonic()
                getattr(self, "measure_" + name)()
                progress(f"{name}: {time.monotonic() - began:.0f} s")


# -- helpers --

def progress(text):
    print(text, file=sys.stderr, flush=True)


def padded(message):
    """As JSON of BODY_BYTES."""
    text = json.dumps(message)
    return text + " " * (BODY_BYTES - len(text))


def median_of(runs, what):
    return statistics.median(run[what] for run in runs)


def percentile(values, percent):
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def read_received(path):
    """When each message came to a phone, UTC microseconds."""
    received = {}
    with open(path) as lines:
        for line in lines:
            if line.startswith('{"event":"received"') and line.endswith("\n"):
                event = json.loads(line)
                received.setdefault(event["id"], event["at_us"])
    return received


def wait_received(path, count, timeout_s=20):
    """The same, once `count` have come, or as many as there are after a while."""
    end = time.monotonic() + timeout_s
    while len(received := read_received(path)) < count and time.monotonic() < end:
        time.sleep(0.5)
    return received


ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


def make_id(now_ms, dice):
    """As base/id.h: 8 characters of time, 13 random ones."""
    time_bits, text = now_ms + (11 << 42), ""
    for _ in range(8):
        text = ALPHABET[time_bits & 63] + text
        time_bits >>= 6
    return text + "".join(ALPHABET[b & 63] for b in dice.randbytes(13))


def fill(path, count, age_ms=0):
    """Put `count` delivered messages before those that the server made, in their likeness."""
    dice = random.Random(1)
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    base.execute("PRAGMA synchronous=OFF")
    pattern = dict(base.execute("SELECT * FROM messages ORDER BY id LIMIT 1").fetchone())
    names = ", ".join(pattern)
    first_ms = pattern["created_at"] - 10 * count - age_ms

    def row(i):
        at = first_ms + 10 * i
        new = dict(pattern, id=make_id(at, dice), state=4, created_at=at, handed_at=at + 40,
                   processed_at=at + 60, sent_at=at + 2000, delivered_at=at + 6000,
                   final_at=at + 6100, deadline_at=at + 86400000)
        new["content"] = dice.randbytes(len(pattern["content"]))
        return tuple(new.values())

    with base:
        base.executemany(f"INSERT INTO messages ({names}) "
                         f"VALUES ({', '.join('?' * len(pattern))})", map(row, range(count)))
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info
                      if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load_average": os.getloadavg()[0]}


def fsync_us(folder):
    """One flush of a page that was written, the median of a hundred."""
    path, took = os.path.join(folder, "fsync"), []
    with open(path, "wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e6)
    os.unlink(path)
    return statistics.median(took)


def verdict(figure, aim, less_is_better):
    if aim is None:
        return ""
    reached = figure <= aim if less_is_better else figure >= aim
    sign = "<=" if less_is_better else ">="
    return f"{sign} {aim:g} {'reached' if reached else 'MISSED'}"


def print_table(report):
    setup = report["machine"]
    print(f"\n{setup['cpu']}, {setup['cores']} cores, {setup['memory_gib']} GiB, Linux "
          f"{setup['kernel']}, fsync {report['fsync_us']:.0f} us, load before "
          f"{setup['load_average']:.1f}{', quick' if report['quick'] else ''}\n")
    for key, unit, what, aim, less_is_better in ROWS:
        if key in report:
            figure = report[key]
            shown = f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"
            print(f"{what:54} {shown:>10} {unit:4} {verdict(figure, aim, less_is_better)}".rstrip())


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--otpgate", required=True)
    parser.add_argument("--build", required=True, help="the build folder, for the tools")
    parser.add_argument("--dir", help="where the servers' folders go (the build folder)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--only", help="rest,send,push,otp,audit,life,pull,webhooks,idle,depth,timing,purge")
    return parser.parse_args()


def out_of_time(*_):
    raise Failed("out of time")


def main():
    options = parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(150 if options.quick else 600)
    subprocess.run(["ninja", "-C", options.build, "--quiet", "tests/support/noop_server",
                    "tests/bench/load"], check=True)
    bench = Bench(options)
    report = {"quick": options.quick, "machine": machine(), "fsync_us": fsync_us(bench.dir)}
    try:
        bench.run()
    except Failed as failure:
        progress(f"bench: {failure}")
        return 1
    report.update(bench.figures)
    shutil.rmtree(bench.dir, ignore_errors=True)
    print_table(report)
    with open(os.path.join(options.build, "bench.json"), "w") as out:
        json.dump(report, out, indent=2)
        out.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
