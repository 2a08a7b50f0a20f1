#!/usr/bin/env python3
"""`ringside run` on a terminal: progress on what takes long, and Ctrl-C, which leaves whole files.

Usage: run_terminal.py RINGSIDE FOLDER. Exits 1 with what the terminal showed when all is not well.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

SECONDS_MAX = 40
LONG = ("# Many requests.\ndevice gpu version 2\ndriver reference\ncall init\n"
        "call requests 20000000\n")
SHORT = "# Two reads.\ndevice gpu version 2\nread Version -> 2\n"


class Terminal:
    def __init__(self, arguments, folder):
        self.text = ""
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm"
            os.execv(arguments[0], arguments)

    def fail(self, why):
        print(f"{why}; the terminal showed:\n{self.text}")
        try:
            os.kill(self.child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        sys.exit(1)

    def read(self):
        ready, _, _ = select.select([self.terminal], [], [], SECONDS_MAX)
        if not ready:
            self.fail("nothing came any more")
        try:
            chunk = os.read(self.terminal, 65536).decode(errors="replace")
        except OSError:
            chunk = ""
        self.text += chunk
        return chunk != ""

    def read_until(self, pattern):
        while not re.search(pattern, self.text):
            if not self.read():
                self.fail(f"ended without {pattern!r}")

    def status(self):
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


def main():
    program, folder = sys.argv[1:3]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, text in (("a.scn", SHORT), ("b.scn", LONG), ("c.scn", SHORT)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)

    terminal = Terminal([program, "run", "--trace=t.txt", "--html", "pages", "a.scn", "b.scn",
                         "c.scn"], folder)
    terminal.read_until(r"\[2/3\] b\.scn: \d+\.\d million steps, \d+ s")
    os.write(terminal.terminal, b"\x03")
    begun = time.monotonic()
    status = terminal.status()
    if time.monotonic() - begun > 15:
        terminal.fail("Ctrl-C took longer than 15 seconds")
    if status != 130:
        terminal.fail(f"status {status} and not 130")
    terminal.text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", terminal.text)
    for wanted in (r"ok +a: no findings",
                   r"interrupted +b at step \d+: what it expects was not judged",
                   r"2 scenarios: 1 ok, 0 failed, interrupted, 1 not run"):
        if not re.search(wanted, terminal.text):
            terminal.fail(f"no {wanted!r}")
    with open(os.path.join(folder, "t.txt"), encoding="ascii") as file:
        trace = file.read()
    begins = trace.startswith("# a.scn\n1 driver read Version 2\n# b.scn\n")
    if not begins or not trace.endswith("\n"):
        terminal.fail("the trace is not whole")
    left = sorted(os.listdir(folder)) + sorted(os.listdir(os.path.join(folder, "pages")))
    if left != ["a.scn", "b.scn", "c.scn", "pages", "t.txt", "a.html", "b.html", "index.html"]:
        terminal.fail(f"these files were left: {left}")

    # Not on a terminal: no progress, and a signal does the same.
    with subprocess.Popen([program, "run", "b.scn"], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as piped:
        time.sleep(3)
        piped.send_signal(signal.SIGINT)
        out, errors = piped.communicate(timeout=SECONDS_MAX)
    if piped.returncode != 130 or "interrupted" not in out or errors != "":
        print(f"status {piped.returncode}\n{out}{errors}")
        sys.exit(1)
    print("terminal: all as expected")


main()
