#!/usr/bin/env python3
"""Drives the window of `ringside show` on a display in memory: keys go in, pictures come out.

Usage: tests/window.py RINGSIDE SCENARIOS. What the window shows must be, pixel by pixel, what
`ringside show --headless` draws of the same step. Needs Xvfb, xdotool and ImageMagick.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60  # until something that is bound to happen has happened, on a busy machine


class Failure(Exception):
    pass


def run(*command, env=None, check=True):
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=WAIT_SECONDS,
                          check=False)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {done.returncode}: {done.stderr}")
    return done


def wait_for(what, condition):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise Failure(f"{what} did not come")


class Display:
    def __init__(self, width, height):
        read, write = os.pipe()
        size = f"{width}x{height}x24"
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp",
             "-noreset"],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as file:
            number = file.readline().strip()
        if not number:
            raise Failure("Xvfb did not start")
        self.env = dict(os.environ, DISPLAY=f":{number}")
        for name in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
            self.env.pop(name, None)

    def close(self):
        self.process.terminate()
        self.process.wait()


class Window:
    def __init__(self, ringside, display, folder, *arguments):
        self.display, self.folder, self.ringside = display, folder, ringside
        self.process = subprocess.Popen([ringside, "show", *arguments], env=display.env,
                                        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.id = wait_for("the window", self.find)
        self.tool("windowmove", self.id, "0", "0")
        self.tool("windowfocus", self.id)

    def find(self):
        """By the title that it has with its first frame: until then SDL may make it anew."""
        if self.process.poll() is not None:
            raise Failure(f"ringside ended: {self.process.communicate()}")
        found = run("xdotool", "search", "--name", " - step [0-9]", env=self.display.env,
                    check=False)
        return found.stdout.split()[0] if found.stdout.split() else None

    def tool(self, *arguments):
        return run("xdotool", *arguments, env=self.display.env).stdout.strip()

    def key(self, *keys):
        self.tool("key", "--delay", "30", *keys)

    def title(self):
        return self.tool("getwindowname", self.id)

    def step(self):
        found = re.search(r" - step (\d+)", self.title())
        return int(found.group(1)) if found else -1

    def wait_step(self, step):
        wait_for(f"step {step} (the title is `{self.title()}`)", lambda: self.step() == step)

    def picture(self, name):
        path = os.path.join(self.folder, name)
        run("import", "-window", self.id, path, env=self.display.env)
        return path

    def size(self):
        shape = self.tool("getwindowgeometry", "--shell", self.id)
        return tuple(int(re.search(rf"^{side}=(\d+)", shape, re.M).group(1))
                     for side in ("WIDTH", "HEIGHT"))

    def quit(self):
        self.key("q")
        status = self.process.wait(timeout=WAIT_SECONDS)
        self.wait_gone()
        return status

    def wait_gone(self):
        """The display may learn later than we that the process ended."""
        def gone():
            return run("xdotool", "getwindowname", self.id, env=self.display.env,
                       check=False).returncode != 0
        wait_for("the end of the window", gone)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.wait_gone()


def headless(window, name, scenario, *commands, scanout=0):
    """The same state drawn without the window."""
    path = os.path.join(window.folder, name)
    arguments = [part for command in commands for part in ("--do", command)]
    arguments += ["--scanout", str(scanout)]
    width, height = window.size()
    run(window.ringside, "show", "--headless", "--png", path, "--size", f"{width}x{height}",
        *arguments, scenario)
    return path


def differing_pixels(one, other):
    done = run("compare", "-metric", "AE", one, other, "null:", check=False)
    if done.returncode not in (0, 1):
        raise Failure(f"{one} and {other} cannot be compared: {done.stderr}")
    return int(float(done.stderr.split()[0]))


def check_same(window, name, scenario, *commands, scanout=0):
    """The window comes to show exactly the frame that is drawn without it."""
    wanted = headless(window, f"{name}-headless.png", scenario, *commands, scanout=scanout)

    def same():
        shown = window.picture(f"{name}-window.png")
        return differing_pixels(shown, wanted) == 0
    wait_for(f"{name}: the headless picture in the window", same)


def test_steps(window, scenario):
    window.wait_step(0)
    window.key("Right", "Right", "Right")
    window.wait_step(3)
    check_same(window, "three-steps", scenario, "step", "step", "step")
    window.key("Left")
    window.wait_step(2)
    check_same(window, "one-back", scenario, "step 2")
    window.key("shift+Right")
    check_same(window, "a-driver-step", scenario, "step 2", "step driver")


def test_jumps(window, scenario):
    for key, word in (("n", "notification"), ("u", "used"), ("i", "interrupt"), ("f", "finding")):
        window.key("Home")
        window.wait_step(0)
        window.key(key)
        wait_for(f"the next {word}", lambda: window.step() > 100)
        check_same(window, f"next-{word}", scenario, f"until {word}")
    there = window.step()
    window.key("shift+n")
    wait_for("the notification before", lambda: 0 < window.step() < there)
    check_same(window, "notification-before", scenario, "until finding", "back until notification")


def test_run_and_speed(window, scenario):
    window.key("Home")
    window.wait_step(0)
    window.key("End")
    wait_for("the end", lambda: "as expected" in window.title())
    check_same(window, "the-end", scenario, "continue")
    window.key("Home")
    window.wait_step(0)
    window.key("minus", "minus", "minus", "minus")  # 100 a second
    window.key("space")
    wait_for("some steps", lambda: window.step() > 5)
    window.key("space")
    stood = window.step()
    time.sleep(0.3)
    here = window.step()
    if here > stood + 200 or "as expected" in window.title():
        raise Failure(f"it did not stand still at {stood}: {here}")
    wait_for("standing still", lambda: window.step() == window.step())


def test_help_and_queue(window, scenario):
    window.key("Home")
    window.wait_step(0)
    window.key("f")
    wait_for("the finding", lambda: window.step() > 100)
    window.key("h")
    wanted = headless(window, "no-help.png", scenario, "until finding")
    wait_for("help", lambda: differing_pixels(window.picture("help.png"), wanted) > 10000)
    window.key("Escape")
    check_same(window, "help-closed", scenario, "until finding")
    window.key("Tab")
    wait_for("another queue",
             lambda: differing_pixels(window.picture("queue.png"), wanted) > 20)
    window.key("Tab")
    check_same(window, "queue-0-again", scenario, "until finding")


def test_resize(window, scenario):
    for width, height in ((900, 700), (500, 400), (1200, 760)):
        window.tool("windowsize", window.id, str(width), str(height))
        wait_for(f"{width}x{height}", lambda: window.size() == (width, height))
        check_same(window, f"{width}x{height}", scenario, "until finding")


def test_save(window, scenario):
    window.key("s")
    path = os.path.join(window.folder, f"d-lost-display-v2-{window.step()}.png")
    wait_for(path, lambda: os.path.exists(path))
    wanted = headless(window, "saved-headless.png", scenario, "until finding")
    if differing_pixels(path, wanted) != 0:
        raise Failure("the saved picture is another one")


def test_command_line(ringside, scenario, folder):
    """Bad input: one line, what it was and what was expected, status 2; nothing is written."""
    rows = (
        ((), "no scenario given"),
        (("--headles", scenario), "did you mean --headless?"),
        (("--size", "12", scenario), "WxH"),
        (("--size", "100x99999", scenario), "WxH"),
        (("--scanout", "1", scenario), "the device has 1"),
        (("--scanout", "16", scenario), "from 0 to 15"),
        (("--png",), "needs a value"),
        (("--headless=1", scenario), "takes no value"),
        (("--png", "x.png", scenario), "--headless"),
        ((scenario, scenario), "one scenario at a time"),
        (("--headless", os.path.dirname(scenario)), "name one of them"),
        (("--headless", "nowhere.scn"), "nowhere.scn"),
        (("--headless", "--do", "until fnding", scenario), "fnding"),
        (("--headless", "--do", "quit", scenario), "nothing was drawn"),
        (("--headless", "--png", os.path.join(folder, "no", "x.png"), scenario), "x.png"),
        (("--headless", "--driver", "nowhere.so", scenario), "nowhere.so"),
    )
    for arguments, wanted in rows:
        done = run(ringside, "show", *arguments, check=False)
        if done.returncode != 2 or done.stderr.count("\n") != 1 or wanted not in done.stderr:
            raise Failure(f"{arguments}: status {done.returncode}, `{done.stderr}`")
    if os.listdir(folder):
        raise Failure(f"left behind: {os.listdir(folder)}")


def test_lost_process(ringside, folder):
    """A driver that takes its process along is told of, and the frame is drawn all the same."""
    scenario = os.path.join(folder, "lost.scn")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write("device gpu\ndriver unruly\ncall raw-kill -> ...\n")
    path = os.path.join(folder, "lost.png")
    done = run(ringside, "show", "--headless", "--png", path, scenario, check=False)
    if done.returncode != 0 or not os.path.exists(path):
        raise Failure(f"a lost process: status {done.returncode}, `{done.stderr}`")


def test_no_display(ringside, scenario):
    for name, value in (("DISPLAY", ":999"), ("DISPLAY", "")):
        env = dict(os.environ, **{name: value})
        env.pop("WAYLAND_DISPLAY", None)
        env.pop("SDL_VIDEODRIVER", None)
        done = run(ringside, "show", scenario, env=env, check=False)
        if done.returncode != 2 or done.stderr.count("\n") != 1 or "--headless" not in done.stderr:
            raise Failure(f"without a display: status {done.returncode}, `{done.stderr}`")


def test_halt(ringside, display, folder, scenario):
    """A run at full speed stands still when asked to, and goes on."""
    window = Window(ringside, display, folder, scenario)
    try:
        window.key("space")
        wait_for("a running driver", lambda: window.step() > 1000)
        window.key("space")

        def stands():
            before = window.step()
            time.sleep(0.5)
            return window.step() == before
        wait_for("standing still", stands)
        here = window.step()
        if "expected" in window.title():
            raise Failure("it ran to its end instead of standing still")
        window.key("Left")
        wait_for("a step back", lambda: here - 9 < window.step() < here)
        window.key("space")
        wait_for("the end", lambda: "as expected" in window.title())
    finally:
        window.close()


def test_scanouts(ringside, display, folder, scenario):
    """The key d goes through the scanouts; what one showed before it was switched off is kept."""
    window = Window(ringside, display, folder, "--size", "1200x760", "--do", "continue", scenario)
    try:
        wait_for("the end", lambda: "as expected" in window.title())
        check_same(window, "scanout-0", scenario, "continue")
        window.key("d")
        check_same(window, "scanout-1", scenario, "continue", scanout=1)
        window.key("d")
        check_same(window, "scanout-0-again", scenario, "continue")
        window.key("shift+d")
        check_same(window, "scanout-1-again", scenario, "continue", scanout=1)
        shown = [os.path.join(folder, f"scanout-{i}-headless.png") for i in (0, 1)]
        if differing_pixels(*shown) < 1000:
            raise Failure("both scanouts look alike")
    finally:
        window.close()


def test_wide_display(ringside, scenario, folder):
    """On a display of many pixels the window is large, and so is its text."""
    display, window = Display(3840, 2160), None
    try:
        window = Window(ringside, display, folder, "--do", "until used", scenario)
        wait_for("the used ring", lambda: window.step() > 100)
        if window.size() != (3456, 1944):
            raise Failure(f"the window has {window.size()}")
        check_same(window, "wide", scenario, "until used")
    finally:
        if window:
            window.close()
        display.close()


def main():
    ringside, scenarios = (os.path.abspath(path) for path in sys.argv[1:3])
    scenario = os.path.join(scenarios, "seed", "d-lost-display-v2.scn")
    keep = os.environ.get("RINGSIDE_KEEP")  # a folder for the pictures, to look at them
    with tempfile.TemporaryDirectory() as folder:
        display, window = Display(1280, 800), None
        try:
            test_no_display(ringside, scenario)
            test_command_line(ringside, scenario, folder)
            test_lost_process(ringside, folder)
            window = Window(ringside, display, keep or folder, "--size", "1200x760", scenario)
            for test in (test_steps, test_jumps, test_run_and_speed, test_help_and_queue,
                         test_resize, test_save):
                began = time.monotonic()
                test(window, scenario)
                print(f"ok {test.__name__} {time.monotonic() - began:.1f} s", flush=True)
            status = window.quit()
            if status != 0:
                raise Failure(f"q: status {status}")
            window = Window(ringside, display, keep or folder, scenario)
            wait_for("a frame", lambda: window.step() == 0)
            window.process.send_signal(signal.SIGINT)
            window.process.wait(timeout=WAIT_SECONDS)
            window.wait_gone()
            test_halt(ringside, display, keep or folder,
                      os.path.join(scenarios, "suite", "version-2", "many-requests.scn"))
            test_scanouts(ringside, display, keep or folder,
                          os.path.join(scenarios, "gpu", "a-second-scanout.scn"))
            test_wide_display(ringside, scenario, keep or folder)
        except Failure as failure:
            print(f"not ok: {failure}")
            return 1
        finally:
            if window:
                window.close()
            display.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
