#!/usr/bin/env python3
"""Asks `ringside explain` for every rule, and misses nothing in what it prints.

Usage: tests/explain_rules.py RINGSIDE
"""
import re
import subprocess
import sys

FIELDS = ["binds", "level", "why", "wrong", "right", "broken by", "kept by"]


def run(ringside, *words):
    made = subprocess.run([ringside, *words], capture_output=True, text=True)
    sys.stderr.write(made.stderr)
    if made.returncode != 0:
        sys.exit(f"ringside {words[0]}: exit status {made.returncode}")
    return made.stdout


def ids_of(text):
    return re.findall(r"^([A-Z][A-Za-z0-9-]+) ", text, re.M)


def sections(text):
    """{id: {field: its lines}}"""
    found, fields, lines = {}, {}, []
    for line in text.splitlines():
        head = re.match(r"([A-Z][A-Za-z0-9-]+): ", line)
        field = re.match(r"  (\w[\w ]{0,9}\w) +(\S.*)", line)
        if head:
            fields = found.setdefault(head.group(1), {})
        elif field:
            lines = fields.setdefault(field.group(1), [field.group(2)])
        elif line.strip():
            lines.append(line)
    return found


def mistakes(rule, fields):
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        yield f"{rule}: {', '.join(missing)}: lacking"
    for name in ("wrong", "right"):
        # A name, and then a trace, one line of which is marked.
        lines = fields.get(name, ["", "           > 1 x"])[1:]
        if not lines or not any(re.match(r"           > \d+ \w", line) for line in lines):
            yield f"{rule}: {name}: no line of a trace is marked"
    if fields.get("wrong", [""])[1:] == fields.get("right", ["", ""])[1:]:
        yield f"{rule}: the wrong sequence is the right one"


def main():
    ringside = sys.argv[1]
    ids = ids_of(run(ringside, "rules")) + ids_of(run(ringside, "rules", "--device"))
    found = sections(run(ringside, "explain", *ids))
    told = [f"{rule}: not explained" for rule in ids if rule not in found]
    for rule in found:
        told += mistakes(rule, found[rule])
    for line in told:
        print(line)
    print(f"{len(found)} rules explained, {len(told)} mistakes")
    return 1 if told or len(found) < 200 else 0


sys.exit(main())
