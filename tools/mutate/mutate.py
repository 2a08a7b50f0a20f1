#!/usr/bin/env python3
"""Checks the checks: faulty variants of the reference driver, and how many of them are noticed.

Each mutant is the driver with one change (operators.py), compiled and linked as the driver itself
is, and put through stages, the cheapest first, until one of them objects:

  suite       the suite's scenarios, each under two random schedules
  scenarios   every other scenario of the project that runs the reference driver
  big-endian  the driver as a big-endian CPU would have it, on either version
  hostile     the sweep of `ringside hostile`: every fault of the device, at some of the steps
  long        what takes its time: indices that wrap, three more schedules of the rest
  units       the driver's own unit tests; last, so that they count what all else let pass

A mutant that nobody objects to must make the same code as the driver, or stand in survivors.txt
with the reason; one that stands there and is noticed is a mistake as well.

Usage: mutate.py --build DIR [--ringside FILE] [--part K|all] [--only TEXT] [--survivors]
                 [--jobs N] [--table FILE] [--list]
Exit status: 0 as survivors.txt says, 1 not, 2 the environment or the command line.
"""
import argparse
import concurrent.futures
import fnmatch
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter, namedtuple

import operators

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = ["discover.c", "transport.c", "virtq.c", "gpu.c", "gpu_commands.c", "surface.c"]
DRIVERS = ["reference", "reference-big-endian"]
# Without the probe, and each with some of the sources.
UNITS = ["test_discover", "test_virtq_driver", "test_gpu_driver"]
SURVIVORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "survivors.txt")
# Scenarios of a second and more, for the last stage.
LONG = ["virtq/the-smallest-queue.scn"]
HOSTILE = [f"hostile/base/{base}.scn" for base in ("polling-v1", "polling-v2", "interrupts-v1",
                                                   "interrupts-v2")]
LONGER = ["suite/version-1/many-requests.scn", "suite/version-2/many-requests.scn",
          "virtq/the-largest-queue.scn", "virtq/the-largest-queue-of-version-1.scn"]
HOSTILE_EVERY = 9973  # steps, at least, from one run of the sweep to the next: `hostile --every`
PARTS = 6  # mutants are parted by their names; the first part is what survivors.txt is about
# A stage that takes so many times what the driver takes, and some seconds, goes on for ever.
SECONDS_TIMES = 5
SECONDS_MORE = 10
SECONDS_MAX = 400  # for the driver
OUTPUT_MAX = 1 << 20
EXIT_ENVIRONMENT = 2  # of ringside: nothing was found out

# What `ringside hostile` says of a run that fails, and what counts it.
HOSTILE_VERDICTS = {"crashes": "crash", "hangs": "no end", "wrong picture": "picture",
                    "leaks": "leak", "breaks a rule": "rule", "does not recover": "result"}

# target: a driver, or a unit test, which takes no arguments
Stage = namedtuple("Stage", "name target arguments")
# outcome: killed, same (code), survived, invalid (does not compile), unjudged (the environment was
# at fault); by: what objected
Verdict = namedtuple("Verdict", "mutant outcome stage by")


class Failure(Exception):
    """The environment is at fault."""


def scenarios_of(driver):
    """Scenarios that run a driver, relative to scenarios/."""
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "scenarios", "**", "*.scn"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if re.search(rf"^driver\s+{driver}\b(?!-)", text, re.M):
            found.append((os.path.relpath(path, os.path.join(ROOT, "scenarios")), text))
    return found


def stages():
    suite, others, big, plain = [], [], [], []
    for path, text in scenarios_of("reference"):
        if path in LONG + LONGER:
            continue
        if path.startswith("suite/"):
            suite.append(path)
        elif "byte-order big" in text:
            big.append(path)
        else:
            others.append(path)
            # The others hang on one order of things, or on how long they take.
            if not re.search(r"^(fault|pause|expect +(finding|InterruptStatus|q0))", text, re.M):
                plain.append(path)

    def full(paths):
        return [os.path.join("scenarios", path) for path in paths]

    return [
        Stage("suite", "reference", ["schedules", "--quiet", "--fail-fast", "--count", "2",
                                     *full(suite)]),
        Stage("scenarios", "reference", ["run", "--quiet", *full(others)]),
        Stage("big-endian", "reference-big-endian", ["run", "--quiet", *full(big)]),
        Stage("hostile", "reference", ["hostile", "--quiet", "--every", str(HOSTILE_EVERY),
                                       *full(HOSTILE)]),
        Stage("long", "reference", ["run", "--quiet", *full(LONG)]),
        Stage("long", "reference", ["schedules", "--quiet", "--fail-fast", "--count", "3",
                                    "--seed", "3", *full(suite), *full(plain)]),
        *(Stage("units", unit, []) for unit in UNITS),
    ]


