#!/usr/bin/python3
"""Does what the workflow files in tools/ci tell a machine to do, but for installing ringside.

Usage: workflows.py RINGSIDE SOURCES FOLDER. The driver finds no device, which is soon
known, and not as expected: status 1 in the end. Every line that runs ringside is run as the service
would, once a shard; what is uploaded must be there and be what it is said to be. Exits 1 at the
first thing that is not so.
"""
import os
import re
import shutil
import subprocess
import sys

import junitparser
import yaml

SECONDS_MAX = 500
DRIVER = {"driver.c": "int driver_start(void);\nint driver_start(void) { return -1; }\n",
          "adapter.c": """#include <ringside/suite.h>
int driver_start(void);
static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    return driver_start() == 0 ? SUITE_OK : SUITE_NO_DEVICE;
}
static const struct suite_op ops[] = {{"init", init}};
const struct suite_driver ringside_driver = {.name = "mine", .ops = ops, .op_count = 1};
"""}


def fail(why):
    sys.exit(f"workflows: {why}")


def shell(text, variables):
    done = subprocess.run(["bash", "-e", "-c", text], capture_output=True, text=True,
                          env={**os.environ, **variables}, timeout=SECONDS_MAX)
    if done.returncode != (1 if "--merge" in text else 0):
        fail(f"{text}\n{done.stdout}{done.stderr}")
    return len(re.findall(r"^\s*ringside ", text, re.MULTILINE))


def is_install(text):
    return "apt-get" in text or "cmake --install" in text or "git clone" in text


def github(text):
    """Runs both jobs; how many lines were ringside's."""
    jobs, count, uploads = yaml.safe_load(text)["jobs"], 0, []
    for job in ("conform", "report"):
        shards = jobs[job].get("strategy", {}).get("matrix", {}).get("shard", [None])
        for shard in shards:
            for step in jobs[job]["steps"]:
                script = step.get("run", "").replace("${{ matrix.shard }}", str(shard))
                if "${{" in script:
                    fail(f"an expression that this check does not know: {script}")
                if script and not is_install(script):
                    count += shell(script, {})
                for key in ("path", "sarif_file", "report_paths"):
                    name = str(step.get("with", {}).get(key, ""))
                    uploads.append(name.replace("${{ matrix.shard }}", str(shard)))
    return count, [name for name in uploads if name]


def gitlab(text):
    jobs, count, uploads = yaml.safe_load(text), 0, []
    for job in ("conform", "report"):
        if jobs[job]["extends"] != ".ringside" or not is_install(
                " ".join(jobs[".ringside"]["before_script"])):
            fail(f"{job} does not install ringside")
        total = jobs[job].get("parallel", 1)
        for index in range(1, total + 1):
            for line in jobs[job]["script"]:
                count += shell(line, {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(total)})
        artifacts = jobs[job]["artifacts"]
        uploads += artifacts["paths"] + list(artifacts.get("reports", {}).values())
    return count, uploads


def main():
    ringside, sources, folder = sys.argv[1:]
    bin_folder = os.path.join(folder, "bin")
    for name, run in (("github-actions.yml", github), ("gitlab-ci.yml", gitlab)):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(bin_folder)
        os.symlink(ringside, os.path.join(bin_folder, "ringside"))
        os.environ["PATH"] = bin_folder + ":" + os.environ["PATH"]
        os.chdir(folder)
        for file, text in DRIVER.items():
            with open(file, "w", encoding="ascii") as out:
                out.write(text)
        with open(os.path.join(sources, "tools", "ci", name), encoding="utf-8") as file:
            count, uploads = run(file.read())
        if count != 4 * 4 + 1:
            fail(f"{name}: {count} lines of ringside's were run")
        for upload in uploads:
            pattern = re.compile(re.escape(upload).replace(r"\*", ".*"))
            if not any(pattern.fullmatch(there) for there in os.listdir(folder)):
                fail(f"{name}: {upload} is not there")
        cases = junitparser.JUnitXml.fromfile("junit.xml").tests
        if cases < 300:
            fail(f"{name}: {cases} cases")
        print(f"{name}: {count} lines of ringside's, {cases} cases")


if __name__ == "__main__":
    main()
