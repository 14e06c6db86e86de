#!/usr/bin/env python3
"""What nvcc makes of the kernels, checked without a GPU.

Compiles every kernels/*.cu for every architecture and fails

  - if a kernel spills registers, or keeps arrays in local memory (a stack frame);
  - if a kernel has no __launch_bounds__, or takes more registers than a block of that many threads can have;
  - if registers or shared memory differ from tests/codegen/registers.txt (--update rewrites it);
  - if a kernel of tests/codegen/vector_access.txt has lost its 16-byte loads or stores.

The table holds for one version of nvcc, which it names; with another one only the table is not compared. Exits with 77
where there is no nvcc.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/codegen/registers.txt"
VECTORS = ROOT / "tests/codegen/vector_access.txt"
ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120]
REGISTER_FILE = 65536  # 32-bit registers of a multiprocessor, on all of these
SKIPPED = 77

COMPILED = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)' for 'sm_(?P<arch>\d+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)", re.DOTALL)
SIXTEEN_BYTES = {"load": r"\bld\.global\.(?:\w+\.)*(v4\.[bfus]32|v2\.[bfus]64)",
                 "store": r"\bst\.global\.(?:\w+\.)*(v4\.[bfus]32|v2\.[bfus]64)"}


def readable(names):
    """Mangled names of kernels as written in the source, without namespaces and parameters."""
    plain = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return {name: re.sub(r"ffwd::|\(anonymous namespace\)::|^void ", "", line).split("(")[0]
            for name, line in zip(names, plain.splitlines())}


def compile_file(nvcc, file, folder):
    """nvcc's words on every architecture, and the PTX of one."""
    out = Path(folder) / file.stem
    common = [nvcc, "-std=c++17", f"-I{ROOT}", str(file)]
    targets = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in ARCHITECTURES]
    words = subprocess.run([*common, "-fatbin", "-Xptxas=-v", *targets, "-o", f"{out}.fatbin"],
                           stderr=subprocess.PIPE, text=True, check=False)
    if words.returncode != 0:
        raise SystemExit(words.stderr)
    subprocess.run([*common, "-ptx", "-arch=compute_90", "-o", f"{out}.ptx"], check=True)
    return words.stderr, Path(f"{out}.ptx").read_text()


def entries(ptx):
    """The text of every kernel in a file of PTX."""
    parts = re.split(r"\.entry (\w+)\(", ptx)
    return dict(zip(parts[1::2], parts[2::2]))


def table_text(nvcc_version, cells, shared):
    head = ["# Registers a thread and bytes of static shared memory a block, of every kernel on every architecture.",
            f"# Written by tools/check_codegen.py --update with nvcc {nvcc_version}; no kernel spills.",
            f"{'kernel':44} shared" + "".join(f"{f'sm_{a}':>8}" for a in ARCHITECTURES)]
    rows = [f"{kernel:44} {shared[kernel]:6}" + "".join(f"{cells[kernel][a]:8}" for a in ARCHITECTURES)
            for kernel in sorted(cells)]
    return "\n".join(head + rows) + "\n"


def required_vectors():
    """Kernel (without template arguments) -> the kinds of 16-byte access it must have."""
    lines = [line.split("#")[0].split() for line in VECTORS.read_text().splitlines()]
    return {line[0]: line[1:] for line in lines if line}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="rewrite the table")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    nvcc = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    if nvcc is None:
        print("no nvcc: skipped")
        return SKIPPED
    version = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"V(\d+\.\d+)", version)[1]

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as pool:
        files = sorted((ROOT / "kernels").glob("*.cu"))
        outputs = list(pool.map(lambda file: compile_file(nvcc, file, folder), files))

    ptx = {kernel: text for _, source in outputs for kernel, text in entries(source).items()}
    name = readable(sorted(ptx))
    bounds = {name[kernel]: re.search(r"\.maxntid (\d+)", text) for kernel, text in ptx.items()}
    cells, shared, errors = defaultdict(dict), defaultdict(int), []
    for words, _ in outputs:
        for found in COMPILED.finditer(words):
            kernel, arch, registers = name[found["kernel"]], int(found["arch"]), int(found["registers"])
            cells[kernel][arch] = registers
            bytes_shared = re.search(r"(\d+) bytes smem", found["rest"])
            shared[kernel] = max(shared[kernel], int(bytes_shared[1]) if bytes_shared else 0)
            if any(int(found[what]) for what in ("stack", "stores", "loads")):
                errors.append(f"{kernel}, sm_{arch}: {found['stores']} + {found['loads']} bytes spilled and loaded, "
                              f"{found['stack']} bytes of stack")
            if bounds[kernel] is None:
                errors.append(f"{kernel}: no __launch_bounds__")
            elif (registers + 7) // 8 * 8 * int(bounds[kernel][1]) > REGISTER_FILE:
                errors.append(f"{kernel}, sm_{arch}: {registers} registers do not fit {bounds[kernel][1]} threads")

    vectors = required_vectors()
    for needed in vectors.keys() - {kernel.split("<")[0] for kernel in cells}:
        errors.append(f"{VECTORS.name} names {needed}, which is no kernel")
    for mangled, text in ptx.items():
        for kind in vectors.get(name[mangled].split("<")[0], []):
            if not re.search(SIXTEEN_BYTES[kind], text):
                errors.append(f"{name[mangled]}: no 16-byte {kind}")

    text = table_text(version, cells, shared)
    if args.update:
        TABLE.write_text(text)
    old = TABLE.read_text() if TABLE.exists() else ""
    if f"with nvcc {version};" not in old:
        print(f"{TABLE.name} is not of nvcc {version}: not compared")
    elif text != old:
        errors += [f"{TABLE.name} differs (--update rewrites it)"]
        errors += [f"  - {line}" for line in old.splitlines() if line not in text.splitlines()]
        errors += [f"  + {line}" for line in text.splitlines() if line not in old.splitlines()]
    print("\n".join(errors) if errors else f"{len(cells)} kernels on {len(ARCHITECTURES)} architectures: no spills, "
          "16-byte accesses in place")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
