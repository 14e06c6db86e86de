#!/usr/bin/env python3
"""What nvcc makes of the kernels, checked without a GPU.

Compiles every kernels/*.cu for every architecture and fails

  - if a kernel spills registers, or keeps arrays in local memory (a stack frame);
  - if a kernel has no __launch_bounds__, or fewer of its blocks fit on a multiprocessor than these ask for;
  - if registers, occupancy, shared memory or the numbers of loads and stores differ from tests/codegen/kernels.txt
    (--update rewrites it);
  - if a kernel of tests/codegen/vector_access.txt, which is written by hand, has no 16-byte loads or stores.

Occupancy is the threads of all blocks that fit on a multiprocessor at once, each of as many threads as
__launch_bounds__ allows, divided by the threads that a multiprocessor has room for. Loads and stores are counted as
instructions of the PTX: the disassembler of what ptxas makes of it does not come with nvcc.

The table holds for one version of nvcc, which it names; with another one only the table is not compared. Exits with 77
where there is no nvcc.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/codegen/kernels.txt"
VECTORS = ROOT / "tests/codegen/vector_access.txt"
SKIPPED = 77

# What a multiprocessor has room for at once, as in cuda::arch_traits of NVIDIA's CCCL.
Room = namedtuple("Room", "threads blocks shared_kib")
ARCHITECTURES = {75: Room(1024, 16, 64), 80: Room(2048, 32, 164), 86: Room(1536, 16, 100), 89: Room(1536, 24, 100),
                 90: Room(2048, 32, 228), 100: Room(2048, 32, 228), 120: Room(1536, 24, 100)}
REGISTER_FILE = 65536  # 32-bit registers of a multiprocessor, on all of these
MOST_THREADS = 1024  # of a block

TABLES = {  # their columns and how wide these are
    "Threads of a block and bytes of its static shared memory; 16-byte loads of global memory in the PTX, narrower\n"
    "ones, and stores likewise.": {"threads": 9, "shared": 8, "load.16": 9, "load": 6, "store.16": 10, "store": 7},
    "Registers of a thread, and occupancy: the share of a multiprocessor's room for threads that such blocks can\n"
    "fill.": {f"sm_{arch}": 9 for arch in ARCHITECTURES}}

COMPILED = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)' for 'sm_(?P<arch>\d+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)", re.DOTALL)
# A load or store of global memory, or of an address whose kind of memory the compiler does not know.
ACCESS = re.compile(r"\b(?P<kind>ld|st)(?:\.(?!param|shared|local|const)[\w:]+)*?(?:\.v(?P<elements>\d))?"
                    r"\.[bfsu](?P<bits>\d+)\s")


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


def accesses(ptx):
    """How many loads and stores of global memory there are of 16 bytes, and how many narrower ones."""
    count = Counter()
    for found in ACCESS.finditer(ptx):
        bits = int(found["elements"] or 1) * int(found["bits"])
        count[{"ld": "load", "st": "store"}[found["kind"]] + (".16" if bits == 128 else "")] += 1
    return {column: count[column] for column in ("load.16", "load", "store.16", "store")}


def launch_bounds(ptx):
    """Threads that a block may have, and blocks that are to fit on a multiprocessor."""
    threads, blocks = (re.search(rf"\.{name} (\d+)", ptx) for name in ("maxntid", "minnctapersm"))
    return int(threads[1]) if threads else MOST_THREADS, int(blocks[1]) if blocks else 1


def blocks_that_fit(arch, threads, registers, shared):
    """Blocks that fit on a multiprocessor at once, as cuda_occupancy.h of the CUDA toolkit counts them.

    A multiprocessor has four parts, each with a quarter of its registers. A warp gets its registers, in units of 256,
    from one part. A block gets shared memory in units of 128 bytes, 256 on sm_75; from sm_80 on the driver adds 1 KiB.
    """
    room, warps, turing = ARCHITECTURES[arch], ceil(threads / 32), arch == 75
    registers_of_warp = ceil(32 * registers / 256) * 256
    unit, reserved = (256, 0) if turing else (128, 1024)
    shared_of_block = ceil((shared + reserved) / unit) * unit
    return min(room.blocks, room.threads // (32 * warps), 4 * (REGISTER_FILE // 4 // registers_of_warp) // warps,
               room.shared_kib * 1024 // max(1, shared_of_block))


def table_text(nvcc_version, rows):
    """Two tables, for one would be too wide."""
    lines = [f"# What nvcc {nvcc_version} makes of the kernels, written by tools/check_codegen.py --update."]
    for what, columns in TABLES.items():
        lines += ["", *(f"# {line}" for line in what.splitlines())]
        lines += [f"{'kernel':57}" + "".join(f"{column:>{width}}" for column, width in columns.items())]
        lines += [f"{kernel:57}" + "".join(f"{rows[kernel][column]:>{width}}" for column, width in columns.items())
                  for kernel in sorted(rows)]
    return "\n".join(lines) + "\n"


def parse_table(text):
    """Kernel -> column -> what stands there. Cells are two spaces apart, and may have single ones inside."""
    rows, columns = defaultdict(dict), []
    for line in text.splitlines():
        first, *cells = re.split(" {2,}", line)
        if first == "kernel":
            columns = cells
        elif cells:
            rows[first].update(zip(columns, cells))
    return rows


def differences(old, new):
    """A line for each kernel whose cells differ."""
    for kernel in sorted(old.keys() | new.keys()):
        if kernel not in new or kernel not in old:
            yield f"  {kernel}: {'new' if kernel in new else 'gone'}"
        elif old[kernel] != new[kernel]:
            yield f"  {kernel}: " + ", ".join(f"{column} {old[kernel].get(column)} -> {cell}"
                                              for column, cell in new[kernel].items()
                                              if old[kernel].get(column) != cell)


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
    vectors, rows, errors = required_vectors(), {}, []
    for mangled, text in ptx.items():
        kernel = name[mangled]
        rows[kernel] = {"threads": launch_bounds(text)[0], "shared": 0, **accesses(text)}
        if ".maxntid" not in text:
            errors.append(f"{kernel}: no __launch_bounds__")
        for kind in vectors.get(kernel.split("<")[0], []):
            if rows[kernel][f"{kind}.16"] == 0:
                errors.append(f"{kernel}: no 16-byte {kind}")
    for needed in sorted(vectors.keys() - {kernel.split("<")[0] for kernel in rows}):
        errors.append(f"{VECTORS.name} names {needed}, which is no kernel")

    for words, _ in outputs:
        for found in COMPILED.finditer(words):
            kernel, arch, registers = name[found["kernel"]], int(found["arch"]), int(found["registers"])
            threads, wanted = launch_bounds(ptx[found["kernel"]])
            shared = re.search(r"(\d+) bytes smem", found["rest"])
            shared = int(shared[1]) if shared else 0
            blocks = blocks_that_fit(arch, threads, registers, shared)
            occupancy = blocks * threads / ARCHITECTURES[arch].threads
            rows[kernel]["shared"] = max(rows[kernel]["shared"], shared)
            rows[kernel][f"sm_{arch}"] = f"{registers} {occupancy:.0%}"
            if any(int(found[what]) for what in ("stack", "stores", "loads")):
                errors.append(f"{kernel}, sm_{arch}: {found['stores']} + {found['loads']} bytes spilled and loaded, "
                              f"{found['stack']} bytes of stack")
            if blocks < wanted:
                errors.append(f"{kernel}, sm_{arch}: {blocks} blocks of {threads} threads fit ({registers} registers, "
                              f"{shared} bytes of shared memory), __launch_bounds__ asks for {wanted}")

    text = table_text(version, rows)
    if args.update:
        TABLE.write_text(text)
    old = TABLE.read_text() if TABLE.exists() else ""
    if f"nvcc {version} makes" not in old:
        print(f"{TABLE.name} is not of nvcc {version}: not compared")
    elif text != old:
        errors += [f"{TABLE.name} differs (--update rewrites it)", *differences(parse_table(old), parse_table(text))]
    print("\n".join(errors) if errors else f"{len(rows)} kernels on {len(ARCHITECTURES)} architectures: no spills, "
          "16-byte accesses in place")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
