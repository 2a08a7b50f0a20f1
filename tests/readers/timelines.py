#!/usr/bin/env python3
"""Lets real readers open timelines of real runs, and asks them what they read.

Usage: timelines.py perfetto|vcd RINGSIDE SCENARIOS FOLDER. Perfetto's format is read by protoc
against its schema (perfetto.py), VCD by GTKWave's vcd2fst and fst2vcd (vcd.py). Timelines are
written into FOLDER, which is made anew. Exits 1 at the first thing that is not so.
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import perfetto  # noqa: E402
import vcd  # noqa: E402

RINGSIDE = SCENARIOS = FOLDER = None
MEMORY_MAX_KB = 8 * 1024  # more than a run without a timeline, however long it is


def same(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r} was read, {wanted!r} expected")


def run(word, *scenarios, options=(), status=0):
    """The timeline of a run, of scenarios of the project's or with a path of their own."""
    path = os.path.join(FOLDER, os.path.basename(scenarios[0]) + "." + word)
    done = subprocess.run([RINGSIDE, "run", "-q", f"--trace={path}", "--trace-format", word,
                           *options, *(os.path.join(SCENARIOS, f"{s}.scn") for s in scenarios)],
                          capture_output=True, text=True)
    if status is not None:
        same(f"{scenarios}: exit status ({done.stderr})", done.returncode, status)
    return path


def scenario(name, text):
    path = os.path.join(FOLDER, name)
    with open(f"{path}.scn", "w", encoding="ascii") as file:
        file.write(text)
    return path


def lost():
    """A scenario whose driver crashes in its first call and kills its process in the second."""
    return scenario("lost", "device gpu\ndriver unruly\ncall null-read 1 -> ...\n"
                            "call raw-kill -> ...\n")


# Two requests, published at once, that the device is never told of; then the device is reset.
TWO = """device gpu version 2
driver reference queue-size 4
call init -> OK
alloc request 0x1000 at 0x41000000
store 0x41000000 4 0x100
store q0.desc[0].addr 0x41000000
store q0.desc[0].len 24
store q0.desc[0].flags 1
store q0.desc[0].next 1
store q0.desc[1].addr 0x41000800
store q0.desc[1].len 408
store q0.desc[1].flags 2
store q0.desc[2].addr 0x41000000
store q0.desc[2].len 24
store q0.desc[2].flags 1
store q0.desc[2].next 3
store q0.desc[3].addr 0x41000a00
store q0.desc[3].len 408
store q0.desc[3].flags 2
store q0.avail.ring[0] 2
store q0.avail.ring[1] 0
store q0.avail.idx 2
write Status 0
"""

# A ring that is filled before the device is shown it: descriptors at 0x41000000, avail at +0x100,
# used at +0x200, one request at +0x800.
FILLED = """device gpu version 2
alloc rings 0x1000 at 0x41000000
store 0x41000000 8 0x41000800
store 0x41000008 4 24
store 0x4100000c 2 1
store 0x4100000e 2 1
store 0x41000010 8 0x41000a00
store 0x41000018 4 408
store 0x4100001c 2 2
store 0x41000800 4 0x100
store 0x41000102 2 1
write Status 0
write Status 1
write Status 3
write DriverFeaturesSel 1
write DriverFeatures 1
write Status 11
write QueueSel 0
write QueueSize 4
write QueueDescLow 0x41000000
write QueueDriverLow 0x41000100
write QueueDeviceLow 0x41000200
write QueueReady 1
write Status 15
write QueueNotify 0
"""


# ---- perfetto ----

def calls(trace, process):
    return [(s.name, s.notes.get("result")) for s in trace.slices("driver", process)]


def perfetto_of_a_timeout():
    """Row A: the queue never comes to life, so there is no request; and polls make no file."""
    path = run("perfetto", "seed/a-timeout")
    trace = perfetto.load(path)
    same("a: calls", calls(trace, "a-timeout"),
         [("call init", "OK"), ("call get_display_info", "TIMEOUT")])
    same("a: flows", len(trace.flows), 0)
    same("a: requests", trace.of("queue 0: requests"), [])
    stuck = [i for i in trace.instants("driver") if i[1].startswith("stuck")]
    same("a: stuck", len(stuck), 1)
    (step, name, notes), = trace.instants("findings")
    same("a: finding", (name.split(":")[0], notes["rule"], notes["level"]),
         ("LMMIO-DRV-D10", "LMMIO-DRV-D10", "error"))
    wrong = [i for i in trace.instants("driver") if i[0] == step]
    same("a: what stands where the finding stands", wrong[0][1], "write QueueReady")
    same("a: the same source line", notes["at"], wrong[0][2]["at"])
    same("a: verdict", wrong[0][2]["verdict"], "wrong-version")
    same("a: below 64 KiB", os.path.getsize(path) < 64 * 1024, True)


