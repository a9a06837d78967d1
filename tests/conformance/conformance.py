#!/usr/bin/python3
"""Tables of what is required and which tests show it, made from a run: make conformance.

A list (NUMBER<tab>WHAT<tab>NOTE) gives the rows. Tests are found by the numbers in their names:
`test_check_41_and_42_cancel` belongs to sms-gate.app's checks, `test_req_11_...` to the OTP
requirements, in Python and in C. `--names` only looks whether each row has a test.
"""
import argparse
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = r"test_(?:checks?|req|requirements?)_\d+\w*"


class Table:
    def __init__(self, words, rows, document, title, intro):
        self.pattern = re.compile(r"test_(?:%s)_(\d+(?:_(?:and_)?\d+)*)(?:_|$)" % words)
        self.rows = [(line.split("\t") + [""])[:3]
                     for line in (HERE / rows).read_text(encoding="utf-8").splitlines()]
        self.document = ROOT / "docs" / document
        self.title, self.intro = title, intro

    def numbers(self, test):
        found = self.pattern.match(test)
        return re.findall(r"\d+", found[1]) if found else []


TABLES = [
    Table("checks?", "sms-gate.tsv", "compatibility/sms-gate.md", "Compatibility with sms-gate.app",
          "The checks of the wire notes (`wire/smsgate.md`, section 9), against the real program. "
          "A note tells where otpgate differs from that project's own server, and why a row has "
          "no test."),
    Table("req|requirements?", "otp-requirements.tsv", "compliance/otp-requirements.md",
          "The requirements of the OTP service",
          "The requirements of the domain notes (`domain/otp.md`, section 8)."),
]


# ---- names ----

def python_tests():
    """name -> file, as the sources have it."""
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        for name in re.findall(r"^def (%s)\(" % NAME, path.read_text(encoding="utf-8"), re.M):
            yield name, path


def unit_tests():
    for path in sorted((ROOT / "tests" / "unit").glob("*/test_*.c")):
        for name in re.findall(r"^(%s)\(void \*\*" % NAME, path.read_text(encoding="utf-8"), re.M):
            yield name, path


# ---- runs ----

def run_python(files, results, jobs):
    report = ROOT / "build" / "conformance.xml"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", str(jobs), "-k",
                    "check or req or requirement", "--junitxml", str(report),
                    *map(str, sorted(files))], cwd=ROOT, check=False)
    for case in xml.parse(report).getroot().iter("testcase"):
        name = case.get("name").split("[")[0]
        bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        results[name].append(bad[0] if bad else "passed")


def run_units(files, results, build):
    """All programs of the rooms: what they are called is their rooms' affair."""
    for room in sorted({path.parent.name for path in files}):
        for program in sorted(build.glob("tests/unit/%s/*" % room)):
            if program.is_file() and os.access(program, os.X_OK):
                run_unit(program, results)


def run_unit(program, results):
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=300, env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP"))
    for verdict, name in re.findall(r"^(ok|not ok) \d+ - (\w+)", done.stdout, re.M):
        results[name].append("passed" if verdict == "ok" else "failure")


# ---- tables ----

def verdict_of(tests, results):
    seen = [one for name, _ in tests for one in results.get(name, [])]
    if not seen:
        return "no test" if not tests else "not run"
    return "pass" if all(one == "passed" for one in seen) else "FAIL"


def write(table, by_number, results):
    verdicts = {row[0]: verdict_of(by_number[row[0]], results) for row in table.rows}
    passed = sum(1 for one in verdicts.values() if one == "pass")
    lines = ["# " + table.title, "", table.intro, "",
             "Made by `make conformance`: %d of %d pass." % (passed, len(table.rows)), "",
             "| # | what | result | tests | note |", "| --- | --- | --- | --- | --- |"]
    for number, what, note in table.rows:
        files = sorted({path.relative_to(ROOT) for _, path in by_number[number]})
        links = " ".join("[%s](../../%s)" % (path.stem.replace("test_", ""), path)
                         for path in files)
        lines.append("| %s | %s | %s | %s | %s |" % (number, what, verdicts[number], links, note))
    table.document.parent.mkdir(parents=True, exist_ok=True)
    table.document.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("%s: %d of %d pass" % (table.document.relative_to(ROOT), passed, len(table.rows)))
    return all(one in ("pass", "no test") for one in verdicts.values())


def sort_tests(table, tests):
    by_number = defaultdict(list)
    for name, path in tests:
        for number in table.numbers(name):
            by_number[number].append((name, path))
    return by_number


def missing(table, tests):
    """Rows that have neither a test nor a note that says why."""
    by_number = sort_tests(table, tests)
    return [number for number, _, note in table.rows if not by_number[number] and not note]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--names", action="store_true", help="only list rows without a test")
    args = parser.parse_args()
    tests = [*python_tests(), *unit_tests()]
    if args.names:
        for table in TABLES:
            print("%s: no test for %s" % (table.title, " ".join(missing(table, tests)) or "none"))
        return
    results = defaultdict(list)
    wanted = [path for table in TABLES for name, path in tests if table.numbers(name)]
    run_units({path for path in wanted if path.suffix == ".c"}, results, args.build.resolve())
    run_python({path for path in wanted if path.suffix == ".py"}, results, args.jobs)
    good = [write(table, sort_tests(table, tests), results) for table in TABLES]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
