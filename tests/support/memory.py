"""What a running program holds in memory, as a core file would have it: every mapping that can be written."""

import array
import contextlib
import itertools
import mmap
from collections import namedtuple

AROUND_BYTES = 60
IS_THERE = 3 << 62  # in memory or swapped out; the rest of a stack was never touched

Spot = namedtuple("Spot", "mapping around")


def _touched(pagemap, begin, end):
    """(address, bytes) of each run of pages that were ever used."""
    pagemap.seek(begin // mmap.PAGESIZE * 8)
    pages = array.array("Q", pagemap.read((end - begin) // mmap.PAGESIZE * 8))
    for is_there, run in itertools.groupby(range(len(pages)), lambda i: pages[i] & IS_THERE != 0):
        run = list(run)
        if is_there:
            yield begin + run[0] * mmap.PAGESIZE, len(run) * mmap.PAGESIZE


def pieces(process):
    """(name of the mapping, bytes) of each; nothing where the system does not let us look."""
    path = "/proc/%d/" % process
    with open(path + "maps", encoding="ascii") as maps:
        lines = [line.split(None, 5) for line in maps]
    with contextlib.suppress(PermissionError), open(path + "mem", "rb", 0) as memory, \
            open(path + "pagemap", "rb", 0) as pagemap:
        for line in lines:
            begin, end = (int(part, 16) for part in line[0].split("-"))
            for at, size in _touched(pagemap, begin, end) if line[1].startswith("rw") else ():
                memory.seek(at)
                with contextlib.suppress(OSError):  # a guard page, or given back meanwhile
                    yield line[5].strip() if len(line) > 5 else "", memory.read(size)


def memory_of(process):
    """All of it in one piece; None: not ours to read."""
    return b"".join(content for _, content in pieces(process)) or None


def spots(process, secrets):
    """Where one of the secrets stands, with what stands around it."""
    found = []
    for name, content in pieces(process):
        for secret in secrets:
            at = content.find(secret.encode())
            if at >= 0:
                found.append(Spot(name, content[max(0, at - AROUND_BYTES):at + AROUND_BYTES]))
    return found
