"""A syslog receiver over TLS (RFC 5425) that can be away for a while."""

import re
import socket
import ssl
import threading


class SyslogReceiver:
    def __init__(self, certificate, key, port=0):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
                peer = self.context.wrap_socket(plain, server_side=True)
            except ssl.SSLError:
                continue  # who does not trust us
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._read, args=(peer,), daemon=True).start()

    def _read(self, peer):
        waiting = b""
        while True:
            try:
                more = peer.recv(65536)
            except OSError:
                return
            if not more:
                return
            waiting = self._take(waiting + more)

    def _take(self, waiting):
        """Octet counting: each message after its length and a space."""
        while True:
            head = re.match(rb"([1-9][0-9]*) ", waiting)
            if not head or len(waiting) < head.end() + int(head[1]):
                return waiting
            end = head.end() + int(head[1])
            self.messages.append(waiting[head.end():end].decode("utf-8"))
            waiting = waiting[end:]

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            peer.close()
