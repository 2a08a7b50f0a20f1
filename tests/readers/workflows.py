#!/usr/bin/python3
"""Does what the workflow files in tools/ci tell a machine to do, but for installing ringside: those
lines are held against the presets, scripts and packages that there are.

Usage: workflows.py RINGSIDE SOURCES FOLDER. The driver finds no device, which is soon
known, and not as expected: status 1 in the end. Every line that runs ringside is run as the service
would, once a shard; what is uploaded must be there and be what it is said to be. Exits 1 at the
first thing that is not so.
"""
import json
import os
import re
import shlex
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


def packages_of(sources):
    with open(os.path.join(sources, "tools", "packages.txt"), encoding="utf-8") as file:
        return [name for line in file if (name := line.split("#")[0].strip())]


def check_packages(sources):
    """Are all of them Debian's? Asked where dpkg and apt can tell."""
    if not shutil.which("dpkg-query") or not shutil.which("apt-cache"):
        return
    known = set(subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True,
                               check=True).stdout.split())
    known |= set(subprocess.run(["dpkg-query", "-W", "-f", "${Package}\n"], capture_output=True,
                                text=True, check=True).stdout.split())
    for name in packages_of(sources):
        if name not in known:
            fail(f"tools/packages.txt: there is no package {name}")


def commands(text):
    """The words of each command of a script: its lines, cut at && and brackets."""
    for line in text.splitlines():
        words = []
        for word in shlex.split(line.replace("(", " ( ").replace(")", " ) ")):
            if word in ("&&", "||", ";", "(", ")"):
                if words:
                    yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def check_install(text, sources):
    """Lines that install ringside: what they name is there, and no step that is needed lacks."""
    with open(os.path.join(sources, "CMakePresets.json"), encoding="utf-8") as file:
        presets = json.load(file)
    configures = {preset["name"] for preset in presets["configurePresets"]}
    builds = {preset["name"]: preset["configurePreset"] for preset in presets["buildPresets"]}
    wanted, done = ["update", "install", "clone", "setup", "configure", "build", "put"], []
    for words in commands(text):
        if words[:2] == ["apt-get", "update"]:
            done.append("update")
        elif words[:2] == ["apt-get", "install"]:
            for name in (word for word in words[2:] if not word.startswith("-")):
                if name not in packages_of(sources):
                    fail(f"{name} is not in tools/packages.txt")
            done.append("install")
        elif words[:2] == ["git", "clone"] and words[-2:] == ["$RINGSIDE", "/tmp/ringside"]:
            done.append("clone")
        elif words[0] == "tools/setup":
            if not os.access(os.path.join(sources, "tools", "setup"), os.X_OK):
                fail("tools/setup cannot be run")
            done.append("setup")
        elif words[:2] == ["cmake", "--preset"] and words[2:] == ["release"]:
            if "release" not in configures:
                fail("there is no preset release")
            done.append("configure")
        elif words[:3] == ["cmake", "--build", "--preset"] and words[3:] == ["release"]:
            if builds.get("release") != "release":
                fail("preset release builds something else")
            done.append("build")
        elif words[:2] == ["cmake", "--install"] and words[3:] == ["--prefix", "/usr/local"]:
            if words[2] not in ("build/release", "/tmp/ringside/build/release"):
                fail(f"what was built is not in {words[2]}")
            done.append("put")
        elif words != ["cd", "/tmp/ringside"]:
            fail(f"a line that this check does not know: {' '.join(words)}")
    if done != wanted:
        fail(f"ringside is not installed: {', '.join(done)}")


def github(text, sources):
    """Runs both jobs; how many lines were ringside's."""
    jobs, count, uploads = yaml.safe_load(text)["jobs"], 0, []
    for job in ("conform", "report"):
        check_install("\n".join(step["run"] for step in jobs[job]["steps"]
                                if is_install(step.get("run", ""))), sources)
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


def gitlab(text, sources):
    jobs, count, uploads = yaml.safe_load(text), 0, []
    check_install("\n".join(jobs[".ringside"]["before_script"]), sources)
    for job in ("conform", "report"):
        if jobs[job]["extends"] != ".ringside":
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
    check_packages(sources)
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
            count, uploads = run(file.read(), sources)
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