def perfetto_of_one_request():
    """Row B: one request, from publication over the device to the driver's look at it."""
    trace = perfetto.load(run("perfetto", "seed/b-version-2"))
    flow, = trace.flows.values()
    same("b: flow", [(track, name) for _, track, name in flow.points],
         [("memory", "driver store q0.avail.idx"), ("queue 0: requests", "head 0"),
          ("device: queue 0", "avail.ring"), ("memory", "device store q0.used.idx"),
          ("memory", "driver load q0.used.idx")])
    same("b: flow ends", flow.ended, True)
    request, command = trace.slices("queue 0: requests")
    same("b: request", (request.name, request.depth, request.begin, request.end),
         ("head 0", 0, flow.points[0][0], flow.points[3][0]))
    same("b: command", (command.name, command.depth), ("VIRTIO_GPU_CMD_GET_DISPLAY_INFO", 1))
    same("b: phases", [s.name for s in trace.slices("device: queue 0")],
         ["avail.idx", "avail.ring", "desc", "request", "execute", "response", "used.ring",
          "used.idx", "suppression", "interrupt", "avail.idx"])
    same("b: and then rests", [s.end - s.begin for s in trace.slices("device: queue 0")][-2:],
         [1, 1])
    for counter, values in (("q0.avail.idx", [0, 1]), ("q0.used.idx", [0, 1]),
                            ("q0 in flight", [0, 1, 0])):
        same(f"b: {counter}", [v for _, v in trace.values(counter)], values)
    same("b: DMA memory", trace.values("DMA memory allocated")[-1][1], 3 * 4096)
    same("b: source", request.notes["at"].rsplit(":")[0], "driver/specimens/levitate/queue.c")


def perfetto_of_interrupts():
    """28 requests with completion by interrupt, one of them answered two million steps late."""
    trace = perfetto.load(run("perfetto", "gpu/late-answers-with-interrupts"))
    requests = [s for s in trace.slices("queue 0: requests") if s.depth == 0]
    same("interrupts: requests", [s.notes["request"] for s in requests], list(range(1, 29)))
    same("interrupts: flows, each to its end", [f.ended for f in trace.flows.values()], [True] * 28)
    raised = [i for i in trace.instants("device") if i[1] == "interrupt used"]
    waits = [i for i in trace.instants("driver") if i[1] == "wait interrupt"]
    same("interrupts: raised, waited for", (len(raised), len(waits)), (27, 1))
    same("interrupts: the late one", [s.end - s.begin > 1_000_000 for s in requests],
         [False, True] + [False] * 26)
    same("interrupts: used.idx", [v for _, v in trace.values("q0.used.idx")], list(range(29)))
    same("interrupts: all is freed", trace.values("DMA memory allocated")[-1][1], 0)


def perfetto_of_a_part():
    """A run that is stopped: what is open then is closed."""
    trace = perfetto.load(run("perfetto", "seed/b-version-2", options=["--until", "173"]))
    same("part: calls", calls(trace, "b-version-2"),
         [("call init", "OK"), ("call get_display_info", None)])
    request, = trace.slices("queue 0: requests")
    same("part: request", request.notes["end"], "in flight when the run ended")


def perfetto_of_a_lost_process():
    """What a driver does to its process does nothing to the file, nor to the runs around it."""
    trace = perfetto.load(run("perfetto", "seed/b-version-2", lost(), "seed/a-timeout", status=1))
    same("lost: processes", list(trace.processes.values()), ["b-version-2", "lost", "a-timeout"])
    same("lost: calls", calls(trace, "lost"),
         [("call null-read", "did not return"), ("call raw-kill", None)])
    same("lost: findings", [i[2]["rule"] for i in trace.instants("findings", "lost")],
         ["RS-CRASH", "RS-PROCESS"])
    same("lost: crash", [i[1].split()[0] for i in trace.instants("driver", "lost")], ["crash"])
    same("lost: the one behind it", calls(trace, "a-timeout")[-1][1], "TIMEOUT")


