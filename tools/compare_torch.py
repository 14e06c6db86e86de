#!/usr/bin/python3
"""Compares ffwd on the CPU with the same recipe in plain PyTorch (eager, autograd).

Agreement: both train from the same weights, on the same batches with the same wrong labels, drawn
twice from the same counter-based random numbers. ffwd writes figures once an epoch, so an epoch is
cut down to --window steps on as many different images, and the run to --steps steps (of each layer
if the schedule is greedy). For each layer and for the head the largest relative difference of any
epoch's mean loss and goodness is shown and judged, then the distance of the final weights. With
labels drawn from the head, a draw that falls between the two roundings gives one row another label:
a sudden difference in one window is that, and another training.seed will not have it.

Speed: blocks of ffwd and PyTorch in turn, so that both meet the same load, with the same number of
threads. Only learning is timed: ffwd's time is that of its metrics (shuffles included), PyTorch's
that of its loop over batches, with the pixels on hand as floats, and shuffles and random numbers
drawn before. The first epoch of a block warms up and does not count.

Exit codes: 0 both agree, 1 they do not, 2 no result.

Needs python3-torch, and a fast BLAS behind it (Debian: libopenblas0-openmp); without one PyTorch
multiplies some fifty times slower, and the table says so.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np

from compare import ffwd_run

FIGURES = ("loss", "goodness_pos", "goodness_neg")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("recipe", help="the recipe's file")
    parser.add_argument("--ffwd", default="build/cpu/ffwd", help="the program [%(default)s]")
    parser.add_argument("--steps", type=int, default=200, help="to agree on; 0: none [%(default)s]")
    parser.add_argument("--window", type=int, default=5, help="steps an epoch [%(default)s]")
    parser.add_argument("--tolerance", type=float, default=1e-4,
                        help="largest relative difference allowed [%(default)s]")
    parser.add_argument("--blocks", type=int, default=3, help="timed; 0: none [%(default)s]")
    parser.add_argument("--block-steps", type=int, default=100,
                        help="timed in each block, about [%(default)s]")
    parser.add_argument("--threads", type=int, default=1, help="of each side [%(default)s]")
    parser.add_argument("--data-dir", default="", help="where to look for data sets first")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value",
                        help="replaces a value of the recipe; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="writes all figures there")
    arguments = parser.parse_args()
    if arguments.steps < 0 or arguments.blocks < 0:
        parser.error("--steps and --blocks must not be negative")
    if min(arguments.window, arguments.block_steps, arguments.threads) < 1:
        parser.error("--window, --block-steps and --threads must be above 0")
    return arguments


class Comparison:
    """Runs of ffwd and of the PyTorch trainer on the same recipe and data."""

    def __init__(self, arguments, trainer_class, scratch):
        self.arguments = arguments
        self.trainer_class = trainer_class
        self.scratch = Path(scratch)
        self.runs = 0
        self.initial = self.ffwd(["optimiser.learning_rate=0", "optimiser.head_learning_rate=0",
                                  "data.train_images=1", "training.batch=1", "training.epochs=1"])
        data = self.initial.recipe["data"]
        self.pixels, self.labels = ffwd_run.training_images(data["name"], arguments.data_dir)

    def ffwd(self, overrides):
        small = ["data.test_images=1", "training.evaluate_every=0"]
        self.runs += 1
        return ffwd_run.train(self.arguments.ffwd, self.arguments.recipe,
                              self.scratch / str(self.runs), self.arguments.set + small + overrides,
                              self.arguments.data_dir, self.arguments.threads)

    def torch(self, recipe):
        return self.trainer_class(recipe, self.initial.images, self.pixels, self.labels)

    def cut(self, epoch_steps, steps):
        """Overrides for epochs of at most `epoch_steps` steps and a run of about `steps`."""
        images = self.images()
        batch = self.asked_for("training", "batch", 100) or images
        images = min(images, epoch_steps * batch)
        epochs = max(1, round(steps * batch / images))
        return images, batch, epochs

    def images(self):
        return self.asked_for("data", "train_images", 0) or len(self.pixels)

    def asked_for(self, section, key, default):
        """A whole number from the overrides or the recipe's file."""
        for override in reversed(self.arguments.set):
            if override.startswith(f"{section}.{key}="):
                return int(override.split("=")[1])
        recipe = tomllib.loads(Path(self.arguments.recipe).read_text())
        return recipe.get(section, {}).get(key, default)

    def agreement(self):
        images, batch, epochs = self.cut(self.arguments.window, self.arguments.steps)
        run = self.ffwd([f"data.train_images={images}", f"training.epochs={epochs}"])
        trainer = self.torch(run.recipe)
        initial = worst_ulp(trainer.tensors(), self.initial.tensors)
        theirs = [metrics for metrics, _, _ in trainer.run()]
        rows = []
        for l in range(len(trainer.layers)):
            pairs = [(ours["layers"][l], other["layers"][l])
                     for ours, other in zip(run.metrics, theirs) if ours["layers"][l]]
            rows.append({"name": f"layer {l}", **agree(pairs)})
        if trainer.head:
            pairs = [({"loss": ours["head_loss"]}, {"loss": other["head_loss"]})
                     for ours, other in zip(run.metrics, theirs) if ours["head_loss"] is not None]
            rows.append({"name": "head", **agree(pairs)})
        for row, names in zip(rows, tensor_names(trainer)):
            row["weights"] = max(distance(trainer.tensors()[n], run.tensors[n]) for n in names)
        worst = [row[figure] for row in rows for figure in FIGURES if figure in row]
        agrees = initial <= 1 and all(value <= self.arguments.tolerance for value in worst)
        return {"steps": len(theirs) * -(-images // batch), "epochs": len(theirs),
                "images": images, "initial_weights_ulp": initial, "rows": rows,
                "tolerance": self.arguments.tolerance, "agrees": agrees}

    def speed(self):
        # The first epoch of a block warms up; what follows is timed.
        images, batch, epochs = self.cut(self.arguments.block_steps, self.arguments.block_steps)
        overrides = [f"data.train_images={images}", f"training.epochs={epochs + 1}"]
        ffwd, torch = [], []
        for _ in range(self.arguments.blocks):
            run = self.ffwd(overrides)
            first, last = run.metrics[0], run.metrics[-1]
            ffwd.append((last["seconds"] - first["seconds"]) / (last["step"] - first["step"]))
            timed = [(steps, seconds) for _, steps, seconds in self.torch(run.recipe).run()][1:]
            torch.append(sum(seconds for _, seconds in timed) / sum(steps for steps, _ in timed))
        return {"batch": batch, "epoch_images": self.images(),
                "steps_an_epoch": -(-self.images() // batch),
                "ffwd": ffwd, "torch": torch,
                "ratio": statistics.median(torch) / statistics.median(ffwd)}


def tensor_names(trainer):
    for l in range(len(trainer.layers)):
        yield f"{l}.weight", f"{l}.bias"
    if trainer.head:
        yield ("head.weight",)


def agree(pairs):
    """Largest relative difference of each figure, and how the loss went."""
    result = {}
    for figure in FIGURES:
        values = np.array([(ours[figure], other[figure]) for ours, other in pairs
                           if figure in ours])
        if len(values):
            ours, other = values.T
            size = np.maximum(np.abs(ours), np.finfo(np.float32).tiny)
            result[figure] = float(np.max(np.abs(other - ours) / size))  # a NaN stays one
    result["first_loss"], result["last_loss"] = pairs[0][0]["loss"], pairs[-1][0]["loss"]
    return result


def distance(a, b):
    """||a - b|| / ||b||"""
    size = float(np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / size if size > 0 else float(np.linalg.norm(a))


def worst_ulp(ours, theirs):
    """The most representable floats between two sets of weights."""
    def ordered(values):
        bits = values.view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return max(int(np.abs(ordered(ours[n]) - ordered(theirs[n])).max()) for n in theirs)


def loaded_blas():
    """The BLAS library that PyTorch multiplies with."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line or "libmkl" in line}
    named = [Path(path).name for path in sorted(paths)
             if any(name in path for name in ("openblas", "blis", "mkl", "atlas"))]
    return named[-1] if named else "reference BLAS"


def show_agreement(result):
    ulp = result["initial_weights_ulp"]
    print(f"initial weights: {'equal bit for bit' if ulp == 0 else f'within {ulp} ulp'}")
    print(f"largest relative differences over {result['steps']} steps "
          f"({result['epochs']} epochs of {result['images']} images)")
    print(f"  {'':8} {'loss':>9} {'goodness+':>9} {'goodness-':>9} {'weights':>9}   loss of ffwd")
    for row in result["rows"]:
        cells = [f"{row[name]:9.1e}" if name in row else f"{'':9}" for name in FIGURES]
        print(f"  {row['name']:8} {' '.join(cells)} {row['weights']:9.1e}   "
              f"{row['first_loss']:.6g} -> {row['last_loss']:.6g}")
    verdict = "agree" if result["agrees"] else "DO NOT AGREE"
    print(f"ffwd and PyTorch {verdict} (tolerance {result['tolerance']:g}, loss and goodness)")


def show_speed(result, arguments, blas):
    print(f"speed with {arguments.threads} thread(s), {arguments.blocks} blocks of each in turn")
    print(f"  {'':8} {'ms/step':>8} {'least':>8} {'most':>8} {'images/s':>9} {'s/epoch':>8}"
          f"   (epoch: {result['epoch_images']} images)")
    for name, seconds in (("ffwd", result["ffwd"]), ("PyTorch", result["torch"])):
        median = statistics.median(seconds)
        print(f"  {name:8} {1e3 * median:8.2f} {1e3 * min(seconds):8.2f} {1e3 * max(seconds):8.2f} "
              f"{result['batch'] / median:9.0f} {median * result['steps_an_epoch']:8.2f}")
    print(f"ffwd is {result['ratio']:.2f} times as fast (ratio of medians); load average "
          f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if blas == "reference BLAS":
        print("PyTorch multiplies with the reference BLAS here: its time says little")


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # read when PyTorch loads its BLAS
    import torch
    from compare.torch_trainer import Trainer
    torch.set_num_threads(arguments.threads)
    blas = loaded_blas()

    report = {"recipe": Path(arguments.recipe).name, "set": arguments.set,
              "threads": arguments.threads, "torch": torch.__version__, "blas": blas,
              "machine": platform.machine(), "cores": os.cpu_count()}
    try:
        with tempfile.TemporaryDirectory(prefix="compare-torch-") as scratch:
            comparison = Comparison(arguments, Trainer, scratch)
            summary = comparison.initial.summary
            report["ffwd"] = f"{summary['version']} ({summary['commit']})"
            print(f"{report['recipe']}: ffwd {report['ffwd']} on {summary['device']}; "
                  f"PyTorch {torch.__version__} with {blas}")
            if arguments.steps:
                report["agreement"] = comparison.agreement()
                show_agreement(report["agreement"])
            if arguments.blocks:
                report["speed"] = comparison.speed()
                report["speed"]["load_average"] = os.getloadavg()[0]
                show_speed(report["speed"], arguments, blas)
    except (OSError, RuntimeError) as error:
        print(f"compare_torch: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0 if report.get("agreement", {"agrees": True})["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
