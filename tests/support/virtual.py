"""`otpgate phone` as a process, and what it wrote down."""

import json
import os
import signal
import subprocess

from support.gateway import M, program
from support.wait import wait_for


class VirtualPhone:
    def __init__(self, account, *flags):
        self.account = account
        self.gateway = account.gateway
        self.record = os.path.join(self.gateway.root, self.gateway.fresh("phone") + ".jsonl")
        self.flags = list(flags)
        self.process = None

    def __enter__(self):
        if not self.account.join_token:
            self.account.pair()
        command = [program(), "phone", "--url", self.gateway.url + M, "--ca", self.gateway.ca,
                   "--token", self.account.join_token, "--jsonl", self.record, "--quiet"]
        self.process = subprocess.Popen(command + self.flags, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, kind, error, trace):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        self.output = self.process.communicate(timeout=20)[0].decode()
        return self.process.returncode

    def lines(self):
        """All whole lines so far."""
        try:
            with open(self.record, encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def aired(self):
        return [line for line in self.lines() if line.get("event", "sms") == "sms"]

    def wait_connected(self, count=1):
        def connected():
            assert self.process.poll() is None, self.process.stdout.read().decode()
            devices = self.gateway.admin.get(
                "/admin/v1/devices?account=" + self.account.id).json["devices"]
            return sum(device["connected"] for device in devices) >= count
        wait_for(connected, "the virtual phone")
