"""A mail server of a test: takes what comes over SMTP, with STARTTLS and a login where they are asked for."""

import base64
import socketserver
import ssl
import threading
from collections import namedtuple

from support.wait import wait_for

Mail = namedtuple("Mail", "sender recipients text login is_tls")


class MailServer:
    def __init__(self, certificate=None, key=None):
        self.mails = []
        self.commands = []
        self.refuses = False  # every letter
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        mailbox = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                mailbox.talk(self.request)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def talk(self, connection):
        try:
            Talk(self, connection).run()
        except OSError:
            pass  # broken connections are part of the tests

    def wait(self, wanted, timeout_s=None):
        """The first mail for which wanted(mail) is true."""
        return wait_for(lambda: next((mail for mail in list(self.mails) if wanted(mail)), None),
                        "a mail", timeout_s)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Talk:
    def __init__(self, server, connection):
        self.server = server
        self.open(connection)
        self.is_tls = False
        self.login = self.sender = None
        self.recipients = []

    def open(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")

    def say(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def run(self):
        self.say("220 mail.test ESMTP")
        while True:
            line = self.file.readline().decode().rstrip("\r\n")
            word = line.split(" ")[0].split(":")[0].upper()
            self.server.commands.append(word)
            if not line or word == "QUIT":
                self.say("221 bye")
                return
            getattr(self, "do_" + word.lower(), self.unknown)(line)

    def unknown(self, line):
        self.say("502 what is " + line)

    def do_ehlo(self, line):
        self.say("250-mail.test")
        if self.server.context and not self.is_tls:
            self.say("250-STARTTLS")
        self.say("250 AUTH PLAIN")

    def do_starttls(self, line):
        self.say("220 go on")
        self.open(self.server.context.wrap_socket(self.connection, server_side=True))
        self.is_tls = True

    def do_auth(self, line):
        words = line.split(" ")
        if len(words) < 3:
            self.say("334 ")
            words.append(self.file.readline().decode().strip())
        self.login = base64.b64decode(words[2]).decode().split("\0")[1:]
        self.say("235 welcome")

    def do_noop(self, line):
        self.say("250 here")

    def do_mail(self, line):
        self.sender = line.split("<")[1].split(">")[0]
        self.say("451 not now" if self.server.refuses else "250 fine")

    def do_rcpt(self, line):
        self.recipients.append(line.split("<")[1].split(">")[0])
        self.say("250 fine")

    def do_data(self, line):
        self.say("354 go on")
        lines = []
        while True:
            part = self.file.readline().decode()
            if part == ".\r\n":
                break
            lines.append(part[1:] if part.startswith(".") else part)
        self.server.mails.append(Mail(self.sender, self.recipients, "".join(lines), self.login,
                                      self.is_tls))
        self.say("250 taken")
