#!/usr/bin/env python3
"""Holds the table of `ringside silence` in README against what the command measures now.

Usage: tests/silence_table.py RINGSIDE README. Exit status: 0 the same; 1 it is not; 77 QEMU is
missing, or is another version whose differences are told.
"""
import re
import subprocess
import sys

BEGIN = "<!-- made by `ringside silence --markdown`"
END = "<!-- end of it -->"
SKIPPED = 77


def table_of(text):
    """(QEMU's version, {first cell: the other cells})"""
    version = re.search(r"QEMU (\d+\.\d+)", text)
    rows = {}
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            rows[cells[0]] = cells[1:]
    return version.group(1) if version else "", rows


def differences(titles, kept, now):
    for wrong in kept:
        if wrong not in now:
            yield -1, f"README has a row that the command does not make: {wrong}"
    for wrong, cells in now.items():
        if wrong not in kept:
            yield -1, f"README lacks the row: {wrong}"
            continue
        for column, (old, new) in enumerate(zip(kept[wrong], cells)):
            if old != new:
                yield column, f"{wrong}: {titles[column]}: `{old}` in README, `{new}` now"


def main():
    ringside, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        readme = file.read()
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        print(f"{path}: no table between `{BEGIN} ...` and `{END}`")
        return 1
    kept_text = readme.split(BEGIN)[1].split("-->", 1)[1].split(END)[0].strip()
    made = subprocess.run([ringside, "silence", "--markdown"], capture_output=True, text=True)
    if made.returncode == 2 and "install the package" in made.stderr:
        print(f"skipped: {made.stderr.strip()}")
        return SKIPPED
    if made.returncode != 0:
        print(made.stdout + made.stderr)
        return 1
    if made.stdout.strip() == kept_text:
        return 0
    kept_version, kept = table_of(kept_text)
    now_version, now = table_of(made.stdout)
    titles = next(iter(now.values()))
    found = list(differences(titles, kept, now))
    for _, text in found:
        print(text)
    if kept_version == now_version:
        print(f"QEMU is {now_version} here as there; make it anew: ringside silence --markdown")
        return 1
    print(f"README was measured on QEMU {kept_version}, this is {now_version}")
    # What QEMU does may have changed; what ringside says may not.
    return 1 if any(column in (-1, len(titles) - 1) for column, _ in found) else SKIPPED


sys.exit(main())
