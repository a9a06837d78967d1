"""kill -9 at random moments, a hundred times: what was answered 202 is there and goes out once."""

import collections
import http.client
import os
import random
import socket
import subprocess
import threading
import time

from support.gateway import T, Gateway, program
from support.virtual import VirtualPhone
from support.wait import wait_for

ROUNDS = 100
SENDERS = 4


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Load:
    """Threads that send until the gateway dies, and remember what was answered."""

    def __init__(self, account):
        self.account = account
        self.accepted = []
        self.unsure = []
        self.lock = threading.Lock()
        self.count = 0

    def _next_id(self):
        with self.lock:
            self.count += 1
            return "crash-%06d" % self.count

    def _send_until_death(self):
        client = self.account.another_client()
        while True:
            name = self._next_id()
            try:
                answer = client.post(T + "/messages", {
                    "id": name, "textMessage": {"text": "round " + name},
                    "phoneNumbers": ["+447700900123"]})
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.unsure.append(name)
                return
            assert answer.status in (202, 503), answer.body
            if answer.status == 202:
                with self.lock:
                    self.accepted.append(name)
            time.sleep(0.01)

    def run(self, seconds, kill):
        threads = [threading.Thread(target=self._send_until_death) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        kill()
        for thread in threads:
            thread.join()


def all_ids(account):
    found = {}
    offset = 0
    while True:
        page = account.messages("?limit=100&sort=created_at&offset=%d" % offset)
        found.update((item["id"], item["state"]) for item in page)
        if len(page) < 100:
            return found
        offset += 100


def test_nothing_answered_is_lost_and_nothing_goes_out_twice():
    moments = random.Random(1)
    gateway = Gateway("--listen", "127.0.0.1:%d" % free_port(), "--log.level=info")
    try:
        gateway.start()
        account = gateway.account()
        load = Load(account)
        with VirtualPhone(account, "--perfect", "--reconnect", "30ms", "--retry", "50ms",
                          "--retry-max", "200ms", "--poll", "2s", "--report-tries", "1000",
                          "--remember", "1000000") as phone:
            phone.wait_connected()
            for _ in range(ROUNDS):
                load.run(moments.uniform(0.0, 0.25), gateway.kill)
                gateway.start()
            assert len(load.accepted) > ROUNDS  # it was a load

            found = all_ids(account)
            assert [name for name in load.accepted if name not in found] == []
            wait_for(lambda: all(state == "Delivered" for state in all_ids(account).values()),
                     "the last delivery", 60)
            aired = collections.Counter(line["id"] for line in phone.aired())
            assert [name for name, count in aired.items() if count > 1] == []
            assert [name for name in load.accepted if aired[name] != 1] == []
        assert gateway.end() == 0
        check = subprocess.run([program(), "db", "check", "--data", gateway.data],
                               capture_output=True, text=True, check=False,
                               env=dict(os.environ))
        assert check.returncode == 0, check.stdout + check.stderr
    finally:
        gateway.remove()
