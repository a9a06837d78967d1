"""A raw connection, for requests that no decent client would send."""

import socket
import ssl

from support.wait import PATIENCE_S


class RawAnswer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def __repr__(self):
        return "<%d %r %r>" % (self.status, self.headers, self.body[:300])


class RawConnection:
    def __init__(self, gateway, context=None):
        plain = socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = context or gateway.context
        self.socket = context.wrap_socket(plain, server_hostname="localhost") \
            if gateway.tls else plain
        self.socket.settimeout(PATIENCE_S)
        self.received = b""

    def send(self, data):
        """True when all of it left; False when the gateway had closed meanwhile."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            piece = b""
        self.received += piece
        return bool(piece)

    def read(self, method="GET"):
        """One answer, or None when the connection ends without one."""
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                assert self.received == b"", self.received
                return None
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        status = int(lines[0].split(" ")[1])
        length = 0 if method == "HEAD" or status < 200 else int(headers.get("content-length", 0))
        while len(self.received) < length:
            assert self._more(), "cut in the body: %r" % self.received
        body, self.received = self.received[:length], self.received[length:]
        return RawAnswer(status, headers, body)

    def ends(self):
        """True when nothing more comes and the gateway closes; waits for that."""
        while self._more():
            if self.received:
                return False
        return self.received == b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


def exchange(gateway, data, method="GET"):
    """Sends the bytes; the first answer, and whether the connection ended behind it."""
    with RawConnection(gateway) as connection:
        connection.send(data)
        answer = connection.read(method)
        return answer, connection.ends()
