"""What a comparison ran on: the processor, and the library behind PyTorch's matmuls."""

import ctypes
import re
from pathlib import Path


def multiplies_with(torch, device):
    """The library behind PyTorch's matmuls."""
    if device == "cuda":
        return f"CUDA {torch.version.cuda}"
    if torch.backends.mkl.is_available():
        return "MKL"
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line}
    named = [path for path in sorted(paths)
             if any(name in path for name in ("openblas", "blis", "atlas"))]
    if not named:
        return "reference BLAS"
    library = ctypes.CDLL(named[-1])
    if not hasattr(library, "openblas_get_corename"):
        return Path(named[-1]).name
    library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
    version = library.openblas_get_config().decode().split()[1]
    threads = ("one thread", "threads of its own", "OpenMP")[library.openblas_get_parallel()]
    return f"OpenBLAS {version} ({library.openblas_get_corename().decode()} kernels, {threads})"


def processor():
    """Such as "AMD EPYC, family 26, model 2": many a virtual machine leaves the number out of the name."""
    first = dict(re.findall(r"^(.+?)\s*: (.*)$", Path("/proc/cpuinfo").read_text().split("\n\n")[0], re.M))
    if "model name" not in first:
        return "unknown"  # not x86
    return f"{first['model name']}, family {first['cpu family']}, model {first['model']}"
