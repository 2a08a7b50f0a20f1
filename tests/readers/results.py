#!/usr/bin/python3
"""Lets real readers open what `ringside run` writes for machines, and asks them what they read.

Usage: results.py tap|junit|sarif|json|files|conform RINGSIDE SOURCES FOLDER. Runs of every kind (as
expected, not as expected, lost, skipped, broken, of hostile names) are written into FOLDER, which
is made anew. TAP is read by perl's TAP::Parser, whose newest version is 13, and its blocks by
PyYAML; JUnit XML by xmllint with tests/data/junit.xsd, and by junitparser; SARIF and JSON by
jsonschema with their schemas. Each of them must also refuse files that were broken on purpose.
Exits 1 at the first thing that is not so.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse

import jsonschema
import junitparser
import yaml

RINGSIDE = SOURCES = FOLDER = None
FORMATS = ("tap", "junit", "sarif", "json")
SECONDS_MAX = 120


def fail(why):
    sys.exit(f"results: {why}")


def same(what, got, wanted):
    if got != wanted:
        fail(f"{what}: {got!r} was read, {wanted!r} expected")


def data(name):
    return os.path.join(SOURCES, "tests", "data", name)


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def write(name, text):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return name


# ---- runs ----

BRING_UP = "device gpu version 2\ndriver reference\ncall init -> OK\n"
# name -> (text, state that it must come to)
SCENARIOS = {
    "suite/fine.scn": ("# All is well. Quite.\n" + BRING_UP, "ok"),
    "suite/timeout.scn": ("# The legacy device.\ndevice gpu version 1\ndriver levitate\n"
                          "call init -> OK\ncall get_display_info -> OK\n", "failed"),
    "suite/timeout-again.scn": ("device gpu version 1\ndriver levitate\n"
                                "call init -> OK\ncall get_display_info -> TIMEOUT\n", "failed"),
    "suite/expected.scn": ("device gpu version 1\ndriver levitate\ncall init -> OK\n"
                           "call get_display_info -> TIMEOUT\nexpect stuck queue-live\n"
                           "expect finding LMMIO-DRV-D10\n", "ok"),
    "suite/played.scn": ("device gpu version 2\nwrite Status 1\n", "failed"),
    "other/partly.scn": (BRING_UP + "call cursor 1 2 -> OK\n", "ok"),
    "other/nothing.scn": ("device gpu version 2\ndriver reference\ncall cursor 1 2 -> OK\n",
                          "skipped"),
    "other/lost.scn": ("device gpu\ndriver unruly\ncall null-read 1 -> ...\n"
                       "call raw-kill -> ...\n", "failed"),
    "other/broken.scn": ("device gpu version 3\n", "broken"),
    "other/no-driver.scn": ("device gpu\ndriver nobody\ncall init\n", "broken"),
    "a<b>&\"c' # \\ ]]> d.scn": ("# </failure> ]]> \u20ac & <b>\n" + BRING_UP +
                                 "call shutdown -> TIMEOUT # ]]>\n", "failed"),
    "bytes.scn": (b"# \xff ]]> <b>\n" + BRING_UP.encode(), "broken"),
    "not\udcffutf8.scn": (BRING_UP, "ok"),
    "two\nlines.scn": (BRING_UP + "call shutdown -> TIMEOUT\n", "failed"),
}


def name_read(name):
    """A file's name as the formats have it: what is no UTF-8 is U+FFFD."""
    return name.replace("\udcff", "\ufffd")


def run(prefix, paths, options=(), status=1, formats=FORMATS):
    """Writes every format as PREFIX.FORMAT; the process that is done."""
    wanted = [word for one in formats for word in (f"--{one}", f"{prefix}.{one}")]
    done = subprocess.run([RINGSIDE, "run", *wanted, *options, *paths], capture_output=True,
                          timeout=SECONDS_MAX)
    same(f"{prefix}: exit status ({done.stderr.decode(errors='replace')})", done.returncode, status)
    return done


def all_kinds():
    for name, (text, _) in SCENARIOS.items():
        write(os.fsencode(name).decode(errors="surrogateescape"), text)
    run("all", [os.fsencode(name) for name in SCENARIOS], status=2)
    document = json.loads(read("all.json"))
    for result, (name, (_, state)) in zip(document["results"], SCENARIOS.items()):
        same(f"path of {name!r}", result["path"], name_read(name))
        same(f"state of {name!r}", result["state"], state)
    same("results", len(document["results"]), len(SCENARIOS))
    return document


