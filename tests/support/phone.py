"""A phone as a script: it registers, listens, fetches and reports only when the test says so."""

import contextlib
import datetime
import socket
import sqlite3
import threading
import time
from collections import namedtuple

from support.client import bearer
from support.wait import PATIENCE_S, wait_for

M = "/api/mobile/v1"

Frame = namedtuple("Frame", "at event data")


def date(shift_s=0.0, zone="Z"):
    """A moment as the phone app writes it: three fraction digits and its own zone."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=shift_s)
    if zone != "Z":
        hours, minutes = int(zone[:3]), int(zone[4:])
        moment += datetime.timedelta(hours=hours, minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03d" % (moment.microsecond // 1000) + zone


class Stream:
    """An event stream, read in a thread of its own."""

    def __init__(self, gateway, token, path=M + "/events"):
        self.frames = []
        self.comments = []
        self.raw = b""
        self.is_closed = False
        self.asked_at = time.monotonic()
        raw_socket = socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S)
        self.socket = gateway.context.wrap_socket(raw_socket, server_hostname="localhost") \
            if gateway.tls else raw_socket
        request = ("GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                   "Accept: text/event-stream\r\nUser-Agent: okhttp/4.10.0\r\n\r\n")
        self.socket.sendall((request % (path, token)).encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split(b" ")[1])
        self.headers = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, value = line.decode().split(":", 1)
            self.headers[name.strip().lower()] = value.strip()
        self.opened_at = time.monotonic()
        if self.status != 200:
            self.body = self.file.read(int(self.headers.get("content-length", "0")))
            self.close()
            return
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        text = b""
        try:
            for piece in iter(self._chunk, b""):
                self.raw += piece
                text += piece
                while b"\n\n" in text:
                    block, text = text.split(b"\n\n", 1)
                    self._take(block.decode())
        except (OSError, ValueError):
            pass
        self.is_closed = True

    def _chunk(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.file.read1(65536)
        line = self.file.readline()
        size = int(line.split(b";")[0], 16) if line else 0
        piece = self.file.read(size)
        self.file.readline()
        return piece

    def _take(self, block):
        fields = {}
        for line in block.split("\n"):
            if line.startswith(":"):
                self.comments.append((time.monotonic(), line[1:]))
            elif line:
                name, value = line.split(":", 1)
                fields[name] = value[1:] if value.startswith(" ") else value
        if fields:
            self.frames.append(Frame(time.monotonic(), fields.get("event"), fields.get("data")))

    def events(self, name):
        return [frame for frame in list(self.frames) if frame.event == name]

    def wait(self, name, count=1, timeout_s=None):
        return wait_for(lambda: len(self.events(name)) >= count and self.events(name),
                        "%d x %s" % (count, name), timeout_s)

    def wait_closed(self, timeout_s=None):
        wait_for(lambda: self.is_closed, "the end of the stream", timeout_s)

    def close(self):
        """Ends the connection as a phone does that goes."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.is_closed = True


class Phone:
    def __init__(self, gateway, device_id, token, login=None):
        self.gateway = gateway
        self.id = device_id
        self.token = token
        self.login = login
        self.hook_paths = {}
        self.client = gateway.client(bearer(token))
        self.client.is_recorded = False  # what a phone is given to send is no leak

    @staticmethod
    def register(gateway, authorization, name="test/phone", sims=None):
        body = {"name": name}
        if sims is not None:
            body["simCards"] = sims
        made = gateway.client(authorization).post(M + "/device", body).expect(201).json
        return Phone(gateway, made["id"], made["token"], made["login"])

    def listen(self):
        """A stream that the gateway knows of: its presence is on record when this returns."""
        stream = Stream(self.gateway, self.token)
        assert stream.status == 200, stream.status
        wait_for(lambda: stream.comments, "the opening comment")
        wait_for(self.is_connected, "the phone's presence")
        return stream

    def is_connected(self):
        devices = self.gateway.admin.get("/admin/v1/devices").expect(200).json["devices"]
        return any(device["id"] == self.id and device["connected"] for device in devices)

    def pull(self, order=None):
        query = "?order=" + order if order else ""
        return self.client.get(M + "/message" + query).expect(200).json

    def report_raw(self, items):
        return self.client.patch(M + "/message", items)

    def report(self, message, state, numbers=None, states=None, error=None):
        """All recipients of a pulled message in one state, with the history up to it."""
        numbers = numbers or message["phoneNumbers"]
        recipients = [{"phoneNumber": number, "state": state} for number in numbers]
        if error:
            recipients = [dict(recipient, error=error) for recipient in recipients]
        item = {"id": message["id"], "state": state, "recipients": recipients,
                "states": states or {"Pending": date(), state: date()}}
        self.report_raw([item]).expect(204)

    def deliver(self, message):
        for state in ("Processed", "Sent", "Delivered"):
            self.report(message, state)

    def webhooks(self):
        """What it must tell receivers of the account; the server's own are left out."""
        hooks = self.client.get(M + "/webhooks").expect(200).json
        return [hook for hook in hooks if "/mobile/v1/inbox/" not in hook["url"]]

    def inbox_path(self, event="sms:received"):
        """Of the server's own hook for this event."""
        if event not in self.hook_paths:
            for hook in self.client.get(M + "/webhooks").expect(200).json:
                if "/mobile/v1/inbox/" in hook["url"]:
                    assert hook["deviceId"] == self.id
                    self.hook_paths[hook["event"]] = "/" + hook["url"].split("/", 3)[3]
        return self.hook_paths[event]

    def tell(self, event, payload, **members):
        """As the app calls a webhook of that event."""
        body = dict({"id": "Ey6ECgOkVVFjz3CL48B8C", "webhookId": "LreFUt-Z3sSq0JufY9uWB",
                     "event": event, "deviceId": self.id, "payload": payload}, **members)
        return self.gateway.anyone.post(self.inbox_path(event), body)

    def tell_received(self, text, sender="+4915112340000", **members):
        """An SMS came in; returns the id that it has in the inbox."""
        payload = dict({"message": text, "receivedAt": date(zone="+07:00"), "sender": sender,
                        "messageId": "9fa3bc01", "simNumber": 1, "phoneNumber": sender}, **members)
        before = self._inbox()
        self.tell("sms:received", payload).expect(200)
        return ([one for one in self._inbox() if one not in before] or [None])[0]

    def _inbox(self):
        path = "file:%s/otpgate.db?mode=ro" % self.gateway.data
        with contextlib.closing(sqlite3.connect(path, uri=True)) as database:
            return [row[0] for row in database.execute(
                "SELECT id FROM inbox WHERE device_id = ? ORDER BY id", (self.id,))]

    def wait_pull(self, count=1):
        """Fetches until so many messages are listed."""
        return wait_for(lambda: (lambda got: len(got) >= count and got)(self.pull()),
                        "%d messages for the phone" % count)


