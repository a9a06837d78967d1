#!/usr/bin/env python3
"""Embed a file as a C array of bytes: embed_text.py NAME INPUT OUTPUT.c OUTPUT.h"""
import sys


def main():
    name, source, c_path, h_path = sys.argv[1:]
    with open(source, "rb") as f:
        data = f.read()
    rows = [data[i:i + 20] for i in range(0, len(data), 20)]
    lines = ["    " + ", ".join(str(b) for b in row) + "," for row in rows]
    with open(c_path, "w") as f:
        f.write('#include "%s"\n\n' % h_path.rsplit("/", 1)[-1])
        f.write("static const unsigned char bytes[] = {\n%s\n    0,\n};\n" % "\n".join(lines))
        f.write("const char *const %s = (const char *)bytes;\n" % name)
        f.write("const unsigned long %s_bytes = sizeof bytes - 1;\n" % name)
    with open(h_path, "w") as f:
        f.write("#pragma once\n\nextern const char *const %s;\n" % name)
        f.write("extern const unsigned long %s_bytes;\n" % name)


if __name__ == "__main__":
    main()
