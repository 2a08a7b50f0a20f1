#!/usr/bin/env python3
"""Keeps the house in order: include directions, lengths of lines and files, heads, forbidden words.

Usage: tests/tidy.py ROOT. Prints one line a mistake, `path:line: what`; exits 1 if there is any.
"""
import os
import re
import subprocess
import sys

COLUMNS_MAX = 100
FILE_LINES_MAX = 620
FUNCTION_LINES_MAX = 85

# Vocabulary -> sim -> harness, vocabulary -> driver -> harness; `sim` and `driver` never meet.
# folder -> regular expressions of quoted includes that are allowed, besides its own files
ALLOWED = {
    "driver/virtio": [],
    "driver": [r"virtio/\w+\.h", r"libfdt\.h"],
    # A driver of its own: nothing of the reference driver's but the vocabulary.
    "driver/dormouse": [r"virtio/\w+\.h", r"platform\.h", r"suite\.h", r"testcard\.h"],
    "driver/specimens": [r"virtio/\w+\.h", r"\w+\.h", r"\.\./\w+/\w+\.h", r"\w+/\w+\.h"],
    "driver/museum": [r"virtio/\w+\.h", r"\w+\.h"],
    "driver/bare": [r"virtio/\w+\.h", r"\w+\.h", r"common/\w+\.h"],
    "sim": [r"virtio/\w+\.h", r"suite\.h"],  # suite.h: the results that a RETURN event names
    "harness": [r"virtio/\w+\.h", "SIM", r"suite\.h", r"platform\.h", r"threads\.h", r"testcard\.h",
                r"build_flags\.h"],  # build_flags.h is made of build_flags.h.in
    "harness/probe": [r"ringside\.h", r"testcard\.h"],
    "tests": None,  # tests may include anything
}
FORBIDDEN = [
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "unfinished business is an issue, not a comment"),
    (re.compile(r"(?<![\w.])/(work|home|root)/"), "a path of one machine"),
    (re.compile(r"^(<{7}|>{7}) "), "a conflict that was not resolved"),
]
# What a driver would have to know to behave otherwise when it is watched. The glue between driver
# and harness may: what adapters include.
WATCHED = re.compile(r"tsan|ringside_observe|sanitize|__has_feature|UNWATCHED"
                     r"|^\s*#\s*(if|ifdef|ifndef|elif)\b.*(HOST|SIMULAT|RINGSIDE_(?!\w+_H\b)|x86"
                     r"|__linux|__unix)", re.IGNORECASE)
GLUE = ("driver/ringside.h",)
# Only these may include these: the library stays replaceable.
SINGLE_USER = {"SDL.h": 1, "jansson.h": 4, "png.h": 1, "elfutils/libdwfl.h": 2, "libfdt.h": 12}


# A row of a list in a comment; what goes on at the margin was torn from it by a formatter.
LIST_ROW = re.compile(r"\s*\* {3,}(- \S|\S+( \S+){0,2} {3,}\S)")
MARGIN = re.compile(r"\s*\* [^\s/]")


def tracked(root):
    names = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in names if name and os.path.isfile(os.path.join(root, name))]


def folder_of(path):
    best = None
    for folder in ALLOWED:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def check_includes(path, lines, sim_headers, report):
    folder = folder_of(path)
    if folder is None or ALLOWED[folder] is None:
        return
    own = os.path.dirname(path)
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        name = found.group(1)
        if os.path.exists(os.path.join(ROOT, own, name)):
            target = os.path.normpath(os.path.join(own, name))
            if folder_of(target) == folder:
                continue
        ok = False
        for pattern in ALLOWED[folder]:
            if pattern == "SIM":
                ok |= name in sim_headers
            else:
                ok |= re.fullmatch(pattern, name) is not None
        if folder is not None and folder.startswith("driver") and name in sim_headers:
            ok = False
        if not ok:
            report(path, number, f'"{name}" may not be included from {folder}/')


def check_text(path, lines, report):
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX and path.endswith((".c", ".h", ".S", ".cmake", ".py")):
            report(path, number, f"{len(line)} columns, {COLUMNS_MAX} allowed")
        if line != line.rstrip():
            report(path, number, "white space at the end of the line")
        if "\t" in line and path.endswith((".c", ".h", ".cmake", ".txt", ".json", ".md", ".py")):
            report(path, number, "a tab")
        if path == "tests/tidy.py":
            continue
        for pattern, why in FORBIDDEN:
            if pattern.search(line):
                report(path, number, why)


def check_lists(path, lines, report):
    for number, (row, after) in enumerate(zip(lines, lines[1:]), 1):
        if LIST_ROW.match(row) and MARGIN.match(after):
            report(path, number + 1, "a row of a list in a comment goes on at the margin")


def check_unaware(path, lines, report):
    if not path.startswith("driver/") or path in GLUE:
        return
    for number, line in enumerate(lines, 1):
        if WATCHED.search(line):
            report(path, number, "a driver does not know that it is watched")
        if "ringside.h" in line and "#include" in line.replace(" ", ""):
            report(path, number, "ringside.h is for adapters, which are not in driver/")


def check_functions(path, lines, report):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_LINES_MAX:
                report(path, start, f"a function of {number - start - 1} lines")
            start = None


def check_museum(files, report):
    """What a scenario says of where a bug was reported, its exhibit says as well."""
    for path in files:
        if not path.startswith("scenarios/museum/"):
            continue
        source = "driver/museum/" + os.path.basename(path)[:-len(".scn")] + ".c"
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            found = re.search(r"^exhibit +\S+(.*)$", file.read(), re.MULTILINE)
        if found is None or source not in files:
            report(path, 1, f"an exhibit has a line `exhibit ID`, and a file {source}")
            continue
        with open(os.path.join(ROOT, source), encoding="utf-8") as file:
            text = file.read()
        for reference in found.group(1).split():
            if reference not in text:
                report(source, 1, f"{path} says {reference}, the exhibit does not")


def main():
    mistakes = []

    def report(path, number, what):
        mistakes.append(f"{path}:{number}: {what}")

    files = tracked(ROOT)
    sources = [f for f in files if f.endswith((".c", ".h", ".S", ".cpp"))]
    if len(sources) < 20:
        report(".", 0, "hardly any source was found: this check checks nothing")
    sim_headers = {os.path.basename(f) for f in files if f.startswith("sim/") and f.endswith(".h")}
    users = {name: [] for name in SINGLE_USER}
    check_museum(files, report)
    for path in files:
        if path.endswith((".png", ".ppm", ".dtb", ".bin")):
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
        if path.startswith("tests/data/") or path.startswith("tests/golden/"):
            continue
        check_text(path, lines, report)
        if path not in sources:
            continue
        check_includes(path, lines, sim_headers, report)
        check_lists(path, lines, report)
        check_unaware(path, lines, report)
        check_functions(path, lines, report)
        if not lines[0].startswith("/*"):
            report(path, 1, "a file starts with a sentence that says what it is for")
        if len(lines) > FILE_LINES_MAX:
            report(path, len(lines), f"a file of {len(lines)} lines, about 500 wanted")
        for line in lines:
            found = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
            if found and found.group(1) in users and not path.startswith("tests/"):
                users[found.group(1)].append(path)
    for name, limit in SINGLE_USER.items():
        if len(users[name]) > limit:
            report(users[name][-1], 1, f"<{name}> is included by {len(users[name])} files: "
                                       f"{', '.join(users[name])}; {limit} allowed")
    for mistake in mistakes:
        print(mistake)
    print(f"tidy: {len(files)} files, {len(mistakes)} mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    ROOT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    sys.exit(main())
