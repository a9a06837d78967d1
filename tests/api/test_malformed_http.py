"""The probes of malformed HTTP (design, section 9), over TLS and plain, against the real server.

Each is a valid order to send an SMS but for the one thing that is wrong with it, and a second,
wholly valid order stands behind it in the same write: neither may be obeyed.
"""

import json
import time

import pytest

from support.client import basic
from support.gateway import T, Gateway
from support.http1 import RawConnection

FLAGS = ["--http.header_timeout", "1s", "--http.body_timeout", "1s"]
NUMBER = "+4915188888888"
BODY = json.dumps({"phoneNumbers": [NUMBER], "textMessage": {"text": "smuggled"}}).encode()
assert len(BODY) > 64  # so that a cut body is longer than nothing


@pytest.fixture(scope="module", params=["tls", "plain"])
def server(request):
    with Gateway(*FLAGS, tls=request.param == "tls") as running:
        running.victim = running.account()
        running.phone = running.victim.add_phone()
        yield running


def head(server, *lines, target=T + "/messages", method="POST", host="Host: localhost"):
    """A head for the send, with the given lines in place of its framing."""
    victim = server.victim
    text = ["%s %s HTTP/1.1" % (method, target)] + ([host] if host else [])
    text += ["Authorization: " + basic(victim.login, victim.password),
             "Content-Type: application/json"]
    return ("\r\n".join(text + list(lines)) + "\r\n\r\n").encode("latin-1")


LENGTH = "Content-Length: %d" % len(BODY)
CHUNKED = "Transfer-Encoding: chunked"
CHUNK = b"%x\r\n%s\r\n" % (len(BODY), BODY)
CHUNKS = CHUNK + b"0\r\n\r\n"


def good(server):
    return head(server, LENGTH) + BODY


PROBES = {
    "length and encoding": lambda s: head(s, LENGTH, CHUNKED) + CHUNKS,
    "encoding and length": lambda s: head(s, CHUNKED, LENGTH) + CHUNKS,
    "two lengths": lambda s: head(s, LENGTH, "Content-Length: 5") + BODY,
    "two lengths, the right one last": lambda s: head(s, "Content-Length: 5", LENGTH) + BODY,
    "length with a plus": lambda s: head(s, "Content-Length: +%d" % len(BODY)) + BODY,
    "space before the colon": lambda s: head(s, LENGTH.replace(":", " :")) + BODY,
    "space before a name": lambda s: head(s, " X-A: b", LENGTH) + BODY,
    "line that starts with a space": lambda s: head(s, LENGTH, " 0") + BODY,
    "line that starts with a tab": lambda s: head(s, "X-A: b", "\tc", LENGTH) + BODY,
    "bare CR between headers": lambda s: head(s, "X-A: b\r" + LENGTH) + BODY,
    "encoding xchunked": lambda s: head(s, "Transfer-Encoding: xchunked") + CHUNKS,
    "chunked is not last": lambda s: head(s, "Transfer-Encoding: chunked, identity") + CHUNKS,
    "NUL in a value": lambda s: head(s, LENGTH, "X-A: b\0c") + BODY,
    "wrong bytes after a chunk":
        lambda s: head(s, CHUNKED) + CHUNK[:-2] + b"XX0\r\n\r\n",
    "overlong chunk size line":
        lambda s: head(s, CHUNKED) + b"%x;%s\r\n" % (len(BODY), b"a" * 20000) + CHUNK[4:] +
        b"0\r\n\r\n",
    "no Host": lambda s: head(s, LENGTH, host=None) + BODY,
    "two Hosts": lambda s: head(s, LENGTH, "Host: localhost") + BODY,
    "absolute target of another host":
        lambda s: head(s, LENGTH, target="http://elsewhere" + T + "/messages") + BODY,
    "control byte in the method": lambda s: head(s, LENGTH, method="PO\x01ST") + BODY,
    "control byte in the target": lambda s: head(s, LENGTH, target=T + "/messages\x01") + BODY,
    "tab in the target": lambda s: head(s, LENGTH, target=T + "/messages\t") + BODY,
    "NUL in the target": lambda s: head(s, LENGTH, target=T + "/messages\0") + BODY,
}
TOO_LARGE = {
    "100 kB in one header": lambda s: head(s, LENGTH, "X-A: " + "b" * 100000) + BODY,
    "too many headers": lambda s: head(s, LENGTH, *["X-A: b"] * 65) + BODY,
}


