#!/usr/bin/env python3
"""Holds the kept scenarios, the table of `ringside hostile` and the matrix of `ringside conform`
against what a device has to be able to get wrong.

Usage: tests/hostile_kept.py RINGSIDE SOURCES. Exits 1 when something of PROMISED has no scenario
in which it acts, when a fault of the program is in no scenario, table or matrix, or when a promise
names a fault that there is not.
"""
import glob
import os
import re
import subprocess
import sys

# What can go wrong, and the lines of scenarios that are kept of it: a word, and an argument, or a
# condition on it, where the word alone would not do.
PROMISED = [
    ("a completion that comes late", "completion-late", None),
    ("... is lost", "completion-lost", None),
    ("... comes twice", "completion-doubled", None),
    ("... out of order", "completion-out-of-order", None),
    ("... overtaken by later ones", "completion-overtaken", None),
    ("an id out of range", "used-id-out-of-range", None),
    ("... that is right in 16 bits only", "used-id", lambda value: value > 0xffff),
    ("... that is not outstanding", "used-id-not-outstanding", None),
    ("... of another chain", "used-id-of-another", None),
    ("a length that is too long", "used-len-long", None),
    ("... too short", "used-len-short", None),
    ("... zero", "used-len", lambda value: value == 0),
    ("used.idx that jumps", "used-idx-jump", None),
    ("... goes back", "used-idx-back", lambda value: value > 0),
    ("... stays", "used-idx-back", lambda value: value == 0),
    ("an interrupt for nothing", "interrupt-spurious", None),
    ("... that is missing", "interrupt-lost", None),
    ("features that are refused", "features-veto", None),
    ("... that a reset changes", "features-changed", None),
    ("... offered wrongly", "features-offered", None),
    ("a configuration that changes between two reads", "config-torn", None),
    ("NEEDS_RESET", "needs-reset", None),
    ("a reset that takes time", "reset-late", None),
    ("a response that is an error", "response-type", lambda value: 0x1200 <= value <= 0x1205),
    ("... zero", "response-type", lambda value: value == 0),
    ("... unknown", "response-type", lambda value: value > 0x1205),
    ("a display without width", "display-width", lambda value: value == 0),
    ("... of an odd one", "display-width", lambda value: value % 2 == 1 and value < 0x10000),
    ("... too wide for 32 bits", "display-width", lambda value: value >= 0x10000),
    ("a version that is wrong", "version", None),
    ("an id of a device that is wrong", "device-id", None),
    ("a queue of size 0", "queue-size-max", lambda value: value == 0),
    ("... 1", "queue-size-max", lambda value: value == 1),
]


def run(*words):
    made = subprocess.run(words, capture_output=True, text=True)
    if made.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: exit status {made.returncode}\n{made.stderr}")
    return made.stdout


def number(text):
    return int(text, 0) if re.fullmatch(r"\d+|0x[0-9a-fA-F]+", text) else None


def kept(sources):
    """{word: [(argument or None, path)]} of all `fault` lines."""
    found = {}
    for path in sorted(glob.glob(os.path.join(sources, "scenarios", "**", "*.scn"),
                                 recursive=True)):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split("#")[0].split()
                if words[:1] == ["fault"]:
                    value = number(words[2]) if len(words) > 2 else None
                    found.setdefault(words[1], []).append((value, path))
    return found


def acts(ringside, word, path):
    """Does the trace of the scenario say that the fault came to act?"""
    trace = run(ringside, "run", "--trace", "--color", "never", path)
    return re.search(rf"^\d+ device fault {re.escape(word)}( |$)", trace, re.M) is not None


def main():
    ringside, sources = sys.argv[1:]
    os.chdir(sources)
    words = run(ringside, "hostile", "--list").split()
    table = {row.split()[0] for row in run(
        ringside, "hostile", "--verbose", "--steps", "1..1",
        "scenarios/hostile/base/polling-v2.scn").splitlines() if row.split()[:1]}
    matrix = run(ringside, "conform", "--list")
    scenarios, mistakes, looked = kept(sources), [], 0
    for what, word, condition in PROMISED + [(word, word, None) for word in words]:
        paths = [path for value, path in scenarios.get(word, [])
                 if condition is None or value is not None and condition(value)]
        looked += 1
        if word not in words:
            mistakes.append(f"{what}: there is no fault {word}")
        elif not any(acts(ringside, word, path) for path in paths):
            mistakes.append(f"{what}: {word} acts in none of {len(paths)} scenarios")
    for word in words:
        if word not in table:
            mistakes.append(f"{word}: not in the table of `ringside hostile`")
        if not re.search(rf"/fault/{re.escape(word)}[-/]", matrix):
            mistakes.append(f"{word}: not in the matrix of `ringside conform`")
    for mistake in mistakes:
        print(mistake)
    print(f"{len(PROMISED)} promises, {len(words)} faults, {len(mistakes)} mistakes")
    return 1 if mistakes or len(words) < 40 else 0


sys.exit(main())
