"""The virtual phone against a scripted gateway: what goes over the wire, end to end.

    python3 test_wire.py PHONE_DEV      (plain python3; TLS cases need the openssl program)
"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))

from fake_gateway import Gateway, date  # noqa: E402

PROGRAM = None
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$")
# The model's chances and dangers, with times for a test.
FAST = ["--accept-min=0", "--accept-max=5ms", "--report-delay-min=0", "--report-delay-max=5ms",
        "--part-median=5ms", "--part-p95=15ms", "--delivery-median=5ms", "--delivery-p95=15ms",
        "--reconnect=20ms", "--retry=20ms", "--retry-max=200ms"]


class PhoneTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="otpgate-phone-")
        self.jsonl = os.path.join(self.folder, "out.jsonl")
        self.phone = None
        self.gateway = None

    def tearDown(self):
        if self.phone and self.phone.poll() is None:
            self.phone.kill()
        if self.phone:
            self.phone.communicate()
        if self.gateway:
            self.gateway.stop()
        shutil.rmtree(self.folder)

    def serve(self, **options):
        self.gateway = Gateway(**options).start()
        return self.gateway

    def run_phone(self, *flags, perfect=True, token="site"):
        command = [PROGRAM, "--url", self.gateway.url, "--jsonl", self.jsonl, "--for", "60"]
        command += ["--token", token] if token else []
        command += ["--perfect"] if perfect else []
        self.phone = subprocess.Popen(command + list(flags), stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
        return self.phone

    def end(self, expected=0):
        """Wait for the end of the phone; gives what it printed."""
        out, err = self.phone.communicate(timeout=30)
        self.assertEqual(self.phone.returncode, expected, err.decode())
        return out.decode(), err.decode()

    def stop(self, expected=0):
        self.phone.send_signal(signal.SIGTERM)
        return self.end(expected)

    def device(self, number=1):
        """The device once its stream is open and has been pulled for."""
        gateway = self.gateway
        return gateway.wait(lambda: len(gateway.devices) >= number and
                            gateway.devices[number - 1].streams and
                            gateway.seen("GET", "/message") and gateway.devices[number - 1])

    def lines(self, event):
        with open(self.jsonl, encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line["event"] == event]

    def wait_states(self, device, message_id, states):
        self.gateway.wait(lambda: self.gateway.states(device, message_id) == states)


class Basics(PhoneTest):
    def test_the_whole_way(self):
        gateway = self.serve()
        self.run_phone("--stop-after", "1", "--strict", "--zone", "+07:00", "--name", "acme/one")
        device = self.device()
        message = gateway.add(device, textMessage={"text": "Привет 123456"},
                              message="Привет 123456", phoneNumbers=["+15550100001", "900"])
        # two recipients: two SMS; --stop-after 1 ends when all is reported
        out, _ = self.end()
        self.assertIn("Привет 123456", out)
        self.assertIn("To 900", out)

        register = gateway.seen("POST", "/device")
        self.assertEqual(len(register), 1)
        self.assertEqual(register[0].headers["authorization"], "Bearer site")
        self.assertEqual(register[0].headers["user-agent"], "me.capcom.smsgateway/1.68.0 (otpgate virtual phone)")
        body = json.loads(register[0].body)
        self.assertEqual(body["name"], "acme/one")
        self.assertNotIn("pushToken", body)
        self.assertEqual(body["simCards"][0]["simNumber"], 1)
        self.assertRegex(body["simCards"][0]["iccid"], r"^\*+\d{4}$")
        self.assertEqual(gateway.seen("PATCH", "/device"), [])  # registered, so not refreshed

        stream = gateway.seen("GET", "/events")[0]
        self.assertEqual(stream.headers["accept"], "text/event-stream")
        self.assertEqual(stream.headers["authorization"], "Bearer " + device.token)
        self.assertNotIn("last-event-id", stream.headers)
        pulls = gateway.seen("GET", "/message")
        self.assertEqual(pulls[0].query, "order=lifo")
        self.assertEqual(len(pulls), 2)  # on open, and for the event

        self.assertEqual(gateway.states(device, message), ["Processed", "Sent", "Delivered"])
        for patch in gateway.seen("PATCH", "/message"):
            self.assertEqual(len(json.loads(patch.body)), 1)
            self.assertEqual(patch.headers["content-type"], "application/json")
            self.assertNotIn("expect", patch.headers)
        last = device.reports[-1]
        self.assertEqual([r["phoneNumber"] for r in last["recipients"]], ["+15550100001", "900"])
        self.assertEqual({r["state"] for r in last["recipients"]}, {"Delivered"})
        self.assertNotIn("error", last["recipients"][0])
        self.assertEqual(set(last["states"]), {"Pending", "Processed", "Sent", "Delivered"})
        for moment in last["states"].values():
            self.assertRegex(moment, DATE)
            self.assertTrue(moment.endswith("+07:00"))

        sms = self.lines("sms")
        self.assertEqual([s["to"] for s in sms], ["+15550100001", "900"])
        self.assertEqual(sms[0]["text"], "Привет 123456")
        self.assertEqual((sms[0]["parts"], sms[0]["sim"], sms[0]["id"]), (1, 1, message))
        self.assertEqual(stat.S_IMODE(os.stat(self.jsonl).st_mode), 0o600)

    def test_current_reports(self):
        """As the app: each report tells what is true when it leaves, with the whole map."""
        gateway = self.serve()
        self.run_phone(*FAST, "--clock-wrong=0", "--zone-wrong=0", "--clock-sigma=0",
                       "--os-class=unlimited", "--report-repeat=0", "--stop-after=5",
                       "--fail-generic=0", "--fail-no-service=0", "--fail-radio-off=0",
                       "--fail-limit=0", "--fail-ril=0", "--fail-silent=0", perfect=False)
        device = self.device()
        messages = [gateway.add(device) for _ in range(5)]
        self.end()
        for message in messages:
            states = gateway.states(device, message)
            self.assertIn("Sent", states + ["Sent"] if "Delivered" in states else states)
            ranks = [["Pending", "Processed", "Sent", "Delivered"].index(s) for s in states]
            self.assertEqual(ranks, sorted(ranks))

    def test_batch_reports(self):
        gateway = self.serve()
        self.run_phone("--batch-reports", "--stop-after", "3", "--strict")
        device = self.device()
        gateway.announce = False
        messages = [gateway.add(device) for _ in range(3)]
        gateway.emit(device, "MessageEnqueued")
        self.end()
        self.assertEqual(len(gateway.seen("PATCH", "/message")), 1)
        for message in messages:
            self.assertEqual(gateway.states(device, message), ["Processed", "Sent", "Delivered"])

    def test_ends(self):
        gateway = self.serve()
        self.run_phone()
        self.device()
        self.phone.send_signal(signal.SIGINT)
        self.end(0)
        gateway.wait(lambda: not gateway.devices[0].streams)
        self.assertEqual(len([r for r in gateway.requests if r.method == "DELETE"]), 0)
        self.run_phone("--stop-after", "2", "--for", "1")
        _, err = self.end(1)
        self.assertIn("the time is up: 0 of 2 SMS", err)

    def test_bad_usage(self):
        for flags in (["--url", "ftp://x"], ["--ca", "/no/such/file"], ["--login", "nobody"],
                      ["--token", "a\nb"], ["--profile", "/no/such/file"], ["--nonsense"]):
            code = subprocess.run([PROGRAM] + flags, stderr=subprocess.PIPE).returncode
            self.assertIn(code, (1, 2), flags)
        help_text = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE).stdout.decode()
        self.assertIn("--perfect", help_text)


class Registration(PhoneTest):
    def test_login_and_code(self):
        self.serve(login="user:pass:word", code="abc234")
        self.run_phone("--login", "user:pass:word", token=None)
        self.device(1)
        self.stop()
        self.run_phone("--code", "abc234", token=None)
        self.device(2)
        self.stop()
        schemes = [r.headers["authorization"].split()[0]
                   for r in self.gateway.seen("POST", "/device")]
        self.assertEqual(schemes, ["Basic", "Code"])

    def test_state_is_kept(self):
        gateway = self.serve()
        state = os.path.join(self.folder, "state.json")
        self.run_phone("--state", state)
        self.device()
        self.stop()
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode), 0o600)
        self.run_phone("--state", state)
        gateway.wait(lambda: len(gateway.opened) == 2)
        gateway.wait(lambda: gateway.seen("GET", "/webhooks"))
        self.stop()
        self.assertEqual(len(gateway.seen("POST", "/device")), 1)
        patch = gateway.seen("PATCH", "/device")
        self.assertEqual(len(patch), 1)
        self.assertEqual(json.loads(patch[0].body)["id"], gateway.devices[0].id)
        self.assertTrue(gateway.seen("GET", "/settings"))  # a known phone fetches at its start

    def test_401_on_patch_registers_anew(self):
        gateway = self.serve()
        state = os.path.join(self.folder, "state.json")
        with open(state, "w", encoding="utf-8") as file:
            json.dump({"phones": [{"phone": 1, "id": "old", "token": "elsewhere", "login": "X"}]},
                      file)
        self.run_phone("--state", state, "--stop-after", "1")
        device = self.device()
        message = gateway.add(device)
        self.end()
        self.assertEqual(len(gateway.seen("PATCH", "/device")), 1)
        self.assertEqual(len(gateway.seen("POST", "/device")), 1)
        self.assertEqual(gateway.states(device, message), ["Processed", "Sent", "Delivered"])
        with open(state, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["phones"][0]["token"], device.token)

    def test_other_statuses_are_repeated(self):
        gateway = self.serve()
        state = os.path.join(self.folder, "state.json")
        gateway.once("POST", "/device", 503)
        gateway.once("POST", "/device", 429)
        self.run_phone("--state", state, "--retry", "20ms")
        self.device()
        self.stop()
        self.assertEqual(len(gateway.seen("POST", "/device")), 3)
        for status in (503, 403, 500):
            gateway.once("PATCH", "/device", status)
        self.run_phone("--state", state, "--retry", "20ms")
        gateway.wait(lambda: len(gateway.opened) == 2)
        self.stop()
        self.assertEqual(len(gateway.seen("PATCH", "/device")), 4)
        self.assertEqual(len(gateway.seen("POST", "/device")), 3)  # no new device

    def test_wrong_token(self):
        gateway = self.serve()
        self.run_phone("--retry", "20ms", "--retry-max", "40ms", token="wrong")
        gateway.wait(lambda: len(gateway.seen("POST", "/device")) >= 3)
        _, err = self.stop()
        self.assertIn("registration failed", err)
        self.assertNotIn("wrong", err)  # no credential in a log


class Stream(PhoneTest):
    def test_reconnects_and_pulls(self):
        gateway = self.serve()
        self.run_phone("--reconnect", "20ms", "--stop-after", "2")
        device = self.device()
        gateway.add(device)
        gateway.wait(lambda: gateway.finished == 1)
        gateway.announce = False
        gateway.add(device)  # nobody is told: the next stream's pull finds it
        gateway.once("GET", "/events", 503)
        gateway.once("GET", "/events", 401)
        gateway.cut_streams(device)
        self.end()
        self.assertEqual(gateway.finished, 2)
        self.assertEqual(len(gateway.seen("POST", "/device")), 1)  # a 401 here registers nothing

    def test_wrong_content_type(self):
        gateway = self.serve()
        gateway.once("GET", "/events", 200, "data: null\n\n", "application/json")
        self.run_phone("--reconnect", "20ms")
        self.device()
        self.stop()
        self.assertEqual([v["kind"] for v in self.lines("violation")], ["content_type"])

    def test_events(self):
        gateway = self.serve()
        self.run_phone()
        device = self.device()
        gateway.emit(device, "SettingsUpdated")
        gateway.wait(lambda: gateway.seen("GET", "/settings"))
        gateway.emit(device, "WebhooksUpdated")
        gateway.wait(lambda: gateway.seen("GET", "/webhooks"))
        before = len(gateway.seen("GET", "/message"))
        gateway.emit_raw(device, "data: null\n\n")  # without a name it means: pull
        gateway.wait(lambda: len(gateway.seen("GET", "/message")) == before + 1)
        gateway.emit(device, "SomethingNew")
        gateway.emit_raw(device, "event: MessageEnqueued\n\n")
        gateway.emit(device, "MessageCancelled")
        gateway.emit(device, "SettingsUpdated")
        gateway.wait(lambda: len(gateway.seen("GET", "/settings")) == 2)
        self.assertEqual(len(gateway.seen("GET", "/message")), before + 1)
        self.stop()
        self.assertEqual([v["kind"] for v in self.lines("violation")],
                         ["unknown_event", "event_dataless", "event_data"])

    def test_settings_apply(self):
        gateway = self.serve()
        gateway.settings = {"messages": {"processing_order": "FIFO"}, "future": {"x": 1}}
        self.run_phone("--strict")
        device = self.device()
        gateway.emit(device, "SettingsUpdated")
        gateway.wait(lambda: gateway.seen("GET", "/settings"))
        gateway.emit(device, "MessageEnqueued")
        gateway.wait(lambda: any(r.query == "order=fifo" for r in gateway.seen("GET", "/message")))
        self.stop()


class Messages(PhoneTest):
    def test_cancel(self):
        gateway = self.serve()
        self.run_phone("--strict")
        device = self.device()
        later = gateway.add(device, scheduleAt=date(shift_s=3600), validUntil=date(shift_s=7200))
        gateway.wait(lambda: len(gateway.seen("GET", "/message")) == 2)
        gateway.emit(device, "MessageCancelled", json.dumps({"messageId": later}))
        self.wait_states(device, later, ["Cancelled"])
        gateway.emit(device, "MessageCancelled", json.dumps({"messageId": "never-seen"}))
        unknown = gateway.add(device, state="Cancelling")
        self.wait_states(device, unknown, ["Cancelled"])
        sent = gateway.add(device)
        self.wait_states(device, sent, ["Processed", "Sent", "Delivered"])
        gateway.emit(device, "MessageCancelled", json.dumps({"messageId": sent}))  # too late
        self.stop()
        self.assertEqual([s["id"] for s in self.lines("sms")], [sent])

    def test_time_to_live(self):
        gateway = self.serve()
        self.run_phone()
        device = self.device()
        late = gateway.add(device, validUntil=date(shift_s=-10))
        self.wait_states(device, late, ["Failed"])
        self.assertEqual(device.reports[-1]["recipients"][0]["error"], "TTL expired")
        self.stop()
        self.assertEqual(self.lines("sms"), [])
        self.assertEqual({v["kind"] for v in self.lines("violation")}, {"expired"})

    def test_no_sim(self):
        gateway = self.serve()
        self.run_phone("--sims", "2")
        device = self.device()
        second = gateway.add(device, simNumber=2)
        third = gateway.add(device, simNumber=3)
        self.wait_states(device, second, ["Processed", "Sent", "Delivered"])
        self.wait_states(device, third, ["Failed"])
        self.stop()
        self.assertEqual([s["sim"] for s in self.lines("sms")], [2])

    def test_repeated_offers(self):
        """An id is sent once, however often it is offered; what was accepted must not come again."""
        gateway = self.serve()
        self.run_phone("--strict")
        device = self.device()
        message = gateway.add(device)
        self.wait_states(device, message, ["Processed", "Sent", "Delivered"])
        gateway.add(device, id=message)
        gateway.wait(lambda: len(gateway.states(device, message)) == 4)
        self.assertEqual(gateway.states(device, message)[-1], "Delivered")
        _, err = self.stop(expected=3)
        self.assertEqual(len(self.lines("sms")), 1)
        self.assertEqual([v["kind"] for v in self.lines("violation")], ["offered_again"])
        self.assertIn("offered_again", err)

    def test_reports_are_repeated(self):
        gateway = self.serve()
        for status in (503, 500, 401):
            gateway.once("PATCH", "/message", status)
        self.run_phone("--retry", "20ms", "--stop-after", "1", "--strict")
        device = self.device()
        message = gateway.add(device)
        self.end()
        self.assertEqual(gateway.states(device, message), ["Processed", "Sent", "Delivered"])
        self.assertEqual(len(gateway.seen("PATCH", "/message")), 6)

    def test_reports_are_given_up(self):
        gateway = self.serve()
        for _ in range(3):
            gateway.once("PATCH", "/message", 500)
        self.run_phone("--retry", "5ms", "--report-tries", "2", "--stop-after", "1",
                       "--summary", os.path.join(self.folder, "sum"))
        device = self.device()
        gateway.add(device)
        self.end()
        with open(os.path.join(self.folder, "sum"), encoding="utf-8") as file:
            summary = json.load(file)
        self.assertEqual((summary["reports_retried"], summary["reports_dropped"]), (2, 1))

    def test_poisoned_pull_blocks_until_it_is_gone(self):
        gateway = self.serve()
        self.run_phone("--retry", "20ms", "--retry-max", "40ms")
        device = self.device()
        bad = gateway.add(device, createdAt="2026-01-02T03:04:05")
        good = gateway.add(device)
        gateway.wait(lambda: len(gateway.seen("GET", "/message")) >= 5)
        self.assertEqual(device.reports, [])
        gateway.call(device.pending.pop, bad)
        self.wait_states(device, good, ["Processed", "Sent", "Delivered"])
        self.stop()
        self.assertEqual({v["kind"] for v in self.lines("violation")}, {"date_refused"})

    def test_order_on_the_air(self):
        for order, expected in (("lifo", "hcba"), ("fifo", "habc")):
            gateway = self.serve()
            self.run_phone("--order", order, "--strict", "--stop-after", "4")
            device = self.device()
            gateway.announce = False
            for name, priority in (("a", 0), ("b", 0), ("c", 0), ("h", 100)):
                gateway.add(device, id=name, priority=priority)
                time.sleep(0.003)  # createdAt orders them
            gateway.emit(device, "MessageEnqueued")
            self.end()
            self.assertEqual("".join(s["id"] for s in self.lines("sms")), expected)
            gateway.stop()
            self.gateway = None
            os.remove(self.jsonl)


class Fleet(PhoneTest):
    def test_many(self):
        gateway = self.serve()
        self.run_phone("--count", "60", "--quiet", "--strict", "--stop-after", "300",
                       "--starts-per-second", "1000", "--seed", "7")
        gateway.wait(lambda: len(gateway.opened) == 60)
        self.assertEqual(len({d.id for d in gateway.devices}), 60)
        messages = [gateway.add(gateway.devices[i % 60]) for i in range(300)]
        self.end()
        self.assertEqual(gateway.finished, 300)
        self.assertEqual(sorted(s["id"] for s in self.lines("sms")), sorted(messages))

    def test_bad_weather(self):
        """Losses of network, dead streams, lost and repeated reports: each SMS still goes once, and
        each message comes to an end."""
        gateway = self.serve()
        self.run_phone(*FAST, "--count=20", "--quiet", "--starts-per-second=1000", "--seed=3",
                       "--online-mean=300ms", "--offline-mean=100ms", "--silent-cut=50",
                       "--silent-cut-for=200ms", "--report-repeat=20", "--delivery-minutes=0",
                       "--delivery-hours=0", "--delivery-never=0", "--fail-silent=0",
                       "--os-class=unlimited", "--clock-wrong=0", "--zone-wrong=0",
                       "--report-tries=1000", "--poll=500ms", perfect=False)
        # a registration whose answer is lost leaves a device behind that no phone knows
        gateway.wait(lambda: len({device for device, _ in gateway.opened}) == 20)
        devices = list({device for device, _ in gateway.opened})
        messages = {gateway.add(devices[i % 20]): devices[i % 20] for i in range(200)}

        def is_over():
            return all(set(gateway.states(d, m)) & {"Delivered", "Failed"}
                       for m, d in messages.items())
        gateway.wait(is_over, timeout_s=40)
        self.stop()
        aired = [s["id"] for s in self.lines("sms")]
        self.assertEqual(len(aired), len(set(aired)))
        self.assertGreater(len(aired), 180)

    def test_reinstall(self):
        gateway = self.serve()
        self.run_phone("--reinstall-mean", "300ms", "--reconnect", "20ms")
        gateway.wait(lambda: len(gateway.devices) >= 3)
        self.stop()


@unittest.skipUnless(shutil.which("openssl"), "needs the openssl program")
class Tls(PhoneTest):
    def setUp(self):
        super().setUp()
        self.cert = os.path.join(self.folder, "cert.pem")
        key = os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", self.cert,
                        "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, stderr=subprocess.DEVNULL)
        self.serve(tls=(self.cert, key))

    def test_with_our_ca(self):
        gateway = self.gateway
        self.run_phone("--ca", self.cert, "--count", "20", "--quiet", "--strict",
                       "--stop-after", "100", "--starts-per-second", "1000")
        gateway.wait(lambda: len(gateway.opened) == 20)
        for i in range(100):
            gateway.add(gateway.devices[i % 20])
        self.end()
        self.assertEqual(gateway.finished, 100)

    def test_without_it_nothing_is_said(self):
        self.run_phone("--retry", "20ms", "--for", "1", "--stop-after", "1")
        _, err = self.end(1)
        self.assertIn("no_trust", err)
        self.assertEqual(self.gateway.requests, [])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
