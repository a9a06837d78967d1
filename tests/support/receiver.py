"""A receiver of webhooks over TLS, with a certificate of its own, that behaves as the test says."""

import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import namedtuple

from support.gateway import T
from support.wait import wait_for

Call = namedtuple("Call", "at path headers body json")


def make_certificate(folder):
    """A self-signed certificate for this machine: it is its own authority."""
    certificate, key = os.path.join(folder, "hook.pem"), os.path.join(folder, "hook.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def json_of(body):
    """What the body says, None when it is not one JSON document."""
    try:
        return json.loads(body)
    except ValueError:
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Broken connections are part of the tests."""


class Receiver:
    def __init__(self, certificate, key, port=0):
        self.calls = []
        self.answers = {}  # path: status, raw bytes or None, or a function of the calls so far
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self)

            def log_message(self, *arguments):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path="/hook"):
        return "https://localhost:%d%s" % (self.port, path)

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.calls.append(Call(time.monotonic(), handler.path, handler.headers, body,
                               json_of(body)))
        answer = self.answers.get(handler.path, 200)
        status = answer(len(self.at(handler.path))) if callable(answer) else answer
        if isinstance(status, bytes):  # what stands there instead of an answer, and the end
            handler.wfile.write(status)
            handler.close_connection = True
            return
        if status is None:  # cut the connection off
            handler.close_connection = True
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.send_header("Location", self.url("/elsewhere"))
        handler.end_headers()

    def at(self, path="/hook"):
        return [call for call in list(self.calls) if call.path == path]

    def wait(self, count=1, path="/hook", timeout_s=None):
        return wait_for(lambda: len(self.at(path)) >= count and self.at(path),
                        "%d calls of %s" % (count, path), timeout_s)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def hook(account, url, *events):
    """Webhooks of an account to one receiver, with ids that no other receiver's have."""
    for event in events:
        account.app.post(T + "/webhooks", {"id": url[-20:] + event[-15:], "url": url,
                                           "event": event}).expect(201)


def send(account, text="hello", **members):
    """A message of the account; its id."""
    body = dict({"phoneNumbers": ["+4915112345678"], "textMessage": {"text": text}}, **members)
    return account.app.post(T + "/messages", body).expect(202).json["id"]
