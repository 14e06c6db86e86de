#!/usr/bin/env python3
"""Do the kernel tests find bugs? Plants them into copies of the kernels, one at a time, and runs the tests.

Bugs come from the rules of bugs.py, one for every place that a rule fits, and from planted_bugs.txt. Each runs in the
three configurations of tests/simt, on fibers:

    plain       the tests with threads in order
    schedules   the tests that compare the bits of 20 schedules
    asan, tsan  all of them under AddressSanitizer and UndefinedBehaviorSanitizer, and under ThreadSanitizer

A table says what each of them saw: "wrong" results, a sanitizer's "report", an "abort" (the harness's diagnosis, or a
crash), "hangs", or "." for nothing. Exits with 1 if nothing saw a bug that equivalent_bugs.txt does not explain, or if
a removed barrier was not seen by both the schedules and ThreadSanitizer. What does not compile is no bug.

Needs a build of simt_kernels_test_plain, _asan and _tsan. Everything is built from that tree's objects but the file
with the bug; a bug in a header is tried in the kernels that include it until one of them shows it.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import bugs as bug_lists

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CONFIGURATIONS = ["plain", "asan", "tsan"]
ON_FIBERS, SAME_BITS = "*/cuda:*Cuda.*", "*SameBits*/cuda"
RUNS = {  # name: configuration, tests
    "plain": ("plain", f"{ON_FIBERS}-*SameBits*"),
    "schedules": ("plain", SAME_BITS),
    "asan": ("asan", ON_FIBERS),
    "tsan": ("tsan", ON_FIBERS),
}
REPORT = re.compile(r"(Address|Thread|Leak)Sanitizer|runtime error:")


class Build:
    """What a build tree tells: how to compile a kernel, and what to link it with."""

    def __init__(self, folder, work):
        self.objects = folder / "tests/simt/CMakeFiles"
        commands = json.loads((folder / "compile_commands.json").read_text())
        self.compile = {c: self.command(commands, f"simt_kernels_test_{c}.dir") for c in CONFIGURATIONS}
        self.archive = {c: work / f"kernels_{c}.a" for c in CONFIGURATIONS}
        for c in CONFIGURATIONS:
            kernels = sorted((self.objects / f"simt_kernels_test_{c}.dir/__/__/kernels").glob("*.o"))
            subprocess.run(["ar", "rcs", self.archive[c], *kernels], check=True)

    @staticmethod
    def command(commands, target):
        for entry in commands:
            if target in entry["command"] and entry["file"].endswith(".cu"):
                words = shlex.split(entry["command"])
                return words[:words.index("-o")] + ["-w", "-g0"]
        raise SystemExit(f"the build tree has no {target}")

    def program(self, configuration, kernel, folder):
        """Compiles folder/kernels/<kernel>.cu and links it with its tests; None if it does not compile."""
        command, made = self.compile[configuration], folder / f"{kernel}_{configuration}"
        compiled = subprocess.run([command[0], f"-I{folder}", *command[1:], "-c", f"{folder}/kernels/{kernel}.cu",
                                   "-o", f"{made}.o"], capture_output=True, check=False)
        if compiled.returncode != 0:
            return None
        harness = "plain" if configuration == "tsan" else configuration
        tests = self.objects / f"simt_kernels_test_{configuration}.dir/__/kernels"
        objects = [tests / f"{test}.cpp.o" for test in tests_of(kernel)]
        sanitizers = [word for word in command if word.startswith("-fsanitize")]
        subprocess.run([command[0], *sanitizers, f"{made}.o", *objects, self.archive[configuration],
                        *sorted((self.objects / f"simt_{harness}.dir").glob("*.o")), "-lgtest_main", "-lgtest",
                        "-Wl,-s", "-o", made], check=True)
        return made


def tests_of(kernel):
    include = f'#include "kernels/{kernel}.h"'
    tests = sorted(t for t in (ROOT / "tests/kernels").glob("*_test.cpp"))
    own = [t.stem for t in tests if include in t.read_text()]
    return own or sys.exit(f"no test includes kernels/{kernel}.h")


def kernels_with(file):
    """The kernels whose text contains a file."""
    if file.endswith(".cu"):
        return [Path(file).stem]
    headers = {file}
    for _ in range(3):  # headers that include it
        headers |= {f"kernels/{h.name}" for h in (ROOT / "kernels").iterdir() if h.suffix in (".h", ".cuh")
                    if any(f'"{header}"' in h.read_text() for header in headers)}
    return sorted(k.stem for k in (ROOT / "kernels").glob("*.cu")
                  if any(f'"{header}"' in k.read_text() for header in headers))


def run(program, tests, limit):
    """What a run saw."""
    environment = {**os.environ, "TSAN_OPTIONS": "halt_on_error=1", "OMP_NUM_THREADS": "1"}
    try:
        ran = subprocess.run([program, f"--gtest_filter={tests}", "--gtest_brief=1"], env=environment, text=True,
                             capture_output=True, errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    if ran.returncode == 0:
        return "."
    if REPORT.search(ran.stdout + ran.stderr):
        return "report"
    return "abort" if ran.returncode < 0 else "wrong"


def try_kernel(build, bug, kernel, folder, limit, until_caught):
    """What each run of RUNS saw of folder/kernels; None if that does not compile."""
    seen = {}
    programs = {}
    for name, (configuration, tests) in RUNS.items():
        if configuration not in programs:
            programs[configuration] = build.program(configuration, kernel, folder)
            if programs[configuration] is None:
                return None
        seen[name] = run(programs[configuration], tests, limit)
        if seen[name] == "hangs" or until_caught and caught(bug, seen):  # if one hangs, so will the others
            break
    return {name: seen.get(name, "") for name in RUNS}


def copy_kernels(folder, bug=None):
    """Copies the kernels to folder/kernels, with the bug planted."""
    (folder / "kernels").mkdir()
    for file in (ROOT / "kernels").iterdir():
        if file.suffix in (".h", ".cuh", ".cu"):
            text = file.read_text()
            planted = bug is not None and f"kernels/{file.name}" == bug.file
            (folder / "kernels" / file.name).write_text(bug.plant(text) if planted else text)


class Limits:
    """Seconds that a run of a kernel may take: some times what all runs take without a bug, in which none sees one."""

    def __init__(self, build, work):
        self.build, self.work = build, work
        self.known, self.lock = {}, Lock()

    def of(self, kernel):
        with self.lock:
            if kernel not in self.known:
                start = time.monotonic()
                with tempfile.TemporaryDirectory(dir=self.work) as name:
                    copy_kernels(Path(name))
                    seen = try_kernel(self.build, None, kernel, Path(name), 600, until_caught=False)
                if seen is None or set(seen.values()) != {"."}:
                    raise SystemExit(f"{kernel} fails without a bug: {seen}")
                self.known[kernel] = 20 + 4 * (time.monotonic() - start)
            return self.known[kernel]


def try_bug(bug, limits, until_caught):
    """What each run saw of the first kernel that shows the bug, or of the last; None if that does not compile."""
    with tempfile.TemporaryDirectory(dir=limits.work) as name:
        copy_kernels(Path(name), bug)
        for kernel in kernels_with(bug.file):
            seen = try_kernel(limits.build, bug, kernel, Path(name), limits.of(kernel), until_caught)
            if seen is None or caught(bug, seen):
                break
        return seen


def caught(bug, seen):
    if bug.rule == "barrier removed":
        return seen.get("schedules", ".") != "." and seen.get("tsan") == "report"
    return any(cell not in (".", "") for cell in seen.values())


def choose(args):
    texts = {f"kernels/{p.name}": p.read_text() for p in sorted((ROOT / "kernels").iterdir())}
    planted = bug_lists.from_list(HERE / "planted_bugs.txt", texts)
    equivalent = {bug.key: bug for bug in bug_lists.from_list(HERE / "equivalent_bugs.txt", texts)}
    every = {bug.key: bug for file, text in texts.items() if file.endswith((".cu", ".cuh"))
             for bug in bug_lists.by_rule(file, text)}
    every |= {bug.key: bug for bug in planted}
    for key in equivalent.keys() - every.keys():
        raise SystemExit(f"equivalent_bugs.txt explains what nobody plants: {key}")
    chosen = [bug for bug in every.values() if re.search(args.only, f"{bug.file}: {bug.rule}: {bug.old}")]
    chosen.sort(key=lambda bug: (bug.file, bug.line))
    return chosen[::args.every], equivalent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="build tree")
    parser.add_argument("--only", default="", metavar="REGEX", help="bugs whose 'file: rule: line' matches")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one bug in N")
    parser.add_argument("--until-caught", action="store_true", help="leave out the runs that are not needed any more")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="show the bugs and stop")
    args = parser.parse_args()
    chosen, equivalent = choose(args)
    if args.list:
        for bug in chosen:
            print(f"{bug.file}:{bug.line}: {bug.rule}\n- {bug.old}\n+ {bug.new}")
        return 0

    count, bad = Counter(), []
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(args.jobs) as pool:
        limits = Limits(Build(args.build, Path(name)), Path(name))
        print(f"{'seen by: plain':14} {'schedules':9} {'asan':6} {'tsan':6}  bug")
        tries = pool.map(lambda bug: try_bug(bug, limits, args.until_caught), chosen)
        for bug, seen in zip(chosen, tries):
            if seen is None:
                count["not compiled"] += 1
                continue
            known = equivalent.get(bug.key)
            verdict = "caught" if caught(bug, seen) else "equivalent" if known else "SURVIVES"
            count[verdict] += 1
            if verdict == "caught" and known:
                verdict = "CAUGHT, but equivalent_bugs.txt calls it harmless"
            if verdict[0].isupper():
                bad.append(bug)
            cells = f"{seen['plain']:14} {seen['schedules']:9} {seen['asan']:6} {seen['tsan']:6}"
            print(f"{cells}  {bug.file}:{bug.line} {bug.rule}: {bug.old}", flush=True)
            print(f"{'':40}-> {' '.join(bug.new.split()) or '(nothing)'}" + (f"   {verdict}" if verdict != "caught" else ""))
    planted = count["caught"] + count["equivalent"] + count["SURVIVES"]
    print(f"{planted} bugs planted: {count['caught']} caught, {count['equivalent']} equivalent, "
          f"{count['SURVIVES']} survive; {count['not compiled']} more do not compile")
    for bug in bad:
        print(f"{bug.file}:{bug.line}: {bug.rule}\n- {bug.old}\n+ {bug.new}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
