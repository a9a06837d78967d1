"""Retention of the audit log: `audit verify` takes what retention leaves, and finds all else.

The log of a real gateway is cut here by an implementation of docs/audit.md that shares nothing with the gateway.
"""

import json
import os
import shutil
import subprocess

import pytest

from support.audit_log import Log, Signer
from support.gateway import Gateway, clean_environment, program
from support.wait import PATIENCE_S

ORIGIN = "gateway.example/audit"
REMOVED = "removed by retention\n"
GONE = 6


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    root = str(tmp_path_factory.mktemp("retention"))
    with Gateway("--audit.origin", ORIGIN, root=root) as gateway:
        for _ in range(4):
            gateway.account()
        gateway.end()
        return os.path.join(gateway.data, "otpgate.db")


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("signer"), ORIGIN)


@pytest.fixture
def log(database, tmp_path):
    copy = tmp_path / "copy.db"
    shutil.copy(database, copy)
    return Log(copy)


def verify(log, signer, checkpoints="", key=None):
    path = log.path + ".checkpoints"
    with open(path, "w", encoding="utf-8") as file:
        file.write(checkpoints)
    done = subprocess.run([program(), "audit", "verify", "--json", "--file", log.path,
                           "--checkpoints", path, "--key", key or signer.key],
                          capture_output=True, text=True, env=clean_environment({}),
                          timeout=PATIENCE_S, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["sound"] == (done.returncode == 0)
    return told


def purged(log, until):
    log.append(kind="audit.purged", detail="until=%d" % until)


def test_what_retention_leaves_is_sound(log, signer):
    before = signer.note(log.hashes[:3]) + "\n" + signer.note(log.hashes[:GONE]) + "\n"
    purged(log, GONE)
    outside = before + signer.note(log.hashes) + "\n"
    log.save(GONE + 1, (GONE, signer.note(log.hashes[:GONE], REMOVED)))
    told = verify(log, signer, outside)
    assert told == {"sound": True, "entries": len(log.lines), "checkpoints": 3,
                    "covered": len(log.lines), "removed": GONE}


def forged_note(log, signer, other):
    """A checkpoint of that time is no leave to remove."""
    purged(log, GONE)
    log.save(GONE + 1, (GONE, signer.note(log.hashes[:GONE])))
    return GONE


def forged_key(log, signer, other):
    purged(log, GONE)
    log.save(GONE + 1, (GONE, other.note(log.hashes[:GONE], REMOVED)))
    return GONE


def no_note(log, signer, other):
    purged(log, GONE)
    log.save(GONE + 1)
    return 1


def not_told(log, signer, other):
    log.save(GONE + 1, (GONE, signer.note(log.hashes[:GONE], REMOVED)))
    return GONE + 1


def more_removed(log, signer, other):
    """With the note and the entry of an earlier purge."""
    purged(log, GONE)
    log.save(GONE + 3, (GONE, signer.note(log.hashes[:GONE], REMOVED)))
    return GONE + 1


def less_removed(log, signer, other):
    purged(log, GONE)
    log.save(GONE - 1, (GONE, signer.note(log.hashes[:GONE], REMOVED)))
    return GONE - 1


def an_older_start(log, signer, other):
    purged(log, GONE)
    log.save(GONE, (GONE - 1, signer.note(log.hashes[:GONE - 1], REMOVED)))
    return GONE


def cut(log, signer, other):
    """The end too: only a checkpoint from outside tells."""
    purged(log, GONE)
    outside = signer.note(log.hashes) + "\n"
    purged(log, GONE)
    log.lines, log.hashes = log.lines[:-2], log.hashes[:-2]
    log.save()
    return len(log.lines) + 1, outside


@pytest.mark.parametrize("spoil", [forged_note, forged_key, no_note, not_told, more_removed,
                                   less_removed, an_older_start, cut])
def test_anything_else_is_found(log, signer, tmp_path, spoil):
    expected = spoil(log, signer, Signer(tmp_path, ORIGIN))
    expected, outside = expected if isinstance(expected, tuple) else (expected, "")
    told = verify(log, signer, outside)
    assert not told["sound"] and told["entry"] == expected


def test_a_gateway_takes_over_what_is_left(database, log, signer, tmp_path):
    """Reading and writing go on behind the start, whoever signed it."""
    purged(log, GONE)
    log.save(GONE + 1, (GONE, signer.note(log.hashes[:GONE], REMOVED)))
    folder = tmp_path / "root"
    shutil.copytree(os.path.dirname(os.path.dirname(database)), folder)
    shutil.copy(log.path, folder / os.path.basename(os.path.dirname(database)) / "otpgate.db")
    with Gateway("--audit.origin", ORIGIN, root=str(folder)) as gateway:
        gateway.admin.post("/admin/v1/accounts", {"name": "behind"}).expect(201)
        entries = gateway.admin.get("/admin/v1/audit?limit=500").expect(200).json["entries"]
        assert [entry["seq"] for entry in reversed(entries)][0] == GONE + 1
        listed = gateway.cli("audit", "export", "--data", gateway.data).stdout.splitlines()
        assert json.loads(listed[0])["seq"] == GONE + 1
        gateway.end()
        after = Log(os.path.join(gateway.data, "otpgate.db"))
        assert len(after.lines) > len(log.lines) - GONE
        gateway.start()