# ---- validators: None, or what they have against a file ----

def validate_schema(name, schema):
    with open(schema, encoding="utf-8") as file:
        text = json.load(file)
    kind = jsonschema.validators.validator_for(text)
    kind.check_schema(text)
    try:
        instance = json.loads(read(name))
    except ValueError as error:
        return str(error)
    errors = list(kind(text).iter_errors(instance))
    return f"{list(errors[0].path)}: {errors[0].message:.300}" if errors else None


def validate_json(name):
    return validate_schema(name, os.path.join(SOURCES, "tools", "schema",
                                              "ringside-results-1.schema.json"))


def validate_sarif(name):
    return validate_schema(name, data("sarif-2.1.0-rtm.5.json"))


def validate_junit(name):
    done = subprocess.run(["xmllint", "--noout", "--schema", data("junit.xsd"), name],
                          capture_output=True, text=True)
    return done.stderr if done.returncode != 0 else None


# Prints one line a test point: its number, ok or not, and what kind of directive it has.
PERL = """use TAP::Parser; local $/; open(my $f, "<", $ARGV[0]) or die;
my $p = TAP::Parser->new({tap => <$f>});
while (my $r = $p->next) { next unless $r->is_test;
  print join("|", $r->number, $r->is_actual_ok ? 1 : 0, $r->directive), "\\n"; }
print "error: $_\\n" for $p->parse_errors; print "error: no plan\\n" unless $p->is_good_plan;
print "version: ", $p->version, "\\n"; exit($p->parse_errors ? 1 : 0);"""


def read_tap(name):
    """What TAP::Parser reads, as lines. Version 14 is read as the 13 that it is compatible with."""
    text = read(name)
    if not text.startswith("TAP version 14\n"):
        return ["error: the first line is no version 14"]
    write(f"{name}.13", text.replace("TAP version 14", "TAP version 13", 1))
    done = subprocess.run(["perl", "-e", PERL, f"{name}.13"], capture_output=True, text=True)
    return done.stdout.splitlines() + ([f"error: {done.stderr}"] if done.stderr else [])


def tap_blocks(name):
    """The YAML blocks, by the number of their test point."""
    blocks, number, block = {}, 0, None
    for line in read(name).splitlines():
        point = re.match(r"(?:not )?ok (\d+)", line)
        if line == "  ---" and block is None:
            block = []
        elif line == "  ..." and block is not None:
            blocks[number] = yaml.safe_load("\n".join(block))
            block = None
        elif block is not None:
            if line[:2] != "  ":
                raise ValueError(f"a block is not indented: {line}")
            block.append(line[2:])
        elif point:
            number = int(point.group(1))
        elif not re.match(r"TAP version 14$|1\.\.\d+$|Bail out!", line):
            raise ValueError(f"no line of TAP: {line}")
    if block is not None:
        raise ValueError("a block has no end")
    return blocks


def validate_tap(name):
    errors = [line for line in read_tap(name) if line.startswith("error")]
    try:
        tap_blocks(name)
    except (yaml.YAMLError, ValueError) as error:
        errors.append(str(error))
    return "; ".join(errors) or None


VALIDATORS = {"tap": validate_tap, "junit": validate_junit, "sarif": validate_sarif,
              "json": validate_json}


def refuses(form, name, changes):
    """The validator takes the file, and none of its broken copies."""
    mistake = VALIDATORS[form](name)
    if mistake:
        fail(f"{name}: {mistake}")
    text = read(name)
    for number, (before, after) in enumerate(changes):
        changed = re.sub(before, after, text, count=1)
        if changed == text:
            fail(f"{name} has no {before!r}")
        copy = write(f"broken-{number}.{form}", changed)
        if not VALIDATORS[form](copy):
            fail(f"{copy}: {before!r} is now {after!r}, and nobody minds")
    print(f"{form}: valid; {len(changes)} broken copies refused")


# ---- formats ----