def probe(server, data, status):
    with RawConnection(server) as connection:
        connection.send(data + good(server))
        answer = connection.read()
        assert answer is not None and answer.status == status, answer
        assert json.loads(answer.body)["message"]
        assert connection.ends(), connection.received  # what stood behind was never read
    assert server.victim.messages() == []
    assert server.phone.pull() == []


@pytest.mark.parametrize("name", PROBES)
def test_refused_with_400(server, name):
    probe(server, PROBES[name](server), 400)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_refused_with_431(server, name):
    probe(server, TOO_LARGE[name](server), 431)


def test_body_shorter_than_announced(server):
    """Closed after its time with 408; the peer that goes is no different."""
    begun = time.monotonic()
    with RawConnection(server) as connection:
        connection.send(head(server, LENGTH) + BODY[:-1])
        answer = connection.read()
        assert answer.status == 408 and connection.ends(), answer
    assert time.monotonic() - begun < 10
    with RawConnection(server) as connection:
        connection.send(head(server, CHUNKED) + CHUNK)
    assert server.victim.messages() == []


def test_pipelined_request_after_an_error_is_never_read(server):
    """Also when the error is one that a handler found, the order of answers holds."""
    with RawConnection(server) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
                        b"GET /health/live HTTP/1.1\r\nHost : localhost\r\n\r\n" + good(server))
        assert connection.read().status == 200
        assert connection.read().status == 400
        assert connection.ends()
    assert server.victim.messages() == []


def test_what_is_allowed_still_works(server):
    """The other side of the probes: odd but right requests are taken, each once."""
    gateway_host = "Host: localhost:%d" % server.port
    odd = [head(server, CHUNKED) + b"5;ext=1\r\n" + BODY[:5] + b"\r\n%x\r\n" % (len(BODY) - 5) +
           BODY[5:] + b"\r\n0\r\nX-Trailer: a\r\n\r\n",
           head(server, "Transfer-Encoding: Chunked", "X-Empty:") + CHUNKS,
           head(server, "content-length:  %d " % len(BODY), host=gateway_host) + BODY]
    with RawConnection(server) as connection:
        for data in odd:
            for start in range(0, len(data), 700):
                connection.send(data[start:start + 700])
            answer = connection.read()
            assert answer.status == 202, (data, answer)
        connection.send(good(server) + good(server))  # pipelined
        assert connection.read().status == 202
        assert connection.read().status == 202
    found = server.victim.messages()
    assert len(found) == 5
    for message in found:
        server.victim.app.delete(T + "/messages/" + message["id"]).expect(200)


def test_expect_100_continue(server):
    """The body is asked for only when somebody wants it."""
    with RawConnection(server) as connection:
        connection.send(head(server, LENGTH, "Expect: 100-continue"))
        assert connection.read().status == 100
        connection.send(b"x" * len(BODY))
        assert connection.read().status == 400
    with RawConnection(server) as connection:
        connection.send(head(server, "Content-Length: %d" % (5 << 20), "Expect: 100-continue"))
        assert connection.read().status == 413
    with RawConnection(server) as connection:
        connection.send(head(server, LENGTH, "Expect: tea"))
        assert connection.read().status == 417


def test_plain_bytes_to_a_tls_port_and_the_reverse(server):
    server.tls = not server.tls
    try:
        if server.tls:
            with pytest.raises(OSError):
                server.client().get("/health/live")
        else:
            with RawConnection(server) as connection:
                connection.send(good(server))
                assert b"HTTP/1.1 2" not in connection.socket.recv(65536)
    except OSError:
        pass  # a reset is as good as an end
    finally:
        server.tls = not server.tls
    server.check_healthy()


def test_server_is_well_afterwards(server):
    server.check_healthy()
