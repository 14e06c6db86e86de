#!/usr/bin/python3
"""Compares ffwd with the same recipe in PyTorch, on the same device.

Agreement, in fp32: both train from the same weights, on the same batches with the same wrong
labels, drawn twice from the same counter-based random numbers. ffwd writes figures once an epoch,
so an epoch is cut down to --window steps on as many different images, and the run to --steps steps
(of each layer if the schedule is greedy). For each layer and for the head the largest relative
difference of any epoch's mean loss and goodness is shown and judged. Shown beside it: the distance
of the final weights, and how far the same figures of each side are from PyTorch's in double
precision.

Training at a recipe's own learning rates can be chaotic: it multiplies a rounding error until two
correct programs have nothing in common. So the rates of the judged run are divided by --calm. A
second run, at full rates, tells how many steps ffwd stays within the tolerance of PyTorch in
double precision, and how many PyTorch itself does in single precision.

Speed: blocks of ffwd and of PyTorch's steps in turn, so that all meet the same load, with the same
number of threads and at constant learning rates. PyTorch's steps (tools/compare/torch_*.py) are
  plain     eager, as it is usually written: layer after layer, each with its own optimiser;
  tuned     eager, by somebody who knows where the time goes: one backward pass and one optimiser
            for all layers, fused where this PyTorch can do it on the device;
  compiled  the tuned step under torch.compile; on a GPU it is one CUDA graph as well.
ffwd's are its default and, on a GPU, a CUDA graph. What is not possible is left out, with a line
that says why. In bf16 PyTorch runs under autocast; in tf32 its matmuls and convolutions may round.
With --torch-precision it is timed in another precision than ffwd.

Only learning is timed, to the moment when the device is done: ffwd's time is that of its metrics
(shuffles included), PyTorch's that of its loop over batches, with the pixels on the device as
floats, and shuffles and random numbers drawn before. Compilers run before the first block, and the
first epoch of every layer's turn warms up and does not count, nor do the first three where ffwd
captures graphs. On a GPU a step is short: raise --block-steps.

Exit codes: 0 both agree, 1 they do not, 2 no result.

Needs PyTorch: Debian's python3-torch, or a newer one, started with that Python, which is needed for
a GPU and (2 or newer) for the compiled step. What Debian's multiplies with decides its time, so the
table says what it is: its default, libopenblas0-pthread, has threads of its own beside PyTorch's;
libopenblas0-openmp shares them; without either it multiplies some fifty times slower.
"""

import argparse
import functools
import itertools
import json
import os
import statistics
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np

from compare import ffwd_run, machine

FIGURES = ("loss", "goodness_pos", "goodness_neg")
# What host/recipe/recipe.h takes where a recipe does not say.
DEFAULTS = {"data.train_images": 0, "training.batch": 100, "optimiser.learning_rate": 0.01,
            "optimiser.head_learning_rate": 0.1}


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="the recipe's file")
    parser.add_argument("--ffwd", default="build/cpu-release/ffwd", help="the program [%(default)s]")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="[%(default)s]")
    precisions = ("fp32", "tf32", "bf16")
    parser.add_argument("--precision", choices=precisions, default="fp32",
                        help="tf32 is for cuda [%(default)s]")
    parser.add_argument("--torch-precision", choices=precisions,
                        help="of PyTorch where it is timed [that of --precision]")
    parser.add_argument("--steps", type=int, default=200, help="to agree on; 0: none [%(default)s]")
    parser.add_argument("--window", type=int, default=5, help="steps an epoch [%(default)s]")
    parser.add_argument("--tolerance", type=float, default=1e-4,
                        help="largest relative difference allowed [%(default)s]")
    parser.add_argument("--calm", type=float, default=30,
                        help="divides learning rates in the judged run [%(default)s]")
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
    if min(arguments.window, arguments.calm, arguments.block_steps, arguments.threads) < 1:
        parser.error("--window, --calm, --block-steps and --threads must not be below 1")
    arguments.torch_precision = arguments.torch_precision or arguments.precision
    if "tf32" in (arguments.precision, arguments.torch_precision) and arguments.device != "cuda":
        parser.error("tf32 takes --device cuda")
    return arguments