def perfetto_of_two_at_once():
    """Requests that overlap lie in lanes of their own; a reset takes them away."""
    trace = perfetto.load(run("perfetto", scenario("two", TWO), status=None))
    lanes = trace.of("queue 0: requests")
    same("two: lanes", sorted(s.name for t in lanes for s in t.slices), ["head 0", "head 2"])
    same("two: one a lane", [len(t.slices) for t in lanes], [1, 1])
    same("two: taken away", {s.notes["end"] for s in trace.slices("queue 0: requests")},
         {"the queue was taken away"})
    store, = [i for i in trace.instants("memory") if i[1] == "driver store q0.avail.idx"
              and i[2]["value"] == 2]
    same("two: both flows begin there", [f.points[0] for f in trace.flows.values()],
         [(store[0], "memory", "driver store q0.avail.idx")] * 2)
    same("two: no flow ends", [f.ended for f in trace.flows.values()], [False] * 2)
    same("two: in flight", [v for _, v in trace.values("q0 in flight")], [0, 2, 0])


def perfetto_of_a_filled_ring():
    """A request that was in the ring before QueueReady is published by QueueReady."""
    trace = perfetto.load(run("perfetto", scenario("filled", FILLED), status=None))
    ready, = [i for i in trace.instants("driver") if i[1] == "write QueueReady"]
    request, command = trace.slices("queue 0: requests")
    same("filled: published", request.begin, ready[0])
    same("filled: done", command.name, "VIRTIO_GPU_CMD_GET_DISPLAY_INFO")
    same("filled: used", [v for _, v in trace.values("q0.used.idx")], [0, 1])
    flow, = trace.flows.values()
    same("filled: flow", [p[1] for p in flow.points],
         ["queue 0: requests", "driver", "device: queue 0", "memory"])


def perfetto_of_several():
    """One process a scenario, each with a beginning of its own."""
    names = ["seed/b-version-2", "seed/a-timeout", "init/a-register-by-bytes"]
    trace = perfetto.load(run("perfetto", *names))
    same("several: processes", list(trace.processes.values()),
         [os.path.basename(n) for n in names])
    same("several: calls", [len(calls(trace, os.path.basename(n))) for n in names], [2, 2, 0])
    same("several: flows", len(trace.flows), 1)
    same("several: all begin early", {t.instants[0][0] for t in trace.of("driver")}, {1, 2})


def peak_kb(*arguments):
    """Peak memory of a run, of ringside and its workers."""
    script = ("import resource, subprocess, sys; "
              "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", script, RINGSIDE, "run", "-q", *arguments],
                          capture_output=True, text=True, check=True)
    return int(done.stdout)


def pixel_by_pixel():
    """A driver that stores each pixel by itself, a million of them; the scenarios' own does not."""
    return ["--driver", os.path.join(os.path.dirname(RINGSIDE), "drivers", "dormouse.so")]


def perfetto_of_a_million():
    """A million events: every packet is whole, all are there, and memory does not grow."""
    scenario = os.path.join(SCENARIOS, "suite/version-2/interrupts.scn")
    path = os.path.join(FOLDER, "million.perfetto")
    plain = [*pixel_by_pixel(), scenario]
    more = peak_kb(f"--trace={path}", "--trace-format", "perfetto", *plain) - peak_kb(*plain)
    same(f"million: {more} KiB more than without", more < MEMORY_MAX_KB, True)
    with open(path, "rb") as file:
        data = file.read()
    at = count = 0
    while at < len(data):
        same("million: a packet begins", data[at], 0x0a)
        at += 3 + (data[at + 1] & 0x7f | data[at + 2] << 7)
        count += 1
    same("million: the last packet is whole", at, len(data))
    same(f"million: {count} packets", count > 1_000_000, True)
    os.remove(path)


# ---- VCD ----

def vcd_of_a_timeout():
    path = run("vcd", "seed/a-timeout")
    dump = vcd.load(path, FOLDER)
    same("a: scopes", [dump.scope[name] for name in ("call", "Status", "q1_live")],
         ["a_timeout", "a_timeout.device", "a_timeout.q1"])
    same("a: final", {name: dump.final(name) for name in
                      ("findings", "Status", "DRIVER_OK", "FAILED",
                       "q0_live", "q0_avail_idx", "q0_in_flight", "InterruptStatus")},
         {"findings": 1, "Status": 15, "DRIVER_OK": 1, "FAILED": 0,
          "q0_live": 0, "q0_avail_idx": 0, "q0_in_flight": 0, "InterruptStatus": 0})
    same("a: stuck in the call only", dump.values("stuck"), [0, 1, 0])
    same("a: calls", dump.values("call"), ["-", "init", "-", "get_display_info", "-"])
    same("a: notified", len(dump.values("notify")), 1)
    same("a: below 8 KiB", os.path.getsize(path) < 8192, True)


