#!/usr/bin/env python3
"""Scripts for Redis as a C table with their digests: embed_lua.py OUTPUT.c FILE.lua ..."""
import hashlib
import sys


def main():
    output, *sources = sys.argv[1:]
    with open(output, "w") as f:
        f.write('#include "codes/redis_call.h"\n\n')
        f.write("const struct og_redis_script og_redis_scripts[] = {\n")
        for source in sources:
            with open(source, "rb") as script:
                data = script.read()
            f.write('    {"%s",\n     "%s"},\n' % (
                hashlib.sha1(data).hexdigest(),
                '"\n     "'.join(line.replace("\\", "\\\\").replace('"', '\\"') + "\\n"
                                 for line in data.decode("ascii").splitlines())))
        f.write("};\n")


if __name__ == "__main__":
    main()