class Comparison:
    """Runs of ffwd and of the PyTorch trainer on the same recipe and data."""

    def __init__(self, arguments, trainer_classes, scratch):
        self.arguments = arguments
        self.trainer_classes = trainer_classes  # by the name of PyTorch's step
        self.scratch = Path(scratch)
        self.runs = 0
        # A run that learns nothing: its model has the initial weights.
        self.initial = self.ffwd(["optimiser.learning_rate=0", "optimiser.head_learning_rate=0",
                                  "data.train_images=1", "training.batch=1", "training.epochs=1"])
        name = self.initial.recipe["data"]["name"]
        self.pixels, self.labels = ffwd_run.training_images(name, arguments.data_dir)
        self.images = self.value("data.train_images") or len(self.pixels)
        self.batch = self.value("training.batch") or self.images

    def value(self, key):
        """A number of the recipe, as the overrides, its file and those that it is based on have it."""
        for override in reversed(self.arguments.set):
            name, text = override.split("=", 1)
            if name.strip() == key:
                return type(DEFAULTS[key])(text)
        section, name = key.split(".")
        path = Path(self.arguments.recipe)
        while True:
            recipe = tomllib.loads(path.read_text())
            if name in recipe.get(section, {}):
                return recipe[section][name]
            if "base" not in recipe:
                return DEFAULTS[key]
            path = path.parent / recipe["base"]

    def ffwd(self, overrides, *options):
        device = ["--device", self.arguments.device, "--precision", self.arguments.precision]
        if self.arguments.data_dir:
            device += ["--data-dir", self.arguments.data_dir]
        small = ["data.test_images=1", "training.evaluate_every=0"]
        self.runs += 1
        return ffwd_run.train(self.arguments.ffwd, self.arguments.recipe,
                              self.scratch / str(self.runs), [*device, *options],
                              self.arguments.set + small + overrides, self.arguments.threads)

    def torch(self, name, recipe, precision):
        return self.trainer_classes[name](recipe, self.initial.images, self.pixels, self.labels,
                                          self.arguments.device, precision)

    def cut(self, epoch_steps, steps, warm_up=0):
        """Overrides for epochs of at most `epoch_steps` steps, about `steps` after warming up."""
        images = min(self.images, epoch_steps * self.batch)
        epochs = warm_up + max(1, round(steps * self.batch / images))
        return [f"data.train_images={images}", f"training.epochs={epochs}"]

    def agreement(self):
        calm = [f"{key}={self.value(key) / self.arguments.calm}"
                for key in ("optimiser.learning_rate", "optimiser.head_learning_rate")]
        run = self.ffwd(self.cut(self.arguments.window, self.arguments.steps) + calm)
        trainer = self.torch("tuned", run.recipe, "fp32")
        ulp = worst_ulp(trainer.tensors(), self.initial.tensors)
        theirs = metrics_of(trainer)
        exact = metrics_of(self.torch("tuned", run.recipe, "fp64"))
        rows = largest_differences(run.metrics, theirs)
        for side, metrics in (("ffwd_from_double", run.metrics), ("torch_from_double", theirs)):
            for name, row in largest_differences(metrics, exact).items():
                rows[name][side] = max(row.values())
        for ours in run.metrics:
            for name, a, _ in figures(ours, ours):
                rows[name].setdefault("first_loss", a["loss"])
                rows[name]["last_loss"] = a["loss"]
        for name, tensor in trainer.tensors().items():
            row = rows[name.split(".")[0]]
            row["weights"] = max(row.get("weights", 0.0), distance(tensor, run.tensors[name]))
        largest = [row[figure] for row in rows.values() for figure in FIGURES if figure in row]
        agrees = ulp <= 1 and all(value <= self.arguments.tolerance for value in largest)
        return {"steps": run.metrics[-1]["step"], "epochs": len(theirs),
                "calm": self.arguments.calm, "initial_weights_ulp": ulp,
                "layers": rows, "tolerance": self.arguments.tolerance, "agrees": agrees}

    def horizon(self):
        """Steps at full rates within the tolerance of PyTorch in double precision."""
        run = self.ffwd(self.cut(self.arguments.window, self.arguments.steps))
        exact = metrics_of(self.torch("tuned", run.recipe, "fp64"))
        single = metrics_of(self.torch("tuned", run.recipe, "fp32"))
        result = {"steps": run.metrics[-1]["step"]}
        for name, candidate in (("ffwd", run.metrics), ("torch", single)):
            result[name] = 0
            for ours, other, timed in zip(candidate, exact, run.metrics):
                if not all(relative(b[figure], a[figure]) <= self.arguments.tolerance
                           for _, a, b in figures(ours, other) for figure in a):
                    break
                result[name] = timed["step"]
        return result

    def speed(self):
        blocks = {"ffwd": self.ffwd_block}
        if self.arguments.device == "cuda":
            # Plans are played, then captured, then only launched.
            blocks["ffwd, graph"] = lambda: self.ffwd_block("--executor", "graph", warm_up=3)
        trainers, left_out = self.warm_trainers(self.ffwd(self.timed()).recipe)
        for name, trainer in trainers.items():
            blocks[f"PyTorch, {name}"] = functools.partial(torch_block, trainer)

        seconds_a_step = {name: [] for name in blocks}
        for _ in range(self.arguments.blocks):
            for name, block in blocks.items():
                seconds_a_step[name].append(block())
        median = {name: statistics.median(seconds) for name, seconds in seconds_a_step.items()}
        return {"batch": self.batch, "epoch_images": self.images,
                "steps_an_epoch": -(-self.images // self.batch), "seconds_a_step": seconds_a_step,
                "ratio": {name: median[name] / median["ffwd"] for name in blocks},
                "left_out": left_out}

    def timed(self, warm_up=1):
        """Overrides for a timed block, and epochs before it."""
        steps = self.arguments.block_steps
        constant = "optimiser.decay=constant"  # a compiled step knows one rate
        return self.cut(steps, steps, warm_up) + [constant]

    def ffwd_block(self, *options, warm_up=1):
        """Seconds a step, after so many epochs of each layer's turn."""
        metrics = self.ffwd(self.timed(warm_up), *options).metrics
        seconds = steps = 0
        for _, turn in itertools.groupby(metrics, key=lambda epoch: epoch["stage"]):
            first, *_, last = itertools.islice(turn, warm_up - 1, None)
            seconds += last["seconds"] - first["seconds"]
            steps += last["step"] - first["step"]
        return seconds / steps

    def warm_trainers(self, recipe):
        """PyTorch's steps that work here, each after an epoch, and why the others do not."""
        trainers, left_out = {}, {}
        for name in self.trainer_classes:
            try:
                trainer = self.torch(name, recipe, self.arguments.torch_precision)
                next(trainer.run())
                trainers[name] = trainer
            except RuntimeError as error:  # not for this recipe, no compiler, too little memory
                left_out[f"PyTorch, {name}"] = str(error).strip().splitlines()[0]
        return trainers, left_out


def torch_block(trainer):
    """Seconds a step, after the first epoch of each layer's turn."""
    seconds = steps = 0
    for _, turn in itertools.groupby(trainer.run(), key=lambda epoch: epoch[0]):
        for _, _, epoch_steps, epoch_seconds in itertools.islice(turn, 1, None):
            seconds += epoch_seconds
            steps += epoch_steps
    return seconds / steps


def figures(ours, other):
    """(name, our figures, the other's) of every layer that learnt, and of the head."""
    for index, (a, b) in enumerate(zip(ours["layers"], other["layers"], strict=True)):
        if a:
            yield str(index), a, b
    if ours["head_loss"] is not None:
        yield "head", {"loss": ours["head_loss"]}, {"loss": other["head_loss"]}


def metrics_of(trainer):
    return [metrics for _, metrics, _, _ in trainer.run()]


def largest_differences(run, other):
    """Of each layer's and the head's figures, relative, over all epochs."""
    rows = {}
    for ours, theirs in zip(run, other, strict=True):
        for name, a, b in figures(ours, theirs):
            row = rows.setdefault(name, {})
            for figure, value in a.items():
                row[figure] = worse(row.get(figure, 0.0), relative(value, b[figure]))
    return rows


def relative(value, other):
    return abs(other - value) / max(abs(value), sys.float_info.min)


def worse(a, b):
    return a if a >= b or a != a else b  # nothing is worse than a NaN


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


def show_agreement(result):
    ulp = result["initial_weights_ulp"]
    print(f"initial weights: {'equal bit for bit' if ulp == 0 else f'within {ulp} ulp'}")
    print(f"largest relative differences over {result['steps']} steps in {result['epochs']} epochs,"
          f" learning rates / {result['calm']:g}")
    print(f"{'':47}from double:")
    print(f"  layer {'loss':>9} {'goodness+':>9} {'goodness-':>9} {'weights':>9} {'ffwd':>9} {'PyTorch':>9}"
          "   loss of ffwd")
    for name, row in result["layers"].items():
        cells = [f"{row[figure]:9.1e}" if figure in row else f"{'':9}" for figure in FIGURES]
        print(f"  {name:5} {' '.join(cells)} {row['weights']:9.1e} "
              f"{row['ffwd_from_double']:9.1e} {row['torch_from_double']:9.1e}   "
              f"{row['first_loss']:.6g} -> {row['last_loss']:.6g}")
    verdict = "agree" if result["agrees"] else "DO NOT AGREE"
    print(f"ffwd and PyTorch {verdict} (tolerance {result['tolerance']:g}, on loss and goodness)")


def show_horizon(result):
    print(f"at full learning rates, of {result['steps']} steps within that tolerance of PyTorch in "
          f"double precision: ffwd {result['ffwd']}, PyTorch in single {result['torch']}")


def show_speed(result, report):
    print(f"speed on {report['device']}, ffwd in {report['precision']}, PyTorch in "
          f"{report['torch_precision']}, blocks of each in turn: "
          f"{len(result['seconds_a_step']['ffwd'])}")
    print(f"  {'':17} {'ms/step':>8} {'least':>8} {'most':>8} {'images/s':>9} {'s/epoch':>8} {'to ffwd':>8}"
          f"   (epoch: {result['epoch_images']} images)")
    for name, seconds in result["seconds_a_step"].items():
        median = statistics.median(seconds)
        print(f"  {name:17} {1e3 * median:8.3f} {1e3 * min(seconds):8.3f} {1e3 * max(seconds):8.3f} "
              f"{result['batch'] / median:9.0f} {median * result['steps_an_epoch']:8.2f} "
              f"{result['ratio'][name]:8.2f}")
    for name, reason in result["left_out"].items():
        print(f"  {name:17} left out: {reason}")
    print(f"medians; load average {result['load_average']:.1f} on {os.cpu_count()} cores")
    if report["blas"] == "reference BLAS":
        print("PyTorch multiplies with the reference BLAS here: its time says little")


def main():
    arguments = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # read when PyTorch loads its BLAS
    import torch
    from compare.torch_compiled import CompiledTrainer
    from compare.torch_plain import PlainTrainer
    from compare.torch_trainer import Trainer, allow_tf32
    torch.set_num_threads(arguments.threads)
    allow_tf32(False)
    torch.backends.cudnn.benchmark = True  # the fastest algorithms that it can find

    report = {"recipe": Path(arguments.recipe).name, "set": arguments.set,
              "precision": arguments.precision, "torch_precision": arguments.torch_precision,
              "threads": arguments.threads,
              "torch": torch.__version__, "blas": machine.multiplies_with(torch, arguments.device),
              "processor": machine.processor(), "cores": os.cpu_count()}
    try:
        if arguments.device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError(f"PyTorch {torch.__version__} cannot use a GPU here")
        with tempfile.TemporaryDirectory(prefix="compare-torch-") as scratch:
            trainers = {"plain": PlainTrainer, "tuned": Trainer, "compiled": CompiledTrainer}
            comparison = Comparison(arguments, trainers, scratch)
            summary = comparison.initial.summary
            report["ffwd"] = f"{summary['version']} ({summary['commit']})"
            report["device"] = summary["device"]
            print(f"{report['recipe']}: ffwd {report['ffwd']} on {report['device']}; "
                  f"PyTorch {torch.__version__} with {report['blas']}")
            if arguments.steps and arguments.precision == "fp32":
                report["agreement"] = comparison.agreement()
                show_agreement(report["agreement"])
                report["full_rates"] = comparison.horizon()
                show_horizon(report["full_rates"])
            elif arguments.steps:
                print("agreement: not judged, for it takes --precision fp32")
            if arguments.blocks:
                allow_tf32(arguments.torch_precision == "tf32")
                report["speed"] = comparison.speed()
                report["speed"]["load_average"] = os.getloadavg()[0]
                show_speed(report["speed"], report)
    except (OSError, RuntimeError) as error:
        print(f"compare_torch: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0 if report.get("agreement", {"agrees": True})["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
