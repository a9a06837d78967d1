"""The audit log from the outside, written from docs/audit.md alone: hashes, tree, signed notes, a purge."""

import base64
import contextlib
import hashlib
import json
import sqlite3
import subprocess


def hash_of(line):
    return hashlib.sha256(b"\x00" + line.encode()).digest()


def root_of(hashes):
    """RFC 9162 section 2.1.1, from its text."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def peaks_of(hashes):
    """The roots of the complete subtrees, the largest first."""
    peaks, at = b"", 0
    for bit in reversed(range(len(hashes).bit_length())):
        if len(hashes) & 1 << bit:
            peaks += root_of(hashes[at:at + (1 << bit)])
            at += 1 << bit
    return peaks


class Signer:
    """A key of our own, and notes that it signs (c2sp.org/signed-note), by openssl."""

    def __init__(self, folder, origin):
        self.folder, self.origin = folder, origin
        self.secret = folder / "secret.pem"
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", self.secret)
        public = self.openssl("pkey", "-in", self.secret, "-pubout", "-outform", "DER")[-32:]
        self.id = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
        self.key = "%s+%s+%s" % (origin, self.id.hex(),
                                 base64.b64encode(b"\x01" + public).decode())

    @staticmethod
    def openssl(*words):
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout

    def note(self, hashes, extension=""):
        body = "%s\n%d\n%s\n%s" % (self.origin, len(hashes),
                                   base64.b64encode(root_of(hashes)).decode(), extension)
        (self.folder / "body").write_text(body)
        signature = self.openssl("pkeyutl", "-sign", "-inkey", self.secret, "-rawin", "-in",
                                 self.folder / "body")
        return "%s\n\u2014 %s %s\n" % (body, self.origin,
                                       base64.b64encode(self.id + signature).decode())


class Log:
    """The rows of a database file."""

    def __init__(self, path):
        self.path = str(path)
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            self.lines = [row[0] for row in db.execute("SELECT line FROM audit ORDER BY seq")]
        self.hashes = [hash_of(line) for line in self.lines]

    def append(self, **members):
        entry = dict(members, prev=self.hashes[-1].hex(), seq=len(self.lines) + 1,
                     ts=json.loads(self.lines[-1])["ts"])
        self.lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")))
        self.hashes.append(hash_of(self.lines[-1]))

    def save(self, first=1, start=None):
        """The entries from `first` on; start: (size, note)."""
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM audit")
            db.executemany("INSERT INTO audit VALUES (?, ?, ?)",
                           [(i + 1, self.hashes[i], self.lines[i])
                            for i in range(first - 1, len(self.lines))])
            db.execute("UPDATE audit_head SET size = ?, last = ?, peaks = ?",
                       (len(self.lines), self.hashes[-1], peaks_of(self.hashes)))
            if start:
                size, note = start
                db.execute("INSERT INTO audit_start VALUES (1, ?, ?, ?, ?)",
                           (size, self.hashes[size - 1], peaks_of(self.hashes[:size]), note))
