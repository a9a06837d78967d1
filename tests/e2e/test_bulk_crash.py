"""kill -9 while a list comes in and goes out: no row is lost, none goes out twice."""

import collections
import random
import socket
import subprocess
import time

from support.gateway import Gateway, clean_environment, program
from support.virtual import VirtualPhone
from support.wait import wait_for

ROWS = 3000
FILLING, SENDING = 4, 8  # deaths
B = "/bulk/v1/batches/crash"
# so that rows do not wait for a SIM's pace
FAST = {"OTPGATE_SIM_PARTS_PER_MINUTE": "0", "OTPGATE_DEVICE_PARTS_PER_MINUTE": "0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def number(index):
    return "+44770%07d" % index


def command(gateway, account, path):
    """`otpgate send --csv`, which waits out a gateway that is away."""
    key = account.make_key(["messages:send", "messages:read"])["key"]
    return subprocess.Popen(
        [program(), "send", "--csv", path, "--text", "Row {n}", "--id", "crash"],
        env=clean_environment({"OTPGATE_DATA_DIR": gateway.data, "OTPGATE_KEY": key}),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def look(account):
    """By a connection of its own: the last one may have died."""
    return account.another_client().get(B)


def rows_of(account):
    answer = look(account)
    return answer.json["rows"] if answer.status == 200 else 0


def sent(account):
    counts = look(account).expect(200).json["counts"]
    return counts["sent"] + counts["delivered"]


def change(account, state):
    account.another_client().patch(B, {"state": state}).expect(200)


def test_a_list_survives_every_death(tmp_path):
    moments = random.Random(7)
    gateway = Gateway("--listen", "127.0.0.1:%d" % free_port(), env=FAST)
    path = tmp_path / "list.csv"
    path.write_text("to,n\n" + "".join("%s,%d\n" % (number(i), i) for i in range(ROWS)))
    try:
        gateway.start()
        account = gateway.account()
        sender = command(gateway, account, str(path))
        for part in range(FILLING):
            wait_for(lambda: rows_of(account) >= ROWS * part // FILLING, "some rows")
            gateway.kill()
            gateway.start()
        out, err = sender.communicate(timeout=120)
        assert sender.returncode == 0, out + err
        shown = look(account).expect(200).json
        assert (shown["rows"], shown["errors"]) == (ROWS, 0)
        with VirtualPhone(account, "--perfect", "--reconnect", "30ms", "--retry", "50ms",
                          "--retry-max", "200ms", "--poll", "2s", "--report-tries", "1000",
                          "--remember", "1000000") as phone:
            phone.wait_connected()
            for _ in range(SENDING):
                before = sent(account)
                wait_for(lambda: sent(account) > before, "another message sent")
                time.sleep(moments.uniform(0, 0.3))  # the moment of death, not a wait
                gateway.kill()
                gateway.start()
                change(account, "paused")
                change(account, "running")
            seen = look(account).expect(200).json
            assert sum(seen["counts"].values()) == ROWS
            change(account, "canceled")
            wait_for(lambda: look(account).json["ended_at"], "the end", 60)
            wait_for(lambda: look(account).json["counts"]["waiting"] == 0, "the phone's word", 60)
            counts = look(account).json["counts"]
            aired = collections.Counter(line["id"] for line in phone.aired())
        assert [one for one, count in aired.items() if count > 1] == []
        assert 0 < len(aired) == ROWS - counts["canceled"]
        assert counts["canceled"] + counts["delivered"] == ROWS
        assert gateway.end() == 0
    finally:
        gateway.remove()
