#!/usr/bin/env python3
"""Turn the schema files NNNN_name.sql into one C table: embed.py OUTPUT FILE...

The numbers must run 1, 2, 3 ... without a gap, so that a forgotten file is found at build time.
"""
import pathlib
import re
import sys

C_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t"}


def c_literal(line):
    return '"' + "".join(C_ESCAPES.get(c, c) for c in line) + '\\n"'


def row(number, path):
    match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
    if not match or int(match.group(1)) != number:
        sys.exit(f"{path}: expected a name like {number:04d}_name.sql")
    text = path.read_text(encoding="ascii").splitlines()
    lines = "\n     ".join(c_literal(line) for line in text) or '""'
    return f'    {{{number}, "{match.group(2)}",\n     {lines}}},\n'


def main():
    output, *names = sys.argv[1:]
    paths = sorted((pathlib.Path(n) for n in names), key=lambda p: p.name)
    rows = "".join(row(i + 1, p) for i, p in enumerate(paths))
    pathlib.Path(output).write_text(
        "/* Made by tools/embed.py from src/store/schema. */\n"
        '#include "store/migrate_priv.h"\n\n'
        f"const int og_schema_count = {len(paths)};\n"
        "const struct og_migration og_schema_table[] = {\n"
        f"{rows}    {{0, NULL, NULL}},\n}};\n",
        encoding="ascii")


main()
