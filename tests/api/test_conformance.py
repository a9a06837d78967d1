"""The tables of docs/compatibility and docs/compliance, without running what they tell of."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location(
    "conformance", ROOT / "tests" / "conformance" / "conformance.py")
CONFORMANCE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CONFORMANCE)
TESTS = [*CONFORMANCE.python_tests(), *CONFORMANCE.unit_tests()]


@pytest.mark.parametrize("table", CONFORMANCE.TABLES, ids=lambda table: table.document.stem)
def test_each_row_has_a_test_or_says_why_not(table):
    assert CONFORMANCE.missing(table, TESTS) == []


@pytest.mark.parametrize("table", CONFORMANCE.TABLES, ids=lambda table: table.document.stem)
def test_tests_of_a_table_are_of_its_rows(table):
    known = {number for number, _, _ in table.rows}
    assert [number for number, _, _ in table.rows] == [str(n + 1) for n in range(len(known))]
    assert set(CONFORMANCE.sort_tests(table, TESTS)) <= known


@pytest.mark.parametrize("table", CONFORMANCE.TABLES, ids=lambda table: table.document.stem)
def test_the_document_is_of_these_rows(table):
    """Made by `make conformance`; what it links is there, and nothing in it failed."""
    text = table.document.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", text, re.M)
    assert [(number, what) for number, what, _, _, _ in rows] == \
        [(number, what) for number, what, _ in table.rows]
    for number, _, result, links, _ in rows:
        assert result in ("pass", "no test"), number
        for path in re.findall(r"\]\(([^)]+)\)", links):
            assert (table.document.parent / path).is_file(), path
