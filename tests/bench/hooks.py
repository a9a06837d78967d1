"""Measurements of what comes after the radio: deliveries of webhooks, and whole lives of messages."""

import asyncio
import contextlib
import os
import signal
import ssl
import subprocess
import threading
import time

from programs import Noop, Phones, wait_until

SLOW_RECEIVERS = 1000
HOOKS_PER_ACCOUNT = 200
PULL_PHONES = 100


def make_certificate(folder, *names):
    """A certificate that is its own authority."""
    os.makedirs(folder, exist_ok=True)
    certificate, key = (os.path.join(folder, name) for name in ("hook.pem", "hook.key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=hook",
                    "-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names),
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


class Silent:
    """A receiver over TLS that reads and never answers."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(
            self.hold, "127.0.0.1", 0, ssl=self.context, backlog=4096))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def hold(self, reader, writer):
        with contextlib.suppress(OSError):
            while await reader.read(65536):
                pass
        writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()


def metric(gateway, name):
    text = gateway.call("GET", "/metrics", parse=bytes.decode)
    return next(float(line.split()[-1]) for line in text.splitlines()
                if line.startswith(name + " "))


def taken(gateway):
    return metric(gateway, 'otpgate_webhook_tries_total{result="taken"}')


def hook(gateway, url, event):
    gateway.call("POST", "/api/3rdparty/v1/webhooks", {"url": url, "event": event},
                 {"Authorization": gateway.basic})


def deliveries_per_s(bench, name, receivers):
    """Events of messages, two each, are stored while their receivers are held; then these go on."""
    folder = bench.folder(name + "-receivers")
    certificate = make_certificate(folder, "localhost")
    flags = ("--webhook.allow_private", "--webhook.ca_file", certificate[0])
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(bench.gateway(name, True, *flags))
        gateway.wait_ready().add_account(with_phone=False)
        held = [stack.enter_context(Noop(bench.tool("tests/support/noop_server"),
                                         "%s/%d" % (folder, number), certificate))
                for number in range(receivers)]
        for one in held:
            for event in ("sms:sent", "sms:delivered"):
                hook(gateway, one.base + "/hook", event)
            one.child.send_signal(signal.SIGSTOP)
        with Phones(gateway, 20, "--report-mode", "batch"):
            messages = bench.choose(4000, 1000) // receivers
            count = len(bench.load(gateway, messages, 1))
            gateway.wait_reports(3 * count, 60)
            for one in held:
                one.child.send_signal(signal.SIGCONT)
            began, cpu_s = time.monotonic(), gateway.cpu_s()
            events = 2 * count * receivers
            wait_until(lambda: taken(gateway) >= events, "%d deliveries" % events, 60, 0.05)
            return {"rps": events / (time.monotonic() - began),
                    "cpu_us": (gateway.cpu_s() - cpu_s) * 1e6 / events}


def slow_receivers_mib(bench):
    """What the server has more while it waits for a thousand receivers that do not answer."""
    folder = bench.folder("hooks-slow-receivers")
    certificate = make_certificate(folder, "*.slow.localhost")
    silent = Silent(*certificate)
    flags = ("--webhook.allow_private", "--webhook.ca_file", certificate[0])
    try:
        with bench.gateway("hooks-slow", True, *flags) as gateway:
            gateway.wait_ready()
            phones = []
            for account in range(SLOW_RECEIVERS // HOOKS_PER_ACCOUNT):
                gateway.add_account(with_phone=False, name="bench-%d" % account)
                for number in range(HOOKS_PER_ACCOUNT):
                    url = "https://r%d-%d.slow.localhost:%d/hook" % (account, number, silent.port)
                    hook(gateway, url, "sms:sent")
                phones.append(OnePhone(gateway))
            before = gateway.rss_kib()
            for phone in phones:
                phone.send_one()
            wait_until(lambda: metric(gateway, "otpgate_webhook_under_way") >= SLOW_RECEIVERS,
                       "%d calls under way" % SLOW_RECEIVERS, 25, 0.2)
            time.sleep(1)
            return (gateway.rss_kib() - before) / 1024
    finally:
        silent.close()


class OnePhone:
    """A phone by hand: one message goes through it."""

    def __init__(self, gateway):
        self.gateway, self.basic = gateway, gateway.basic
        made = gateway.call("POST", "/api/mobile/v1/device", {"name": "bench/phone"},
                            {"Authorization": gateway.basic})
        self.bearer = {"Authorization": "Bearer " + made["token"]}

    def send_one(self):
        call = self.gateway.call
        call("POST", "/api/3rdparty/v1/messages",
             {"phoneNumbers": ["+4915112345678"], "textMessage": {"text": "x"}},
             {"Authorization": self.basic})
        message = call("GET", "/api/mobile/v1/message", headers=self.bearer)[0]
        report = {"id": message["id"], "state": "Sent",
                  "recipients": [{"phoneNumber": "+4915112345678", "state": "Sent"}]}
        call("PATCH", "/api/mobile/v1/message", [report], self.bearer)


def lives_per_s(bench):
    """From the first request to the last report, 100 phones that send at once and report all."""
    with bench.gateway("pull", True) as gateway:
        gateway.wait_ready().add_account(with_phone=False)
        with Phones(gateway, PULL_PHONES, "--connections", "100", "--report-mode", "batch"):
            warm = bench.send(gateway, 16, 1)["count"]
            gateway.wait_reports(3 * warm, 60)
            began = time.monotonic()
            count = bench.send(gateway, 16, bench.choose(6, 2))["count"]
            wait_until(lambda: gateway.reports() >= 3 * (warm + count), "all reports", 60, 0.05)
            return count / (time.monotonic() - began)