def vcd_of_one_request():
    dump = vcd.load(run("vcd", "seed/b-version-2"), FOLDER)
    same("b: Status", dump.values("Status"), [0, 1, 3, 11, 15])
    same("b: phases", dump.values("q0_phase"),
         ["-", "idle", "avail.idx", "avail.ring", "desc", "request", "execute", "response",
          "used.ring", "used.idx", "suppression", "interrupt", "avail.idx", "idle"])
    for name, values in (("q0_live", [0, 1]), ("q0_avail_idx", [0, 1]), ("q0_used_idx", [0, 1]),
                         ("q0_seen_idx", [0, 1]), ("q0_in_flight", [0, 1, 0]),
                         ("q0_size", [0, 16]), ("q1_live", [0]),
                         ("InterruptStatus", [0, 1])):
        same(f"b: {name}", dump.values(name), values)
    order = [dump.changes(name)[1][0] for name in
             ("q0_live", "q0_avail_idx", "notify", "q0_used_idx", "q0_seen_idx")
             if len(dump.changes(name)) > 1]
    same("b: in this order", order, sorted(order))
    same("b: published and in flight at once", dump.changes("q0_avail_idx")[1][0],
         dump.changes("q0_in_flight")[1][0])


def vcd_of_interrupts():
    dump = vcd.load(run("vcd", "gpu/late-answers-with-interrupts"), FOLDER)
    same("interrupts: used_idx", dump.values("q0_used_idx"), list(range(29)))
    same("interrupts: seen_idx", dump.values("q0_seen_idx"), list(range(29)))
    same("interrupts: InterruptStatus", dump.values("InterruptStatus"), [0, 1, 0, 1, 0])
    same("interrupts: never stuck", dump.values("stuck"), [0])
    same("interrupts: notifications", len(dump.values("notify")), 28)
    same("interrupts: Status", dump.values("Status")[-2:], [15, 0])


def vcd_of_a_lost_process():
    dump = vcd.load(run("vcd", lost(), status=1), FOLDER)
    same("lost: calls", dump.values("call"), ["-", "null_read", "-", "raw_kill"])
    same("lost: findings", dump.values("findings"), [0, 1, 2])


def vcd_of_a_million():
    """A million events, of which pixels are most and change no signal."""
    path = run("vcd", "suite/version-2/interrupts", options=pixel_by_pixel())
    dump = vcd.load(path, FOLDER)
    used = dump.final("q0_used_idx")
    same("million: as many published as used, and seen",
         (dump.final("q0_avail_idx"), dump.final("q0_seen_idx")), (used, used))
    with open(run("text", "suite/version-2/interrupts", options=pixel_by_pixel()),
              encoding="utf-8") as text:
        told = sum(" driver write QueueNotify " in line for line in text)
    same("million: notifications", len(dump.values("notify")), told)
    same("million: there were some", 0 < told <= used, True)
    same("million: the last step", dump.changes("call")[-1][0] > 1_000_000, True)
    same("million: below 64 KiB", os.path.getsize(path) < 64 * 1024, True)


CASES = {
    "perfetto": [perfetto_of_a_timeout, perfetto_of_one_request, perfetto_of_interrupts,
                 perfetto_of_a_part, perfetto_of_a_lost_process, perfetto_of_two_at_once,
                 perfetto_of_a_filled_ring, perfetto_of_several, perfetto_of_a_million],
    "vcd": [vcd_of_a_timeout, vcd_of_one_request, vcd_of_interrupts, vcd_of_a_lost_process,
            vcd_of_a_million],
}


def main():
    global RINGSIDE, SCENARIOS, FOLDER
    if len(sys.argv) != 5 or sys.argv[1] not in CASES:
        sys.exit(__doc__.split("\n")[2])
    RINGSIDE, SCENARIOS, FOLDER = sys.argv[2:]
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    for case in CASES[sys.argv[1]]:
        try:
            case()
        except (perfetto.Broken, vcd.Broken) as broken:
            sys.exit(f"{case.__name__}: {broken}")
        print(f"ok {case.__name__}")


main()
