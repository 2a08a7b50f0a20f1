#!/usr/bin/env python3
"""What makes faulty drivers: the mutants of a small source, and the list of those that survive.

Usage: mutation.py BUILD GOLDEN. Exits 1 with what is not well; RINGSIDE_BLESS=1 writes the golden
file.
"""
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools", "mutate"))
import mutate  # noqa: E402
import operators  # noqa: E402

SAMPLE = """\
#define ONE 1
#define TWICE(x) ((x) + (x))
struct pair {
    unsigned idx, slot;
    unsigned short len;
};
void platform_wmb(void);
unsigned virtio_le32(unsigned value);
static unsigned add(struct pair *pair, unsigned count)
{
    struct pair other = {
        .idx = virtio_le32(count),
        .slot = 2,
    };
    /* a < b: no operator */
    if (pair->idx >= count && count != 0)
        return ONE;
    pair->slot = TWICE(count + 1);
    platform_wmb();
    pair->idx++;
    for (unsigned i = 0; i < count; i++)
        pair->len = (unsigned short)(other.idx - i);
    return !count ? sizeof(*pair) : pair->slot % 4u;
}
unsigned use(struct pair *pair)
{
    return add(pair, 3);
}
"""


def check_sample(golden):
    with tempfile.TemporaryDirectory(prefix="ringside-mutation-") as folder:
        path = os.path.join(folder, "sample.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SAMPLE)
        mutants = operators.Source(path, "sample.c", "clang", ["-std=gnu11"]).mutants()
    text = "".join(f"{mutant.line}: {mutant.name}\n" for mutant in mutants)
    mistakes = [f"changes nothing: {mutant.name}" for mutant in mutants
                if operators.apply(SAMPLE, mutant) == SAMPLE]
    if len({mutant.name for mutant in mutants}) != len(mutants):
        mistakes.append("two mutants of one name")
    if os.environ.get("RINGSIDE_BLESS") == "1":
        with open(golden, "w", encoding="utf-8") as file:
            file.write(text)
    with open(golden, encoding="utf-8") as file:
        expected = file.read()
    if text != expected:
        mistakes.append(f"the sample's mutants are not those of {golden}:\n{text}")
    return mistakes


def check_survivors(build):
    """Every survivor with a reason is a mutant of the driver as it is now."""
    mutation = mutate.Mutation(build, None, 1)
    found = [mutant for _, mutant in mutation.mutants() if mutate.part_of(mutant) == "0"]
    names = {mutant.name for mutant in found}
    mistakes = []
    if len(found) < 200:
        mistakes.append(f"only {len(found)} mutants: hardly any fault is tried")
    for name in mutate.read_survivors():
        if name not in names and "*" not in name:
            mistakes.append(f"tools/mutate/survivors.txt: no such mutant: {name}")
    return mistakes


# What a run that failed says, and what is counted for it.
OBJECTIONS = [
    ("error[RS-CRASH]: driver crashed", "rule RS-CRASH"),
    ("breaks a rule: driver wrote 4", "rule"),
    ("leaks: 2 DMA allocations are alive", "leak"),
    ("a.scn:3: call `init`: expected OK, came to TIMEOUT", "result"),
    ("a.scn:5: `q0.avail.flags` is 0x1, expected 0x0", "value"),
    ("a.scn:5: 3 DMA allocations are alive, expected 0", "value"),
    ("a.scn:5: expected no call to be stuck, but `show` was", "stuck"),
    ("a.scn:5: scanout 0 is never set", "picture"),
    ("a.scn:7: instead of `a` came `b`", "trace"),
    ("  scanout 0: never set: the driver sleeps", "exit status 1"),  # a summary says nothing
]


def check_verdicts():
    mistakes = [f"{text}: counted as {mutate.objection(text, 1)}, not {what}"
                for text, what in OBJECTIONS if mutate.objection(text, 1) != what]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("virtq.c:virtq_add: number: 0 -> 1\n    unseen: a gap\n")
        file.flush()
        kept, mutate.SURVIVORS = mutate.SURVIVORS, file.name
        try:
            mutate.read_survivors()
            mistakes.append("a gap is taken for a reason")
        except mutate.Failure:
            pass
        mutate.SURVIVORS = kept
    return mistakes


def main():
    build, golden = sys.argv[1:]
    mistakes = check_sample(golden) + check_survivors(build) + check_verdicts()
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
