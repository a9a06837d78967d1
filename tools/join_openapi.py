#!/usr/bin/env python3
"""Join the description's files, one per area, into one: join_openapi.py AREA.json... OUTPUT.json

Objects of the same name are joined, arrays follow each other; anything else that two files say is
an error, and so is a reference to what no file has.
"""
import json
import sys


def join(into, more, place):
    for name, value in more.items():
        here = "%s/%s" % (place, name)
        if name not in into:
            into[name] = value
        elif isinstance(value, dict) and place in ("", "/components"):
            join(into[name], value, here)
        elif isinstance(value, list) and place == "":
            into[name] += value
        else:
            sys.exit("%s is in two files" % here)


def check_references(node, whole):
    if isinstance(node, list):
        for item in node:
            check_references(item, whole)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            target = whole
            for step in node["$ref"].split("/")[1:]:
                target = target.get(step.replace("~1", "/").replace("~0", "~"))
                if target is None:
                    sys.exit("%s leads nowhere" % node["$ref"])
        for value in node.values():
            check_references(value, whole)


def main():
    *areas, output = sys.argv[1:]
    whole = {}
    for path in areas:
        with open(path, encoding="utf-8") as file:
            join(whole, json.load(file), "")
    check_references(whole, whole)
    with open(output, "w", encoding="utf-8") as file:
        json.dump(whole, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
