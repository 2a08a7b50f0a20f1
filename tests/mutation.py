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


def main():
    build, golden = sys.argv[1:]
    mistakes = check_sample(golden) + check_survivors(build)
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