class Builder:
    """How the build compiles and links objects of a target, taken from its own commands."""

    def __init__(self, build):
        self.build = build
        self.compile, self.link = {}, {}
        for target in DRIVERS:
            self.learn(target, f"driver_{target}")
            missing = [s for s in SOURCES if not self.has(target, s)]
            if missing or target not in self.link:
                raise Failure(f"{build}: driver_{target} is not made of {missing}")
        for target in UNITS:
            self.learn(target, target)
            if target not in self.link or not any(self.has(target, s) for s in SOURCES):
                raise Failure(f"{build}: the commands of {target} compile no part of the driver")

    def learn(self, target, ninja_target):
        done = subprocess.run(["ninja", "-C", self.build, "-t", "commands", ninja_target],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{self.build}: no commands for {ninja_target}: {done.stdout.strip()}")
        for line in done.stdout.splitlines():
            for command in line.split(" && "):
                words = shlex.split(command)
                if "-o" not in words:
                    continue
                if "-c" not in words:
                    self.link[target] = words
                elif os.path.basename(words[words.index("-c") + 1]) in SOURCES:
                    self.compile[target, os.path.basename(words[words.index("-c") + 1])] = words

    def has(self, target, source):
        return (target, source) in self.compile

    def flags(self, source):
        """Those that clang needs for reading the source."""
        words = self.compile["reference", source]
        return [word for word in words if re.match(r"-(I|D|std=)", word)]

    def object_of(self, target, source):
        words = self.compile[target, source]
        return words[words.index("-o") + 1]

    def make_object(self, target, source, path, output):
        words = list(self.compile[target, source])
        words[words.index("-c") + 1] = path
        words[words.index("-o") + 1] = output
        for option in ("-MD", "-MT", "-MF"):
            if option in words:
                at = words.index(option)
                del words[at:at + (1 if option == "-MD" else 2)]
        # The mutant's folder goes by the driver's name in what debug information says.
        words.append(f"-ffile-prefix-map={os.path.dirname(path)}=driver")
        words.append("-w")
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    def make_target(self, target, source, changed, output):
        words = list(self.link[target])
        words[words.index("-o") + 1] = output
        words[words.index(self.object_of(target, source))] = changed
        return subprocess.run(words, cwd=self.build, capture_output=True, text=True, check=False)


def code_of(path):
    """An object without debug information: the same bytes are the same code."""
    with tempfile.NamedTemporaryFile(suffix=".o") as stripped:
        subprocess.run(["objcopy", "--strip-debug", "--remove-section=.comment", path,
                        stripped.name], check=True)
        return stripped.read()


def made_of(target, folder):
    return os.path.join(folder, f"{target}.so" if target in DRIVERS else target)


def run_limited(command, seconds_max):
    """Exit status and output; of what does not end, None, and nothing of it goes on."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            text = process.communicate(timeout=seconds_max)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, ""
        return process.returncode, text[:OUTPUT_MAX].decode("utf-8", "replace")


def objection(text, status):
    """What a run that failed says: the first rule, or what came otherwise than expected."""
    text = re.sub(r"\n +", " ", text)  # reports wrap
    found = re.search(r"^(" + "|".join(HOSTILE_VERDICTS) + "): ", text, re.M)
    if found:
        return HOSTILE_VERDICTS[found.group(1)]
    found = re.search(r"^(?:error|warning)\[([\w-]+)\]", text, re.M)
    if found:
        return f"rule {found.group(1)}"
    for pattern, what in ((r"(?:broke|ended) its process", "crash"),
                          (r"call `\w+`: expected|call `\w+` was not made", "result"),
                          (r"instead of `.*came|did not come", "trace"),
                          (r"expected (?:to be|no call to be) stuck", "stuck"),
                          (r"scanout \d+ is |picture|test card,", "picture"),
                          (r", expected |cannot be read|the response was", "value")):
        if re.search(pattern, text):
            return what
    return f"exit status {status}"


class Mutation:
    def __init__(self, build, ringside, jobs):
        self.builder = Builder(build)
        self.ringside = os.path.abspath(ringside or os.path.join(build, "ringside"))
        self.stages = stages()
        self.jobs = jobs
        self.codes = {}  # of the driver as it is: (driver, source) -> bytes
        self.seconds_max = {}  # of a stage, by its place

    def mutants(self):
        found = []
        for source in SOURCES:
            path = os.path.join(ROOT, "driver", source)
            found += [(source, mutant) for mutant in
                      operators.Source(path, source, "clang", self.builder.flags(source)).mutants()]
        return found

    def run_stage(self, stage, folder):
        made = made_of(stage.target, folder)
        if stage.target in UNITS:
            arguments = [made]
        elif stage.arguments[0] == "run":
            arguments = [self.ringside, "run", "--drivers", folder]
        else:
            arguments = [self.ringside, stage.arguments[0], "--driver", made]
        status, text = run_limited(arguments + stage.arguments[1:],
                                   self.seconds_max.get(self.stages.index(stage),
                                                        SECONDS_MAX))
        if status == 0:
            return None
        if status is None:
            return "no end"
        if status == EXIT_ENVIRONMENT:
            raise Failure(f"stage {stage.name}: {text.strip()}")
        return "unit test" if stage.target in UNITS else objection(text, status)

    def make(self, target, source, text, folder):
        """Compiles and links a changed source; the object, or None when it is no C."""
        changed = os.path.join(folder, f"{target}.o")
        path = os.path.join(folder, source)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if self.builder.make_object(target, source, path, changed).returncode != 0:
            return None
        linked = self.builder.make_target(target, source, changed, made_of(target, folder))
        return changed if linked.returncode == 0 else None

    def judge(self, source, mutant, text):
        with tempfile.TemporaryDirectory(prefix="ringside-mutant-") as folder:
            same = {}  # target -> is its code that of the driver as it is?
            for stage in self.stages:
                target = stage.target
                if not self.builder.has(target, source):
                    continue
                if target in UNITS and all(same.values()):
                    break  # what the stages before are about is no mutant
                if target not in same:
                    made = self.make(target, source, text, folder)
                    if made is None:
                        return Verdict(mutant, "invalid", "", "")
                    same[target] = code_of(made) == self.codes[target, source]
                try:
                    by = None if same[target] else self.run_stage(stage, folder)
                except Failure as failure:
                    return Verdict(mutant, "unjudged", stage.name, str(failure))
                if by is not None:
                    return Verdict(mutant, "killed", stage.name, by)
            return Verdict(mutant, "same" if all(same.values()) else "survived", "", "")

    def learn_codes(self):
        """The unchanged sources' code, compiled in the way that mutants are."""
        for target in DRIVERS + UNITS:
            for source in SOURCES:
                if not self.builder.has(target, source):
                    continue
                with tempfile.TemporaryDirectory(prefix="ringside-mutant-") as folder:
                    with open(os.path.join(ROOT, "driver", source), encoding="utf-8") as file:
                        made = self.make(target, source, file.read(), folder)
                    if made is None:
                        raise Failure(f"{source} of {target} does not compile as it is")
                    self.codes[target, source] = code_of(made)

    def check_driver(self):
        """The driver as it is must pass, or every mutant would be noticed."""
        with tempfile.TemporaryDirectory(prefix="ringside-mutant-") as folder:
            for at, stage in enumerate(self.stages):
                source = next(s for s in SOURCES if self.builder.has(stage.target, s))
                with open(os.path.join(ROOT, "driver", source), encoding="utf-8") as file:
                    self.make(stage.target, source, file.read(), folder)
                begin = time.monotonic()
                by = self.run_stage(stage, folder)
                self.seconds_max[at] = (time.monotonic() - begin) * SECONDS_TIMES + SECONDS_MORE
                if by is not None:
                    raise Failure(f"the driver itself fails in stage {stage.name}: {by}")

    def judge_all(self, chosen):
        texts = {}
        for source in SOURCES:
            with open(os.path.join(ROOT, "driver", source), encoding="utf-8") as file:
                texts[source] = file.read()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            jobs = [pool.submit(self.judge, source, mutant,
                                operators.apply(texts[source], mutant))
                    for source, mutant in chosen]
            for count, job in enumerate(jobs, 1):
                if sys.stderr.isatty():
                    print(f"\r\033[K{count} of {len(jobs)}", end="", file=sys.stderr)
                yield job.result()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def read_survivors():
    """Name or pattern -> reason, in the order of the file; a line `name` and an indented reason."""
    expected, name = {}, None
    with open(SURVIVORS, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith(" "):
                if name is None:
                    raise Failure(f"{SURVIVORS}:{number}:1: a reason without a mutant above it")
                expected[name] = (expected[name] + " " + line.strip()).strip()
            else:
                name = line.rstrip()
                if name in expected:
                    raise Failure(f"{SURVIVORS}:{number}:1: a second time: {name}")
                expected[name] = ""
    for name, reason in expected.items():
        if not re.match(r"(equivalent|memory model|big-endian CPU|not promised): ", reason):
            raise Failure(f"{SURVIVORS}: no kind of reason for: {name}")
    return expected


def reason_of(name, expected):
    if name in expected:
        return name
    for pattern in expected:
        if "*" in pattern and fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")):
            return pattern
    return None


def part_of(mutant):
    return str(zlib.crc32(mutant.name.encode()) % PARTS)


def report(verdicts, expected, is_all):
    """Prints the score; the number of mistakes."""
    mistakes = []
    used = set()
    for verdict in verdicts:
        listed = reason_of(verdict.mutant.name, expected)
        if verdict.outcome == "survived":
            used.add(listed)
            if listed is None:
                mistakes.append(f"driver/{verdict.mutant.file}:{verdict.mutant.line}: survives "
                                f"without a reason: {verdict.mutant.name}")
        elif verdict.outcome == "unjudged":
            mistakes.append(f"not judged: {verdict.mutant.name}: {verdict.by}")
        elif verdict.outcome == "killed" and verdict.mutant.name in expected:
            mistakes.append(f"noticed ({verdict.by}), and yet in the list: {verdict.mutant.name}")
        elif verdict.outcome == "killed" and listed is not None:
            used.add(listed)  # a pattern need not fit all
    if is_all:
        mistakes += [f"in the list, and no mutant that survives: {name}" for name in expected
                     if name not in used]
    print_table(verdicts, expected)
    for mistake in mistakes:
        print(mistake)
    return len(mistakes)


def print_table(verdicts, expected):
    kinds = ["killed", "same", "survived"]
    print(f"{'operator':14}" + "".join(f"{kind:>10}" for kind in kinds))
    rows = Counter((verdict.mutant.operator, verdict.outcome) for verdict in verdicts)
    for operator in sorted({verdict.mutant.operator for verdict in verdicts}):
        print(f"{operator:14}" + "".join(f"{rows[operator, kind]:10}" for kind in kinds))
    total = Counter(verdict.outcome for verdict in verdicts)
    print(f"{'all':14}" + "".join(f"{total[kind]:10}" for kind in kinds))
    by_stage = Counter(verdict.stage for verdict in verdicts if verdict.outcome == "killed")
    print("\nnoticed in stage: " + ", ".join(f"{stage} {count}" for stage, count
                                             in by_stage.most_common()))
    what = Counter(verdict.by.split()[0] for verdict in verdicts if verdict.outcome == "killed")
    print("noticed by: " + ", ".join(f"{by} {count}" for by, count in what.most_common()))
    reasons = Counter(expected.get(reason_of(verdict.mutant.name, expected), "no reason: ")
                      .split(":")[0] for verdict in verdicts if verdict.outcome == "survived")
    print("survivors: " + (", ".join(f"{kind} {count}" for kind, count
                                     in reasons.most_common()) or "none"))
    differ = total["killed"] + total["survived"]
    print(f"\n{total['killed']} of {differ} mutants noticed; {total['same']} more make the same "
          f"code, {total['invalid']} are no C")


def main():
    parser = argparse.ArgumentParser(usage="mutate.py --build DIR [option]...",
                                     description="Faulty variants of the reference driver.")
    parser.add_argument("--build", required=True, help="a build folder, made with Ninja")
    parser.add_argument("--ringside", help="this program instead of the build folder's")
    parser.add_argument("--part", default="0", help=f"of {PARTS} parts, from 0; or all (0)",
                        choices=[str(part) for part in range(PARTS)] + ["all"])
    parser.add_argument("--only", default="", help="only mutants with this text in their names")
    parser.add_argument("--survivors", action="store_true",
                        help="only those of survivors.txt, of the part")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at a time")
    parser.add_argument("--table", help="write a line for each mutant to this file")
    parser.add_argument("--list", action="store_true", help="print the mutants' names, and no more")
    options = parser.parse_args()
    for tool in ("ninja", "clang", "objcopy"):
        if shutil.which(tool) is None:
            raise Failure(f"{tool} is not on the PATH")
    mutation = Mutation(os.path.abspath(options.build), options.ringside, options.jobs)
    chosen = [(source, mutant) for source, mutant in mutation.mutants()
              if options.part in ("all", part_of(mutant)) and options.only in mutant.name]
    expected = read_survivors()
    if options.survivors:
        chosen = [(source, mutant) for source, mutant in chosen if mutant.name in expected]
    if options.list:
        for _, mutant in chosen:
            print(mutant.name)
        return 0
    if not chosen:
        raise Failure("no mutant is left of these options")
    mutation.check_driver()
    mutation.learn_codes()
    verdicts = []
    with open(options.table or os.devnull, "w", encoding="utf-8") as table:
        for verdict in mutation.judge_all(chosen):
            verdicts.append(verdict)
            table.write(f"{verdict.outcome}\t{verdict.stage}\t{verdict.by}\t"
                        f"{verdict.mutant.line}\t{verdict.mutant.name}\n")
            table.flush()
    is_all = options.part == "0" and not options.only and not options.survivors
    return 1 if report(verdicts, expected, is_all) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, ValueError, OSError) as error:
        print(f"mutate.py: {error}", file=sys.stderr)
        sys.exit(2)
