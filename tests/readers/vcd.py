"""Reads a value change dump by way of GTKWave's own programs: vcd2fst reads it, fst2vcd says what
was read.

load(path, folder) gives a Dump: the signals by their names, of which there are no two alike, with
all their changes. It raises Broken when GTKWave complains, or when what it wrote goes back in
time.
"""
import os
import subprocess


class Broken(Exception):
    pass


class Dump:
    def __init__(self):
        self.names = {}  # name -> identifier
        self.scope = {}  # name -> `TOP.q0`
        self.seen = {}   # identifier -> [(step, value)]

    def changes(self, name):
        if name not in self.names:
            raise Broken(f"no signal `{name}`; there are {', '.join(sorted(self.names))}")
        return self.seen[self.names[name]]

    def values(self, name):
        return [value for _, value in self.changes(name)]

    def final(self, name):
        return self.changes(name)[-1][1]


def tool(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0 or "error" in (done.stdout + done.stderr).lower():
        raise Broken(f"{arguments[0]}: {done.returncode}: {done.stdout[-400:]}{done.stderr[-400:]}")
    return done.stdout


def value_of(text):
    """`1`, `b0101`, `sidle` without the identifier."""
    if text[0] == "s":
        return text[1:]
    return int(text.lstrip("b"), 2)


def declare(dump, scopes, words):
    if words[0] == "$scope":
        scopes.append(words[2])
    elif words[0] == "$upscope":
        scopes.pop()
    elif words[0] == "$var":
        name = words[4]
        if name in dump.names:
            raise Broken(f"two signals `{name}`")
        dump.names[name] = words[3]
        dump.scope[name] = ".".join(scopes)
        dump.seen.setdefault(words[3], [])


def change(dump, step, line):
    if line[0] in "bs":
        text, identifier = line.split(" ")
    else:
        text, identifier = line[0], line[1:]
    if identifier not in dump.seen:
        raise Broken(f"a change of `{identifier}`, which is no signal")
    dump.seen[identifier].append((step, value_of(text)))


def load(path, folder):
    fst = os.path.join(folder, "read.fst")
    tool("vcd2fst", path, fst)
    dump, scopes, step = Dump(), [], -1
    lines = iter(tool("fst2vcd", fst).splitlines())
    for line in lines:
        words = line.split()
        if words[:1] == ["$enddefinitions"]:
            break
        if words:
            declare(dump, scopes, words)
    for line in lines:
        if line.startswith("#"):
            if int(line[1:]) < step:
                raise Broken(f"goes back from {step} to {line[1:]}")
            step = int(line[1:])
        elif line and not line.startswith("$"):
            change(dump, step, line)
    if not dump.names:
        raise Broken("no signals")
    return dump
