#!/usr/bin/env python3
"""Follows a page of instructions to the letter, in an empty folder.

Usage: tests/follow.py PAGE FOLDER. Fenced blocks of PAGE are taken in their order:

  ```sh             commands, run by bash; all must succeed (```sh status=1: the last one exits 1)
  ```text           lines that the commands above have printed, in this order; `...` within a line
                    stands for anything, and a line need not be whole
  ```c adapter.c    a file of this name, in the folder where the commands above have arrived

Blocks of other kinds are for people. Exits 1 with the block and what it printed at the first
difference.
"""
import os
import re
import shutil
import subprocess
import sys


def blocks(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^```(\S+)([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        line = text.count("\n", 0, found.start()) + 1
        yield line, found.group(1), found.group(2).split(), found.group(3)


def fail(page, line, why, output):
    print(f"{page}:{line}: {why}\n--- what was printed ---\n{output}", file=sys.stderr)
    sys.exit(1)


def run(commands, folder):
    """Status, output, and the folder where the commands arrived."""
    script = f"set -euo pipefail\ncd '{folder}'\n{commands}\npwd > '{STATE}'\n"
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if os.path.exists(STATE):
        with open(STATE, encoding="utf-8") as file:
            folder = file.read().strip()
    return done.returncode, done.stdout, folder


def missing_line(wanted, output):
    """The first wanted line that does not come after those before it, or None."""
    lines = [" ".join(line.split()) for line in output.split("\n")]
    at = 0
    for line in wanted.strip().split("\n"):
        pattern = ".*".join(re.escape(" ".join(part.split())) for part in line.split("..."))
        while at < len(lines) and not re.search(pattern, lines[at]):
            at += 1
        if at == len(lines):
            return line
        at += 1
    return None


def main():
    page, folder = sys.argv[1], os.path.abspath(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    output, counts = "", {"sh": 0, "text": 0, "file": 0}
    for line, kind, words, body in blocks(page):
        if kind == "sh":
            wanted = int(words[0].removeprefix("status=")) if words else 0
            status, output, folder = run(body, folder)
            counts["sh"] += 1
            if status != wanted:
                fail(page, line, f"exits {status}, {wanted} was expected", output)
        elif kind == "text":
            gone = missing_line(body, output)
            counts["text"] += 1
            if gone is not None:
                fail(page, line, f"was not printed, or not here: {gone}", output)
        elif words:
            with open(os.path.join(folder, words[0]), "w", encoding="utf-8") as file:
                file.write(body)
            counts["file"] += 1
    if min(counts.values()) == 0:
        fail(page, 1, f"there is nothing to follow: {counts}", "")
    print(f"{page}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + " blocks")


if __name__ == "__main__":
    STATE = os.path.abspath(sys.argv[2]) + ".folder"
    main()
