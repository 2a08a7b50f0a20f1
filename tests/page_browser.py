#!/usr/bin/python3
"""Uses the pages of `ringside run --html` as a person would, in a headless Chromium.

Usage: tests/page_browser.py RINGSIDE SCENARIOS FOLDER [--figures]

Pages are made in FOLDER and opened as files. With --figures nothing is checked: a page of a million
events is made, and what it takes to write, open and use it is printed.
Exit status: 0, all is well; 1, it is not; 77, there is no browser to try it with.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("python3-selenium is not installed: skipped")
    sys.exit(77)

DRIVER = shutil.which("chromedriver")
WAIT_SECONDS = 60
CONTRAST_MIN = 4.5  # WCAG 2, AA, for text of this size
LARGE_REQUESTS = 580  # some 100,000 events
FIGURE_REQUESTS = 5750  # some 1,000,000
COLORS = ["text", "faint", "accent", "driver", "memory", "device", "bad", "warn", "note", "good"]
BACKS = {"bad": "bad-back", "warn": "warn-back", "note": "note-back", "good": "good-back"}

HOSTILE_NAME = "x<img src=q onerror=alert(1)>\"'&`%23 \\u003c"
HOSTILE_FILE = "x_img_src_q_onerror_alert_1_______23__u003c.html"
HOSTILE = """# </script><script>alert('d')</script> & <b>bold</b> <!-- <script> -->
device gpu version 2
driver hostile
call attack 1 -> TIMEOUT  # <script>alert(4)</script>
"""
LARGE = """# Many requests.
device gpu version 2
driver reference queue-size 16
schedule lazy
call init
call requests {}
"""


def check(good, what):
    if not good:
        raise AssertionError(what)


class Browser:
    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        for argument in ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update",
                         "--disable-sync", "--user-data-dir=" + profile,
                         "--window-size=1280,800"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_page_load_timeout(WAIT_SECONDS)
        self.driver.set_script_timeout(WAIT_SECONDS)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, what):
        """Until a condition of the page holds: it tells when, no clock decides."""
        good = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "const end = performance.now() + %d;"
            "(function look() {"
            "  let good = false;"
            "  try { good = Boolean((function () { %s })()); } catch (error) { good = false; }"
            "  if (good || performance.now() > end) { done(good); }"
            "  else { setTimeout(look, 10); }"
            "}());" % (WAIT_SECONDS * 900, script))
        check(good, what)

    def open(self, path):
        self.driver.get("file://" + urllib.parse.quote(path))

    def open_page(self, path):
        self.open(path)
        self.wait("return document.documentElement.dataset.ready === 'yes'", path + ": not ready")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def drawn(self):
        """Until the page has drawn what was done to it."""
        self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "requestAnimationFrame(() => requestAnimationFrame(done));")

    def text(self, selector):
        self.drawn()
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def count(self, selector):
        self.drawn()
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def keys(self, *keys):
        """To whatever has the focus, as a keyboard does it."""
        chain = webdriver.ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def focus(self, selector):
        self.run("document.querySelector(arguments[0]).focus()", selector)

    def state(self):
        return self.run("return ringside.diagram.state()")

    def selected(self):
        """The text of the selected row, as it is drawn."""
        self.drawn()
        self.wait("const row = document.querySelector('#rows .row[aria-selected=true]');"
                  "return row && !row.textContent.includes('\\u2026');", "no row is selected")
        return self.text("#rows .row[aria-selected=true] .text")

    def check_quiet(self, where):
        lines = self.driver.get_log("browser")
        check(not lines, f"{where}: the console says {lines}")
        resources = self.run(
            "return performance.getEntriesByType('resource').map((entry) => entry.name)"
            ".filter((name) => !name.startsWith('data:'))")
        check(not resources, f"{where}: loaded {resources}")


def make_pages(ringside, folder, scenarios, options=()):
    pages = os.path.join(folder, "pages")
    result = subprocess.run([ringside, "run", "--html", pages, "-q", *options, *scenarios],
                            cwd=folder, capture_output=True, text=True, check=False)
    check(result.returncode in (0, 1), result.stdout + result.stderr)
    return pages


def write(folder, name, text):
    with open(os.path.join(folder, name + ".scn"), "w", encoding="utf-8") as file:
        file.write(text)


# ---- what every page has ----

def luminance(color):
    parts = [int(part) / 255 for part in color]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def color_of(browser, name):
    return browser.run(
        "const probe = document.createElement('p');"
        "probe.style.color = 'var(--' + arguments[0] + ')';"
        "document.body.append(probe);"
        "const color = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3);"
        "probe.remove();"
        "return color;", name)


def check_contrast(browser, theme):
    for name in COLORS:
        for back in ["back", "raised", BACKS.get(name)]:
            if back is None:
                continue
            pair = sorted([luminance(color_of(browser, name)), luminance(color_of(browser, back))])
            ratio = (pair[1] + 0.05) / (pair[0] + 0.05)
            check(ratio >= CONTRAST_MIN, f"{theme}: {name} on {back} has a contrast of {ratio:.2f}")


def check_themes(browser):
    seen = {}
    for _ in range(3):
        browser.find("#theme").click()
        theme = browser.run("return document.documentElement.dataset.theme")
        check(browser.text("#theme") == "Theme: " + theme, "the button does not name the theme")
        seen[theme] = color_of(browser, "back")
        check_contrast(browser, theme)
    check(set(seen) == {"auto", "light", "dark"}, f"themes: {seen}")
    check(luminance(seen["light"]) > 0.8 > 0.1 > luminance(seen["dark"]), f"themes: {seen}")


def check_parts(browser, name):
    check(browser.text("h1") == name, f"h1 is {browser.text('h1')}")
    check(browser.driver.title == name + " - ringside", browser.driver.title)
    for part in ["verdict", "calls", "ladder", "findings", "sequence", "rings", "machine",
                 "scenario", "terminal"]:
        check(browser.run("const part = document.getElementById(arguments[0]);"
                          "return part.textContent.trim().length > 20", part), f"{part} is empty")
    check(browser.text("#again code").startswith("ringside run "), "no command")
    duplicate = browser.run(
        "const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);"
        "return ids.find((id, index) => ids.indexOf(id) !== index)")
    check(duplicate is None, f"two elements have the id {duplicate}")
    nameless = browser.run(
        "return [...document.querySelectorAll('button, input, a')].filter((element) =>"
        "!(element.textContent.trim() || element.getAttribute('aria-label') || element.labels &&"
        "element.labels.length)).map((element) => element.outerHTML)")
    check(not nameless, f"without a name: {nameless}")


# ---- the pages ----

def check_stuck(browser, pages):
    """Row A: a request that is stuck, one finding."""
    browser.open_page(pages + "/a-timeout.html")
    check_parts(browser, "a-timeout")
    check("LMMIO-DRV-D10" in browser.text(".finding h3"), "no finding")
    check("force-legacy=false" in browser.text(".finding .notes"), "no help")
    check("VIRTIO_MMIO_QueueReady) = 1;" in browser.text(".finding .fault .source .marked"),
          "the driver's line is not marked")
    check(browser.text(".rung.missed .word") == "queue-live", "the missed rung does not stand out")
    check(browser.count(".rung") == 22, "rungs are missing")
    check("no live queue" in browser.text("#ring-box"), "the rings are shown as live")
    browser.find(".finding .fault figcaption button").click()
    check("QueueReady" in browser.selected(), browser.selected())
    check("finding" in browser.selected(), "the row does not tell of its finding")
    check("QueueReady) = 1;" in browser.text("#details .source .marked"), "no source in details")
    check(browser.text("#details .command code").endswith("--until 144"), "no command to stop")
    browser.check_quiet("row A")


def check_keyboard(browser):
    """On the page of row A: fold, zoom, jump, filter, help, all by keys."""
    browser.focus("#view")
    browser.keys(Keys.HOME)
    check(browser.state()["selected"] == 0, "Home")
    browser.keys("1")
    calls = browser.state()["total"]
    check(calls == 2, f"{calls} rows where two calls are folded")
    browser.keys("4")
    everything = browser.state()["total"]
    check(everything > 304, f"{everything} rows where nothing is folded")
    browser.keys("1", Keys.HOME, Keys.ENTER)
    check(calls < browser.state()["total"] < everything, "Enter does not unfold")
    browser.keys(Keys.ARROW_DOWN)
    check("call 0" in browser.selected(), browser.selected())
    browser.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    check(browser.state()["total"] == calls, "the left arrow does not fold")
    browser.keys("3", "n")
    check("write QueueNotify" in browser.selected(), browser.selected())
    check(browser.driver.switch_to.active_element.get_attribute("id") == "view", "focus is lost")
    browser.keys("r")
    check(browser.driver.switch_to.active_element.get_attribute("id") == "ring-slider", "r")
    browser.keys("s", "F")
    check("QueueReady" in browser.selected(), browser.selected())
    height = browser.state()["height"]
    browser.keys("+", "+")
    check(browser.state()["height"] > height, "+ does not zoom")
    browser.keys("-", "-", "-", "-", "-")
    check(browser.state()["height"] < 14, "- does not zoom")
    check(browser.count(".seq-main.dense") == 1, "low rows still have text")
    browser.keys("+", "+", "+")
    browser.keys("/", *"queueready 1")
    browser.wait("return ringside.diagram.state().filtered", "the filter does nothing")
    check(browser.text("#filter-count") == "1 event", browser.text("#filter-count"))
    browser.keys(Keys.ESCAPE)
    browser.wait("return !ringside.diagram.state().filtered", "Escape does not end the filter")
    browser.focus("#view")
    browser.keys("?")
    check(browser.run("return document.getElementById('help').open"), "? shows no help")
    browser.keys(Keys.ESCAPE)
    check(not browser.run("return document.getElementById('help').open"), "Escape leaves help open")
    browser.keys("g", *"98", Keys.ENTER)
    browser.wait("return ringside.diagram.state().selected === 97", "g does not go to a step")
    check("write Status 0" in browser.selected(), browser.selected())
    browser.check_quiet("keys")


def check_mouse(browser):
    """On the page of row A: fold by a click, zoom by the buttons, click the map."""
    browser.find("#levels button").click()
    before = browser.state()["total"]
    browser.find("#rows .row.fold .twist").click()
    check(browser.state()["total"] > before, "a click on the triangle does not unfold")
    height = browser.state()["height"]
    browser.find("#zoom-in").click()
    check(browser.state()["height"] > height, "the button does not zoom")
    browser.find("#levels button:last-child").click()
    browser.find("#jump-e button:last-child").click()
    check(browser.state()["selectedFold"] == -1, "the jump selects a fold")
    top = browser.state()["top"]
    area = browser.find("#map")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", area)
    webdriver.ActionChains(browser.driver).move_to_element_with_offset(
        area, 0, -area.size["height"] // 2 + 5).click().perform()
    check(browser.state()["top"] < top, "a click on the map does not lead there")
    browser.check_quiet("mouse")


def check_lost_display(browser, pages):
    """Row D: the picture that was on the screen before it was lost."""
    browser.open_page(pages + "/d-lost-display.html")
    check_parts(browser, "d-lost-display")
    check("Scanout 0 was lost" in browser.text("#screen"), browser.text("#screen"))
    sizes = browser.run("return [...document.querySelectorAll('#screen img')].map((image) =>"
                        "[image.complete, image.naturalWidth, image.naturalHeight])")
    check(sizes == [[True, 160, 100]], f"pictures: {sizes}")
    browser.find("#screen button").click()
    browser.wait("const row = document.querySelector('#rows .row[aria-selected=true]');"
                 "return row.textContent.includes('write Status 0')", "no jump to the loss")
    browser.check_quiet("row D")


def check_rings(browser, pages):
    """A scenario of the suite, with many notifications."""
    browser.open_page(pages + "/many-requests.html")
    check_parts(browser, "many-requests")
    count = browser.run("return ringside.rings.state().count")
    check(count > 2, f"{count} pictures")
    browser.focus("#ring-slider")
    browser.keys(Keys.ARROW_RIGHT)
    check(browser.run("return ringside.rings.state().shown") == 1, "the arrow does not move")
    browser.keys("]")
    check(browser.run("return ringside.rings.state().shown") == 2, "] does not move")
    browser.keys("[", Keys.END)
    check(browser.run("return ringside.rings.state().shown") == count - 1, "End does not move")
    check(browser.count("#ring-box svg.ring") == 3, "table and two rings are not drawn")
    check(browser.count("#ring-box .chain") > 0, "no chain is drawn")
    check(browser.count("#ring-box .pending") > 0, "no slot is pending at a notification")
    browser.find("#ring-title button").click()
    check("write QueueNotify" in browser.selected(), browser.selected())
    browser.check_quiet("rings")


def check_hostile(browser, pages):
    """Names that are markup."""
    browser.open_page(pages + "/" + HOSTILE_FILE)
    check_parts(browser, HOSTILE_NAME)
    check(browser.count("img[src=q]") == 0, "a name became an image")
    check(browser.count("script") == 6, "a name became a script")
    check("</script><script>alert('d')</script>" in browser.text("#about"), "the comment is lost")
    check("<script>alert(4)</script>" in browser.text("#scenario"), "the scenario is lost")
    check("</script><img src=q onerror=alert(8)>" in browser.text("#machine"), "the driver is lost")
    browser.focus("#view")
    browser.keys("4", Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    check("img-src=q" in browser.selected(), browser.selected())
    browser.check_quiet("hostile names")
    browser.open(pages + "/index.html")
    check(browser.count("img") == 0, "the index has an image")
    browser.run("[...document.querySelectorAll('#rows a')].find((link) =>"
                "link.textContent.startsWith('x<img')).click()")
    browser.wait("return location.href.includes('x_img')", "the index does not lead to the page")


def check_index(browser, pages):
    browser.open(pages + "/index.html")
    first = browser.text("#rows tr .badge")
    check("failed" in first, f"the first row is {first}")
    total = browser.count("#rows tr")
    browser.focus("body")
    browser.keys("/", *"queue-live levitate")
    shown = browser.count("#rows tr:not([hidden])")
    check(0 < shown < total, f"{shown} rows of {total} after the filter")
    check_themes(browser)
    browser.find("#rows tr:not([hidden]) a").click()
    browser.wait("return document.documentElement.dataset.ready === 'yes'", "a link leads nowhere")
    browser.check_quiet("index")


def check_large(browser, pages):
    """A hundred thousand events: only what is in view is drawn, and the end is at hand."""
    browser.open_page(pages + "/large.html")
    check_parts(browser, "large")
    browser.focus("#view")
    browser.keys("4", "+", "+")
    state = browser.state()
    check(state["total"] > 100000, f"{state['total']} rows")
    check(browser.run("return document.getElementById('space').offsetHeight") <= 2000000,
          "an element is higher than browsers allow")
    browser.keys(Keys.END)
    check("return" in browser.selected(), browser.selected())
    check(browser.count("#rows .row") < 100, "rows are drawn that nobody sees")
    browser.drawn()
    bottom = browser.run("const row = document.querySelector('#rows .row[aria-selected=true]');"
                         "const view = document.getElementById('view').getBoundingClientRect();"
                         "return view.bottom - row.getBoundingClientRect().bottom")
    check(-2 <= bottom <= 120, f"the last row is {bottom} pixels above the end")
    top = browser.state()["top"]
    browser.run("document.getElementById('view').dispatchEvent(new WheelEvent('wheel',"
                "{deltaY: -720, cancelable: true}))")
    moved = top - browser.state()["top"]
    check(15 < moved < 25, f"the wheel moves {moved} rows")
    browser.run("document.getElementById('view').scrollTop = 1000000")
    browser.wait("const state = ringside.diagram.state();"
                 "return Math.abs(state.top / state.total - 0.5) < 0.05", "the scroll bar is dead")
    browser.keys("/", *"queuenotify")
    browser.wait("return ringside.diagram.state().filtered", "the filter does nothing")
    check(browser.text("#filter-count") == f"{LARGE_REQUESTS} events",
          browser.text("#filter-count"))
    browser.check_quiet("large")


def check_narrow(browser, pages):
    browser.driver.set_window_size(420, 800)
    browser.open_page(pages + "/a-timeout.html")
    wide = browser.run("return document.documentElement.scrollWidth - innerWidth")
    check(wide <= 0, f"the page is {wide} pixels wider than a narrow window")
    browser.driver.set_window_size(1280, 800)


def check_markup(pages):
    """By a validator, as the files are before any script runs."""
    tidy = shutil.which("tidy")
    if tidy is None:
        print("tidy is not installed: markup was not validated")
        return
    for name in ["a-timeout.html", "index.html", HOSTILE_FILE]:
        result = subprocess.run([tidy, "-q", "-e", "--show-body-only", "no",
                                 "--drop-empty-elements", "no", os.path.join(pages, name)],
                                capture_output=True, text=True, check=False)
        check(result.returncode == 0, name + ": " + result.stderr[:2000])


def test(ringside, scenarios, folder, browser):
    with open(scenarios + "/seed/d-lost-display-v1.scn", encoding="utf-8") as file:
        write(folder, "d-lost-display", file.read().replace("1280x800", "160x100"))
    write(folder, HOSTILE_NAME, HOSTILE)
    write(folder, "large", LARGE.format(LARGE_REQUESTS))
    pages = make_pages(ringside, folder, [
        scenarios + "/seed/a-timeout.scn", "d-lost-display.scn",
        scenarios + "/suite/version-2/many-requests.scn", HOSTILE_NAME + ".scn", "large.scn"],
        ["--drivers", os.path.join(os.path.dirname(ringside), "drivers")])
    check_markup(pages)
    check_stuck(browser, pages)
    check_keyboard(browser)
    check_mouse(browser)
    check_themes(browser)
    check_lost_display(browser, pages)
    check_rings(browser, pages)
    check_hostile(browser, pages)
    check_index(browser, pages)
    check_large(browser, pages)
    check_narrow(browser, pages)


def figures(ringside, folder, browser):
    write(folder, "million", LARGE.format(FIGURE_REQUESTS))
    without = time.monotonic()
    subprocess.run([ringside, "run", "-q", "million.scn"], cwd=folder, stdout=subprocess.DEVNULL,
                   check=False)
    begin = time.monotonic()
    pages = make_pages(ringside, folder, ["million.scn"])
    end = time.monotonic()
    path = pages + "/million.html"
    browser.open_page(path)
    paint, ready = browser.run(
        "return [performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd]")
    browser.run("ringside.diagram.goToRow(0, true)")
    browser.keys("4")
    act = ("const done = arguments[arguments.length - 1], begin = performance.now();"
           "const view = document.getElementById('view');"
           "%s"
           "(function look() { if (%s) { done(performance.now() - begin); }"
           "else { requestAnimationFrame(look); } }());")
    to_end = browser.driver.execute_async_script(act % (
        "view.dispatchEvent(new KeyboardEvent('keydown', {key: 'End'}));",
        "/return/.test((document.querySelector('#rows .row[aria-selected=true]') || view)"
        ".textContent)"))
    unfold = browser.driver.execute_async_script(act % (
        "view.dispatchEvent(new KeyboardEvent('keydown', {key: '3'}));",
        "ringside.diagram.state().level === 2"))
    search = browser.driver.execute_async_script(act % (
        "const field = document.getElementById('filter'); field.value = 'queuenotify';"
        "field.dispatchEvent(new Event('input'));", "ringside.diagram.state().filtered"))
    heap = browser.run("return performance.memory.usedJSHeapSize")
    print(f"events                  {browser.run('return ringside.data.steps'):,}")
    print(f"file                    {os.path.getsize(path) / 1e6:.1f} MB")
    print(f"run without a page      {begin - without:.2f} s")
    print(f"run and write the page  {end - begin:.2f} s")
    print(f"first paint             {paint:.0f} ms")
    print(f"report is there         {ready:.0f} ms")
    print(f"jump to the end         {to_end:.0f} ms")
    print(f"fold all                {unfold:.0f} ms")
    print(f"filter all              {search:.0f} ms")
    print(f"JavaScript heap         {heap / 1e6:.0f} MB")


def main():
    ringside, scenarios, folder = (os.path.abspath(path) for path in sys.argv[1:4])
    if DRIVER is None:
        print("chromium-driver is not installed: skipped")
        return 77
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            if "--figures" in sys.argv:
                figures(ringside, folder, browser)
            else:
                test(ringside, scenarios, folder, browser)
        except AssertionError as error:
            print(f"page_browser: {error}")
            browser.driver.save_screenshot(os.path.join(folder, "failed.png"))
            return 1
        finally:
            browser.driver.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
