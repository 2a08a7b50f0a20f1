#!/usr/bin/env python3
"""`ringside step` on a terminal of 80 columns: editing, history, completion, Ctrl-C.

Usage: step_terminal.py RINGSIDE SCENARIO. Exits 1 with the screen's text when something is amiss.
"""
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import fcntl

PROMPT = "(ringside) "
SECONDS_MAX = 60
LOOKS_MAX = 6000


def main():
    program, scenario = sys.argv[1:3]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.environ.pop("NO_COLOR", None)
        os.execv(program, [program, "step", scenario])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    text, seen = "", 0

    def read_until(wanted):
        nonlocal text, seen
        begin = seen
        while wanted not in text[begin:]:
            ready, _, _ = select.select([terminal], [], [], SECONDS_MAX)
            if not ready:
                fail(f"waited in vain for {wanted!r}")
            try:
                chunk = os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                chunk = ""
            if not chunk:
                fail(f"ended without {wanted!r}")
            text += chunk
        seen = text.index(wanted, begin) + len(wanted)
        return text[begin:seen]

    def fail(why):
        print(f"{why}; the terminal showed:\n{text}")
        os.kill(child, signal.SIGKILL)
        sys.exit(1)

    def send(keys):
        """Types, once keys come through one by one: the prompt is there a moment before that."""
        for _ in range(LOOKS_MAX):
            if not termios.tcgetattr(terminal)[3] & termios.ICANON:
                break
            select.select([], [], [], SECONDS_MAX / LOOKS_MAX)
        else:
            fail("the prompt does not edit lines")
        os.write(terminal, keys.encode())

    def check(condition, why):
        if not condition:
            fail(why)

    read_until(PROMPT)
    send("unt\tused\x01\x0b")        # completed to `until`; Ctrl-A, Ctrl-K take it away again
    send("goto 144\n")
    shown = read_until("next: ")
    check("il used" in text, "`unt` was not completed")
    check("QueueReady" in shown, "goto did not come to step 144")
    check("\x1b[" in shown, "there are no colours on a terminal")
    read_until(PROMPT)
    send("\x1b[A\x7f\x7f\x7f10\n")   # the line before, edited: goto 10
    shown = read_until("next: ")
    check("DeviceID" in shown, "the line before could not be edited")
    read_until(PROMPT)
    send("break Queue\t\t")          # more than one: they are listed
    shown = read_until("QueueNotify")
    send("\x15")
    send("break QueueNot\t\n")
    read_until("breakpoint 1: QueueNotify")
    read_until(PROMPT)
    send("\n")                       # an empty line repeats the last one
    read_until("breakpoint 2: QueueNotify")
    read_until(PROMPT)
    send("where\n")
    read_until("next: ")
    read_until(PROMPT)
    send("quit\n")
    _, status = os.waitpid(child, 0)
    check(os.waitstatus_to_exitcode(status) == 0, f"status {status}")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
    wide = [line for line in plain.split("\n") if len(line) > 80 and PROMPT not in line]
    check(not wide, f"wider than 80 columns: {wide}")
    print("terminal: all as expected")


main()
