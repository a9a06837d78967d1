"""A scripted stand-in for the phone API of a gateway (wire/smsgate.md sections 1.8, 3.4, 3.5, 4.6).

It keeps devices and messages in memory, answers as told, and remembers every request, so that a test
can say what a phone did. As a program it plays a gateway under load, for measuring phones:

    python3 fake_gateway.py --port 9000 [--tls cert.pem key.pem] [--rate 1000 --messages 10000]
"""

import argparse
import asyncio
import base64
import collections
import datetime
import json
import signal
import ssl
import threading
import time

REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error",
           503: "Service Unavailable"}


def date(at=None, shift_s=0.0):
    moment = datetime.datetime.fromtimestamp((at or time.time()) + shift_s, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)


Request = collections.namedtuple("Request", "method path query headers body at connection")
Answer = collections.namedtuple("Answer", "status body content_type")


class Device:
    def __init__(self, number):
        self.id = "device%015d" % number
        self.token = "token-%015d" % number
        self.pending = {}  # id -> message as the phone gets it
        self.streams = []
        self.reports = []  # items, in order of arrival
        self.is_new = True


class Gateway:
    """Runs a loop in a thread of its own. Methods without underscore are for the test's thread."""

    def __init__(self, private_token="site", tls=None, login=None, code=None, announce=True, port=0):
        self.private_token = private_token
        self.login = login
        self.code = code
        self.announce = announce  # push MessageEnqueued after a message was added
        self.keepalive_s = 15
        self.settings = {}
        self.webhooks = []
        self.requests = []
        self.keep_requests = True
        self.devices = []
        self.by_token = {}
        self.script = collections.defaultdict(list)  # (method, path) -> answers to give first
        self.opened = []  # every stream ever opened: (device, connection)
        self.messages_made = 0
        self.finished = 0  # messages that came to an end
        self._finished_ids = set()
        self._tls = tls
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)

    # ---- for the test ----

    def start(self):
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    @property
    def url(self):
        scheme = "https" if self._tls else "http"
        return "%s://localhost:%d/api/mobile/v1" % (scheme, self.port)

    def call(self, function, *args):
        """Run something on the loop's thread and give its result."""
        result = []
        done = threading.Event()

        def run():
            result.append(function(*args))
            done.set()
        self.loop.call_soon_threadsafe(run)
        done.wait()
        return result[0]

    def wait(self, condition, timeout_s=20):
        """Until condition() is true; it is asked after every change. Its value is returned."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while True:
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    value = condition()
                    if value:
                        return value
                    raise AssertionError("waited %d s in vain" % timeout_s)

    def add(self, device, **members):
        return self.call(self._add, device, members)

    def emit(self, device, event, data="null"):
        self.call(self._emit, device, "event: %s\ndata: %s\n\n" % (event, data))

    def emit_raw(self, device, text):
        self.call(self._emit, device, text)

    def cut_streams(self, device):
        def cut():
            for connection in list(device.streams):
                connection.transport.close()
        self.call(cut)

    def once(self, method, path, status, body="", content_type="application/json"):
        self.script[(method, path)].append(Answer(status, body, content_type))

    def seen(self, method, path):
        return [r for r in list(self.requests) if r.method == method and r.path == path]

    def states(self, device, message_id):
        return [r["state"] for r in list(device.reports) if r["id"] == message_id]

    # ---- on the loop ----

    def _run(self, port):
        self.loop = asyncio.new_event_loop()
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._tls)
        server = self.loop.run_until_complete(self.loop.create_server(
            lambda: Connection(self), "127.0.0.1", port, ssl=context, backlog=4096))
        self.port = server.sockets[0].getsockname()[1]
        beat = self.loop.create_task(self._beat())
        self._ready.set()
        self.loop.run_forever()
        beat.cancel()
        server.close()
        for device in self.devices:
            for connection in device.streams:
                connection.transport.abort()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def _beat(self):
        while True:
            await asyncio.sleep(self.keepalive_s)
            for device in self.devices:
                self._emit(device, ":keepalive\n\n")

    def _notify(self):
        with self._changed:
            self._changed.notify_all()

    def _emit(self, device, text):
        data = text.encode()
        for connection in device.streams:
            connection.transport.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _add(self, device, members):
        self.messages_made += 1
        message = {"id": "message%014d" % self.messages_made, "message": "Code 123456",
                   "textMessage": {"text": "Code 123456"}, "phoneNumbers": ["+15550100001"],
                   "withDeliveryReport": True, "state": "Pending", "createdAt": date()}
        message.update(members)
        message = {k: v for k, v in message.items() if v is not None}
        device.pending[message["id"]] = message
        if self.announce:
            self._emit(device, "event: MessageEnqueued\ndata: null\n\n")
        return message["id"]

    def _register(self, headers):
        scheme, _, value = headers.get("authorization", "").partition(" ")
        is_right = (scheme == "Bearer" and value == self.private_token) or \
            (scheme == "Code" and self.code and value == self.code) or \
            (scheme == "Basic" and self.login and
             base64.b64decode(value).decode() == self.login)
        if not is_right:
            return Answer(401, "Invalid or expired API Key", "text/plain")
        device = Device(len(self.devices) + 1)
        self.devices.append(device)
        self.by_token[device.token] = device
        body = {"id": device.id, "token": device.token, "login": "ABCDEF", "password": "secretpassword"}
        return Answer(201, json.dumps(body), "application/json")

    def _pull(self, device, query):
        items = list(device.pending.values())[:]
        items.sort(key=lambda m: -m.get("priority", 0))
        return Answer(200, json.dumps(items[:100]), "application/json")

    def _report(self, device, body):
        for item in json.loads(body):
            device.reports.append(item)
            if item["state"] != "Pending":
                device.pending.pop(item["id"], None)
            if item["state"] in ("Delivered", "Failed", "Cancelled"):
                self._finished_ids.add(item["id"])
                self.finished = len(self._finished_ids)
        return Answer(204, "", "")

    def _answer(self, request, device):
        method, path = request.method, request.path
        if self.script[(method, path)]:
            return self.script[(method, path)].pop(0)
        if (method, path) == ("POST", "/device"):
            return self._register(request.headers)
        if device is None:
            return Answer(401, '{"message":"Unauthorized"}', "application/json")
        if (method, path) == ("PATCH", "/device"):
            return Answer(204 if json.loads(request.body)["id"] == device.id else 403, "", "")
        if (method, path) == ("GET", "/message"):
            return self._pull(device, request.query)
        if (method, path) == ("PATCH", "/message"):
            return self._report(device, request.body)
        if (method, path) == ("GET", "/settings"):
            return Answer(200, json.dumps(self.settings), "application/json")
        if (method, path) == ("GET", "/webhooks"):
            return Answer(200, json.dumps(self.webhooks), "application/json")
        return Answer(404, '{"message":"Not Found"}', "application/json")


class Connection(asyncio.Protocol):
    def __init__(self, gateway):
        self.gateway = gateway
        self.received = b""
        self.device = None  # when it carries a stream

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        if self.device and self in self.device.streams:
            self.device.streams.remove(self)
            self.gateway._notify()

    def data_received(self, data):
        self.received += data
        while True:
            head, separator, rest = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            lines = head.decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.received = rest[length:]
            method, target, _ = lines[0].split(" ")
            self.serve(method, target, headers, rest[:length].decode())

    def serve(self, method, target, headers, body):
        path, _, query = target.partition("?")
        path = path.replace("/api/mobile/v1", "", 1)
        request = Request(method, path, query, headers, body, time.time(), id(self))
        gateway = self.gateway
        if gateway.keep_requests:
            gateway.requests.append(request)
        token = headers.get("authorization", "").partition(" ")[2]
        device = gateway.by_token.get(token)
        if (method, path) == ("GET", "/events") and device and not gateway.script[(method, path)]:
            self.open_stream(device)
        else:
            self.reply(gateway._answer(request, device))
        gateway._notify()

    def open_stream(self, device):
        self.device = device
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"c\r\n:connected\n\n\r\n")
        device.streams.append(self)
        self.gateway.opened.append((device, id(self)))

    def reply(self, answer):
        body = answer.body.encode()
        head = "HTTP/1.1 %d %s\r\n" % (answer.status, REASONS.get(answer.status, "Status"))
        if answer.status != 204:
            head += "Content-Type: %s\r\nContent-Length: %d\r\n" % (answer.content_type, len(body))
        self.transport.write(head.encode() + b"\r\n" + body)


def play_load(gateway, rate, messages):
    """Hand out messages to the registered devices in turn, at an even rate."""
    began = time.monotonic()
    made = 0
    while made < messages:
        due = min(messages, int((time.monotonic() - began) * rate) + 1)
        if due > made:
            def add(first, last):
                for i in range(first, last):
                    gateway._add(gateway.devices[i % len(gateway.devices)], {})
            gateway.call(add, made, due)
            made = due
        time.sleep(0.002)
    while gateway.finished < messages and time.monotonic() - began < messages / rate + 20:
        time.sleep(0.05)
    print("messages %d finished %d in %.2f s" % (messages, gateway.finished,
                                               time.monotonic() - began), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--devices", type=int, default=0, help="wait for so many before the load")
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--messages", type=int, default=0)
    options = parser.parse_args()
    gateway = Gateway(tls=options.tls, port=options.port)
    gateway.keep_requests = False
    gateway.start()
    print(gateway.url, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: exit(0))
    while len(gateway.opened) < options.devices:
        time.sleep(0.2)
    print("streams %d" % len(gateway.opened), flush=True)
    if options.rate:
        time.sleep(1)
        play_load(gateway, options.rate, options.messages)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
