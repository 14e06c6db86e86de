"""ffwd from outside: its random numbers, its data files, its runs.

The random numbers follow kernels/random.h, engine/network/initial_weights.cpp (weights) and host/training/batches.cpp
(shuffles): Philox4x32-10 by counter (Salmon et al. 2011), so that a run can be repeated elsewhere
on the same weights, batches and wrong labels.
"""

import gzip
import json
import lzma
import math
import os
import subprocess
import tomllib
from pathlib import Path

import numpy as np

WEIGHTS, SHUFFLE, NEGATIVES = 1, 2, 3  # what random numbers are for


# Random numbers

def random_words(seed, use, a, b):
    """The first two words of Philox4x32-10 for every counter (a, b): uint64 arrays below 2^32."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a, b = np.broadcast_arrays(np.asarray(a, np.uint64), np.asarray(b, np.uint64))
    c0, c1, c2, c3 = a & low, a >> half, b, np.full_like(a, use)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c0
        product1 = np.uint64(0xCD9E8D57) * c2
        c0, c2 = (product1 >> half) ^ c1 ^ np.uint64(k0), (product0 >> half) ^ c3 ^ np.uint64(k1)
        c1, c3 = product1 & low, product0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1


def unit_interval(words):
    """float32 in [0, 1) from the upper 24 of 32 bits."""
    return (words >> np.uint64(8)).astype(np.float32) * np.float32(2.0 ** -24)


def shuffled(count, seed, epoch):
    """The order in which an epoch (counted from 1) shows its images."""
    index = np.arange(count, dtype=np.uint64)
    words, _ = random_words(seed, SHUFFLE, index, epoch)
    target = (words * (index + np.uint64(1)) >> np.uint64(32)).tolist()
    order = list(range(count))
    for i in range(count - 1, 0, -1):  # Fisher and Yates
        order[i], order[target[i]] = order[target[i]], order[i]
    return np.array(order)


def initial_layer(init, seed, layer, inputs, units):
    """Weight (units, inputs) and bias (units) of a layer before training."""
    scale = np.float32(1) / np.sqrt(np.float32(inputs))
    first, second = random_words(seed, WEIGHTS, np.arange(units * (inputs + 1)), layer)
    if init == "uniform":
        values = scale * (np.float32(2) * unit_interval(first) - np.float32(1))
    else:  # Box and Muller, in double
        radius = np.sqrt(-2 * np.log(1 - unit_interval(first).astype(np.float64)))
        angle = 2 * math.pi * unit_interval(second).astype(np.float64)
        values = scale * (radius * np.cos(angle)).astype(np.float32)
        values[units * inputs:] = 0
    return values[:units * inputs].reshape(units, inputs), values[units * inputs:]


# Data

def read_idx(folder, name):
    """The array in an IDX file of unsigned bytes, plain, .gz or .xz."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for suffix, opener in (("", open), (".gz", gzip.open), (".xz", lzma.open)):
            path = folder / (spelling + suffix)
            if path.is_file():
                with opener(path, "rb") as file:
                    content = file.read()
                shape = np.frombuffer(content, ">u4", content[3], 4)
                return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)
    raise FileNotFoundError(folder / name)


def read_cifar10(folder):
    """Pixels (N, 3072) in the order row, column, channel, and labels, from the binary version."""
    images = []
    for number in range(1, 6):
        path = folder / f"data_batch_{number}.bin"
        opener = open if path.is_file() else lzma.open
        with opener(path if path.is_file() else f"{path}.xz", "rb") as file:
            images.append(np.frombuffer(file.read(), np.uint8).reshape(-1, 3073))
    images = np.concatenate(images)
    planes = images[:, 1:].reshape(-1, 3, 1024)
    return planes.transpose(0, 2, 1).reshape(-1, 3072), images[:, 0]


def read_images(name, folder):
    if name == "cifar10":
        return read_cifar10(folder)
    pixels = read_idx(folder, "train-images-idx3-ubyte")
    return pixels.reshape(len(pixels), -1), read_idx(folder, "train-labels-idx1-ubyte")


def training_images(name, data_dir):
    """Pixels (N, D) and labels (N) as bytes, from the places where ffwd looks for them."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    places = [data_dir, os.environ.get("FFWD_DATA_DIR"), Path(cache) / "ffwd",
              "/usr/share/datasets"]
    for place in (Path(place) for place in places if place):
        for folder in (place / name, place):
            try:
                return read_images(name, folder)
            except FileNotFoundError:
                continue
    raise FileNotFoundError(f"data set {name!r}: not where ffwd looks for it; try --data-dir")


# Runs

class Run:
    """A finished run of ffwd: its whole recipe, metrics, summary and model."""

    def __init__(self, folder):
        self.recipe = tomllib.loads((folder / "recipe.toml").read_text())
        self.metrics = [json.loads(line)
                        for line in (folder / "metrics.jsonl").read_text().splitlines()]
        self.summary = json.loads((folder / "summary.json").read_text())
        self.tensors, metadata = read_safetensors(folder / "model.safetensors")
        self.images = json.loads(metadata["images"])  # how bytes become numbers


def read_safetensors(path):
    """Tensors by name, and metadata."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(content[start + begin:start + end], "<f4")
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def train(program, recipe, folder, options, overrides, threads):
    """Runs `ffwd train` with these options into a new folder."""
    command = [program, "train", recipe, "--out", str(folder), *options]
    for override in overrides:
        command += ["--set", override]
    done = subprocess.run(command, env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return Run(folder)
