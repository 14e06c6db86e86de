"""Writes a data set of CIFAR-10's shape into a folder: random images first, then black ones.

usage: write_cifar10.py FOLDER
"""

import lzma
import random
import sys
from pathlib import Path

IMAGES, PIXELS, RANDOM = 10000, 3 * 32 * 32, 4  # in a file; bytes of an image; images that are not black

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
generator = random.Random(7)
for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
    records = b"".join(bytes([label]) + generator.randbytes(PIXELS) for label in range(RANDOM))
    (folder / f"{name}.bin.xz").write_bytes(lzma.compress(records + bytes((1 + PIXELS) * (IMAGES - RANDOM))))
