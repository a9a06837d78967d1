"""Stores of codes for tests: Debian's redis-server and memcached on free ports of loopback, ended
by process id, and scripted peers that speak Redis's protocol."""

import os
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading

from support.wait import PATIENCE_S, wait_for


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens on self.port."""

    def __init__(self, *options):
        self.options = list(options)
        self.root = tempfile.mkdtemp(prefix="otpgate-store-")
        os.chmod(self.root, 0o755)  # memcached gives up root
        self.port = free_port()
        self.process = None

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def command(self):
        raise NotImplementedError

    def is_up(self):
        assert self.process.poll() is None, "%s ended at once" % self.command()[0]
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def start(self, env=None):
        self.process = subprocess.Popen(self.command(), cwd=self.root, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **(env or {})})
        wait_for(self.is_up, self.command()[0])
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class Redis(Server):
    def command(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self.root] + self.options

    def say(self, *words):
        """One command; its answer as Python values. An error is raised."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as peer:
            peer.sendall(encode(words))
            return read_reply(peer.makefile("rb"))


class Memcached(Server):
    def command(self):
        return ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-u",
                "nobody"] + self.options

    def say(self, line, end):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as peer:
            peer.sendall(line.encode() + b"\r\n")
            answer = b""
            while not answer.endswith(end):
                answer += peer.recv(65536)
            return answer

    def dump(self):
        """Every key and value, as they are."""
        keys = [line.split()[0][4:] for line in self.say("lru_crawler metadump all",
                                                         b"END\r\n").splitlines()[:-1]]
        return b"".join(key + self.say("get " + key.decode(), b"END\r\n") for key in keys)


# ---- Redis's protocol ----

class RedisError(Exception):
    pass


def encode(words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def read_reply(file):
    line = file.readline()
    if not line:
        raise EOFError
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return [read_reply(file) for _ in range(int(rest))]
    return rest


class Peer(socketserver.ThreadingTCPServer):
    """A scripted peer: answer(words) gives the bytes that it sends back."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answer):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    while True:
                        self.wfile.write(answer(read_reply(self.rfile)))
                except (EOFError, OSError):
                    pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.address = "127.0.0.1:%d" % self.port
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
