#!/usr/bin/env python3
"""`ringside schedules`: finds what only some schedules show, repeats it, saves it; mistakes.

Usage: schedules.py RINGSIDE FAULTY-DRIVER SCENARIO FOLDER. Exits 1 with what is not well.
"""
import os
import re
import subprocess
import sys

SECONDS_MAX = 300
PLAYED = "# Plays the driver.\ndevice gpu\nread Version -> 2\n"


def main():
    ringside, driver, scenario, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    mistakes = []

    def run(*arguments):
        done = subprocess.run([ringside, *arguments], capture_output=True, text=True,
                              timeout=SECONDS_MAX, cwd=folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def expect(what, condition, *shown):
        if not condition:
            mistakes.append(what + "".join(f"\n    {text!r}" for text in shown))

    # The device that acts at once hides the fault: only orders show it.
    status, out, err = run("run", "--driver", driver, scenario)
    expect("the plain run passes", status == 0, out, err)

    status, out, err = run("schedules", "--count", "300", "--driver", driver, scenario)
    found = re.search(r"(\d+) of 300 schedules; the shortest is seed (\d+)", out)
    expect("some schedule of 300 fails", status == 1 and found, out, err)
    expect("not all of them", found and 0 < int(found.group(1)) < 300, out)
    expect("it is stuck", "stuck in show" in out, out)
    if found:
        seed = found.group(2)
        repeats = f"schedules --count 1 --seed {seed} --driver"
        expect("the line that repeats it", repeats in out, out)
        status, once, err = run("schedules", "--count", "1", "--seed", seed, "--driver", driver,
                                "--save", "failing.scn", scenario)
        expect("the seed alone fails", status == 1 and "stuck in show" in once, once, err)
        status, out, err = run("run", "--driver", driver, "failing.scn")
        expect("what was saved fails in a plain run", status == 1 and "stuck in show" in out, out)
        with open(os.path.join(folder, "failing.scn"), encoding="utf-8") as file:
            text = file.read()
        expect("it has its schedule and a small display",
               re.search(r"^device    gpu  version 2  features -EVENT_IDX.*display 64x48\n"
                         r"schedule  random  odds \d+  interrupts (any|idle)\nseed      \d+\n",
                         text, re.M), text)
        again = run("schedules", "--count", "1", "--seed", seed, "--driver", driver, scenario)
        expect("the same twice", again[1] == once, once, again[1])

    status, out, err = run("schedules", "--fail-fast", "--driver", driver, scenario, scenario)
    expect("the first failure is the last run",
           status == 1 and re.search(r"1 of \d+ schedules", out) and "again:" in out
           and "2 scenarios" in out and "1 failed, in 1 scenario;" in out, out)

    status, out, err = run("schedules", "--count", "100", scenario)
    expect("the driver without the fault passes", status == 0, out, err)
    expect("and all were run", "1 scenario, 100 schedules from seed 1: all as" in out, out)

    with open(os.path.join(folder, "played.scn"), "w", encoding="utf-8") as file:
        file.write(PLAYED)
    status, out, err = run("schedules", "played.scn")
    expect("a scenario without a driver is skipped",
           status == 0 and "it plays the driver itself" in out and "0 schedules" in out, out, err)
    for arguments, message in [
            (["--count", "0", scenario], "--count takes a number from 1 to 1000000000, not 0"),
            (["--seed", "x", scenario], "--seed takes a number from 0 to"),
            (["--sede", "1", scenario], "did you mean --seed?"),
            ([], "no scenario given"), (["nowhere.scn"], "nowhere.scn"),
            (["--driver", "nowhere.so", scenario], "nowhere.so")]:
        status, out, err = run("schedules", *arguments)
        expect(f"{arguments} is refused", status == 2 and message in err, out, err)

    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