def check_tap(document):
    refuses("tap", "all.tap", [(r"TAP version 14", "TAP version 15"), (r"1\.\.\d+", "1..99"),
                               (r"\nok 1 ", "\nok 2 "), (r"\n  \.\.\.\n", "\n"),
                               (r'severity: fail', 'severity: "fail'), (r"\nok 1 ", "\nOK 1 ")])
    points = [line.split("|") for line in read_tap("all.tap") if "|" in line]
    blocks = tap_blocks("all.tap")
    for number, result in enumerate(document["results"], 1):
        good = result["state"] in ("ok", "skipped")
        same(f"point of {result['path']}", points[number - 1],
             [str(number), "1" if good else "0", "SKIP" if result["state"] == "skipped" else ""])
        findings = blocks.get(number, {}).get("findings", [])
        same(f"findings of {result['path']}", [(f["rule"], f["message"]) for f in findings],
             [(f["rule"], f["text"]) for f in result.get("findings", [])])
        if not good:
            same("message", blocks[number]["message"], reason_of(result))
    timeout = blocks[2]
    same("stuck", timeout["stuck"][0]["missed"], "queue-live")
    same("place", timeout["findings"][0]["file"], "driver/specimens/levitate/transport.c")


def reason_of(result):
    return result["failures"][0]["text"] if result.get("failures") else result.get("reason")


def check_junit(document):
    refuses("junit", "all.junit", [(r"</testsuites>", ""), (r' tests="\d+"', ""),
                                   (r"<skipped ", "<ignored "), (r' time="', ' time="-'),
                                   (r"<properties>", "<properties><unknown/>"),
                                   (r"<failure ", "<failure/><failure "),
                                   (r'classname="[^"]*"', "")])
    suites = junitparser.JUnitXml.fromfile("all.junit")
    states = [result["state"] for result in document["results"]]
    same("tests", suites.tests, len(states))
    same("failures", suites.failures, states.count("failed"))
    same("errors", suites.errors, states.count("broken"))
    same("skipped", suites.skipped, states.count("skipped"))
    cases = [(suite, case) for suite in suites for case in suite]
    same("suites", [suite.name for suite in suites], ["suite", "other", "scenarios"])
    for suite in suites:
        same("tests of a suite", suite.tests, len(list(suite)))
        same("failures of a suite", suite.failures,
             sum(isinstance(entry, junitparser.Failure) for case in suite for entry in case.result))
    by_file = {case._elem.get("file"): case for _, case in cases}
    for result in document["results"]:
        case = by_file[result["path"]]
        kinds = {"ok": [], "skipped": [junitparser.Skipped], "failed": [junitparser.Failure],
                 "broken": [junitparser.Error]}[result["state"]]
        same(f"verdict of {result['path']}", [type(entry) for entry in case.result], kinds)
        if kinds:
            same(f"message of {result['path']}", case.result[0].message, reason_of(result))
        if kinds == [junitparser.Failure]:
            same("report", case.result[0].text, result["report"])
    failure = by_file["suite/timeout.scn"].result[0]
    if "never came: the device holds a live queue" not in failure.text:
        fail(f"the report in a failure lacks the ladder: {failure.text}")
    same("rule", failure.type, "LMMIO-DRV-D10")


def resolve(log, place):
    """The file that a location names."""
    artifact = place["artifactLocation"]
    uri = artifact["uri"]
    if "uriBaseId" in artifact:
        same("base", artifact["uriBaseId"], "%SRCROOT%")
        if ":" in uri.split("/")[0] or uri.startswith("/"):
            fail(f"{uri} is not relative")
        uri = log["originalUriBaseIds"]["%SRCROOT%"]["uri"] + uri
    parsed = urllib.parse.urlparse(uri)
    same("scheme", parsed.scheme, "file")
    return urllib.parse.unquote(parsed.path)


def every_place(value):
    """All physical locations below a value."""
    if isinstance(value, dict):
        if "physicalLocation" in value:
            yield value["physicalLocation"]
        for item in value.values():
            yield from every_place(item)
    elif isinstance(value, list):
        for item in value:
            yield from every_place(item)


