"""A small HTTP client over one kept connection. One thread at a time may use it."""

import base64
import http.client
import json
import socket
import ssl

TIMEOUT_S = 60


def basic(login, password):
    pair = ("%s:%s" % (login, password)).encode()
    return "Basic " + base64.b64encode(pair).decode()


def bearer(token):
    return "Bearer " + token


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def type(self):
        return self.headers.get("Content-Type", "")

    @property
    def json(self):
        assert self.type.split(";")[0] == "application/json", (self.status, self.type, self.body)
        return json.loads(self.body)

    def expect(self, status):
        assert self.status == status, "%d instead of %d: %r" % (self.status, status, self.body)
        return self

    def __repr__(self):
        return "<%d %s %r>" % (self.status, self.type, self.body[:300])


class Client:
    def __init__(self, gateway, authorization=None, context=None):
        self.gateway = gateway
        self.authorization = authorization
        self.context = context or gateway.context
        self.connection = None
        self.is_recorded = True  # in the gateway's transcript, if it keeps one

    def _connect(self):
        gateway = self.gateway
        gateway.clients.add(self)
        if gateway.tls:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", gateway.port, timeout=TIMEOUT_S, context=self.context)
        else:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", gateway.port, timeout=TIMEOUT_S)
        self.connection.connect()

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, method, path, body=None, headers=None):
        """body: bytes as they are, anything else but None as JSON."""
        sent = {"Authorization": self.authorization} if self.authorization else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        if not self.connection or self.connection.sock is None:
            self._connect()
        try:
            self.connection.request(method, path, body=body, headers=sent)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException, ssl.SSLError, socket.timeout):
            self.close()
            raise
        if self.gateway.transcript is not None and self.is_recorded:
            head = "%s %s\n%s" % (method, path, answer.headers)
            self.gateway.transcript.append(head.encode() + answer.body)
        return answer

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.request("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)