def check_sarif(document):
    refuses("sarif", "all.sarif", [(r'"version": "2.1.0"', '"version": "2.2.0"'),
                                   (r'"startLine": \d+', '"startLine": 0'),
                                   (r'"level": "error",(\s+"message")',
                                    r'"level": "fatal",\1'),
                                   (r'"ruleIndex": \d+', '"ruleIndex": -2'),
                                   (r'"shortDescription": {\n\s*"text"',
                                    '"shortDescription": {"words"'),
                                   (r'"partialFingerprints"', '"fingerPrints"'), (r"{", "")])
    log = json.loads(read("all.sarif"))["runs"][0]
    rules = log["tool"]["driver"]["rules"]
    listed = subprocess.run([RINGSIDE, "rules"], capture_output=True, text=True).stdout
    for rule in re.findall(r"^([A-Z][A-Za-z0-9-]+) ", listed, re.MULTILINE):
        if rule not in [row["id"] for row in rules]:
            fail(f"no rule {rule}")
    for rule in rules:
        for key in ("name", "shortDescription", "fullDescription", "help", "helpUri"):
            if not rule.get(key):
                fail(f"{rule['id']} has no {key}")
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", rule["name"]) or not rule["help"]["markdown"]:
            fail(f"{rule['id']}: {rule['name']}")
    # One result a mistake, however many scenarios it came in; each names them.
    wanted, prints = {}, set()
    for result in document["results"]:
        for finding in result.get("findings", []):
            at = finding.get("at", {})
            key = (finding["fingerprint"], finding["level"], at.get("file"), at.get("line"))
            wanted.setdefault(key, []).append((result["path"], finding))
    same("results", len(log["results"]), len(wanted))
    for result, (key, found) in zip(log["results"], wanted.items()):
        first = found[0][1]
        same("rule", (result["ruleId"], rules[result["ruleIndex"]]["id"]), (first["rule"],) * 2)
        same("print", result["partialFingerprints"]["ringsideFinding/v1"], key[0])
        same("scenarios", result["properties"]["scenarios"], [path for path, _ in found])
        same("count", result["occurrenceCount"], sum(finding["times"] for _, finding in found))
        same("suppressed", "suppressions" in result, all(f["expected"] for _, f in found))
        prints.add(key[0])
        if "at" in first:
            flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
            orders = [step["executionOrder"] for step in flow]
            same("order", orders, sorted(orders))
            same("essential", [step["executionOrder"] for step in flow
                               if step["importance"] == "essential"], [first["at"]["step"]])
    places = list(every_place(log))
    for place in places:
        with open(resolve(log, place), encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
        text = place["region"].get("snippet", {}).get("text")
        if text and lines[place["region"]["startLine"] - 1].strip() != text.strip():
            fail(f"{place}: the line is {lines[place['region']['startLine'] - 1]!r}")
    notes = log["invocations"][0]["toolExecutionNotifications"]
    same("notifications", len(notes), sum(len(r.get("failures", [])) + (r["state"] == "broken")
                                          for r in document["results"]))
    same("successful", log["invocations"][0]["executionSuccessful"], False)
    print(f"sarif: {len(log['results'])} results, {len(places)} places")
    # The same mistake has the same print when lines come before it, and elsewhere.
    write("moved/played.scn", "# One\n# two\n# three.\n" + SCENARIOS["suite/played.scn"][0])
    run("moved", ["moved/played.scn"], formats=["sarif"])
    moved = json.loads(read("moved.sarif"))["runs"][0]["results"]
    if not moved or not {r["partialFingerprints"]["ringsideFinding/v1"] for r in moved} <= prints:
        fail("a fingerprint changed with the line")


def check_json(document):
    refuses("json", "all.json", [(r'"version": 1', '"version": 2'), (r'"format"', '"Format"'),
                                 (r'"state": "failed"', '"state": "bad"'),
                                 (r'"report"', '"reprot"'), (r'"steps": \d+', '"steps": -1'),
                                 (r'"fingerprint": "[0-9a-f]', '"fingerprint": "'),
                                 (r"}\n$", "")])
    summary = document["summary"]
    same("sum", summary["scenarios"], sum(summary[key] for key in (
        "ok", "skipped", "stopped", "failed", "broken", "not_run")))
    found = {f["rule"] for r in document["results"] for f in r.get("findings", [])}
    same("rules", {rule["id"] for rule in document["rules"]}, found)
    lost = document["results"][list(SCENARIOS).index("other/lost.scn")]
    same("crash", lost["calls"][1]["crash"], "took its process with it")
    if "RS-PROCESS" not in found:
        fail("the lost process is no finding")
    run("again", [os.fsencode(name) for name in SCENARIOS], status=2, options=["--isolate=always"])
    for form in ("json", "sarif", "tap"):
        if read(f"all.{form}") != read(f"again.{form}"):
            fail(f"the same runs wrote another all.{form}")


# ---- files: whole or not there ----

LONG = BRING_UP + "call requests 90000000\n"


def check_files(_document):
    for form in FORMATS:
        done = run("-", ["suite/timeout.scn", "suite/fine.scn"], formats=[],
                   options=[f"--{form}", "-"])
        write(f"standard.{form}", done.stdout)
        mistake = VALIDATORS[form](f"standard.{form}")
        if mistake or b"2 scenarios: 1 ok, 1 failed" not in done.stderr:
            fail(f"--{form} -: {mistake}; {done.stderr.decode()}")
    # What cannot be begun leaves what was there.
    write("kept.json", "kept")
    for options, text in ((["--json", "none/x.json"], b"none/x.json: No such file or directory"),
                          (["--tap", "-", "--json", "-"], b"would both write standard output"),
                          (["--tap", "same", "--sarif", "same"], b"would both write same"),
                          (["--jsno", "x"], b"did you mean `--json`?"),
                          (["--tap="], b"a value is missing after `--tap`")):
        done = run("refused", ["suite/fine.scn"], options=["--junit", "kept.json", *options],
                   formats=[], status=2)
        if text not in done.stderr or done.stderr.count(b"\n") != 1:
            fail(f"{options}: {done.stderr.decode()}")
        same("kept", read("kept.json"), "kept")
    # Ctrl-C: all that was done is there, whole.
    write("long/1.scn", BRING_UP)
    write("long/2.scn", LONG)
    write("long/3.scn", BRING_UP)
    wanted = [word for form in FORMATS for word in (f"--{form}", f"stopped.{form}")]
    with subprocess.Popen([RINGSIDE, "run", *wanted, "long"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as child:
        child.stdout.readline()  # of the first scenario
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        same("status", child.wait(SECONDS_MAX), 130)
    for form in FORMATS:
        mistake = VALIDATORS[form](f"stopped.{form}")
        # A bail-out leaves a plan that is not kept, which TAP::Parser says.
        if mistake and not (form == "tap" and "Bad plan" in mistake):
            fail(f"stopped.{form}: {mistake}")
    document = json.loads(read("stopped.json"))
    same("interrupted", document["interrupted"], True)
    same("states", (document["results"][0]["state"], document["summary"]["scenarios"]), ("ok", 3))
    if document["summary"]["not_run"] == 0 or "Bail out!" not in read("stopped.tap"):
        fail("nothing was left, or nobody bailed out")
    # Nothing but what was asked for is left in the folder.
    left = [name for name in os.listdir(".") if name.endswith(".part")]
    same("left", left, [])
    print("files: whole, or as they were")


def check_conform(_document):
    """What `conform` writes is of the same forms."""
    wanted = [word for form in FORMATS for word in (f"--{form}", f"cells.{form}")]
    for driver, status in (("reference", 0), ("levitate", 1)):
        done = subprocess.run([RINGSIDE, "conform", "--shard", "1/15", *wanted, driver],
                              capture_output=True, timeout=SECONDS_MAX)
        same(f"{driver}: status ({done.stderr.decode()})", done.returncode, status)
        for form in FORMATS:
            mistake = VALIDATORS[form](f"cells.{form}")
            if mistake:
                fail(f"cells.{form} of {driver}: {mistake}")
    refuses("json", "cells.json", [(r'"conform": {', '"conf": {'), (r'"cells": \d+,', ""),
                                   (r'"verdict": "passed"', '"verdict": "not exercised"'),
                                   (r'"why": "[^"]*"', '"because": ""'),
                                   (r'"index": 1,', '"index": 0,'),
                                   (r'"features": "0x', '"features": "')])


def main():
    global RINGSIDE, SOURCES, FOLDER
    form, RINGSIDE, SOURCES, FOLDER = sys.argv[1:]
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    os.chdir(FOLDER)
    checks = {"tap": check_tap, "junit": check_junit, "sarif": check_sarif, "json": check_json,
              "files": check_files, "conform": check_conform}
    checks[form](all_kinds())


if __name__ == "__main__":
    main()
