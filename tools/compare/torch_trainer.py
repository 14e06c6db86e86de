"""A recipe of ffwd in PyTorch, eager, by somebody who knows where the time goes ("tuned").

Inputs of a layer are detached, so one backward() of the sum of all losses gives every layer the
gradient of its own. Positive and negative rows go through a layer as one matrix, everything that
needs no gradient runs under no_grad, one optimiser steps all weights in place, in one kernel where
PyTorch has one, and no figure is read back before the end of an epoch.
"""

import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import ffwd_run
from .torch_optimisers import fused_adam, make_optimiser

EPS = {"l2": 1e-4, "rms": 1e-8}


# What a step here does not know any other value of.
ALONE = {"data.label_place": "pixels", "negatives.lag": 0, "training.algorithm": "forward-forward"}


def expect_known(recipe):
    for key, value in ALONE.items():
        section, name = key.split(".")
        if recipe[section][name] != value:
            raise RuntimeError(f"{key} is {recipe[section][name]}, but the step in PyTorch knows {value} alone")


def known_goodness(name):
    """The term of an activity and the reduction over a row."""
    reduction, _, term = name.partition("_")
    terms, reductions = {"squares": torch.square, "abs": torch.abs}, {"sum": torch.sum, "mean": torch.mean}
    if term not in terms or reduction not in reductions:
        raise RuntimeError(f"objective.goodness is {name}, which the step in PyTorch does not know")
    return terms[term], reductions[reduction]


class LayerSpec:
    """An entry of network.layers: 500, "conv 64 k5 p2 s2 g1", "maxpool 2" or "avgpool 2"."""

    def __init__(self, text):
        words = str(text).split()
        self.kind = words[0] if len(words) > 1 else "dense"
        self.size = int(words[-1 if self.kind == "dense" else 1])  # units, or a pool's window
        options = {word[0]: int(word[1:]) for word in words[2:]}
        self.kernel = options.get("k", 1)
        self.geometry = {"padding": options.get("p", 0), "stride": options.get("s", 1),
                         "groups": options.get("g", 1)}

    def learns(self):
        return not self.kind.endswith("pool")

    def pool(self, y):
        return (F.max_pool2d if self.kind == "maxpool" else F.avg_pool2d)(y, self.size)

    def inputs(self, shape):
        """Inputs of one unit when the layer reads rows of this shape."""
        if self.kind == "dense":
            return math.prod(shape)
        return shape[0] // self.geometry["groups"] * self.kernel ** 2


class Layer(torch.nn.Module):
    def __init__(self, recipe, index, spec, weight, bias):
        super().__init__()
        if spec.kind == "conv":
            weight = weight.reshape(len(weight), -1, spec.kernel, spec.kernel)
        self.weight, self.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
        self.register_buffer("totals", weight.new_zeros(3))
        self.spec = spec
        self.pools = []  # what follows it
        objective = recipe["objective"]
        threshold = objective["threshold"]
        if threshold == "width":
            threshold = float(len(bias))
        elif isinstance(threshold, list):
            threshold = threshold[index]
        self.threshold = threshold
        self.temperature = objective["temperature"]
        self.term, self.reduction = known_goodness(objective["goodness"])
        self.goodness_of = objective["goodness_of"]
        self.peer_strength = objective["peer_strength"]
        self.peer_momentum = objective["peer_momentum"]
        self.register_buffer("peer_mean", bias.new_full((len(bias),), 0.5))
        self.leaky = recipe["network"]["activation"] == "leaky_relu"

    def activities(self, x):
        if self.spec.kind == "conv":
            a = F.conv2d(x, self.weight, self.bias, **self.spec.geometry)
        else:
            a = F.linear(x, self.weight, self.bias)
        return a, F.leaky_relu(a, 0.01) if self.leaky else F.relu(a)

    def goodness(self, y):
        """Of every row, or of every pixel of the images in a convolution."""
        over = 1 if self.goodness_of == "pixel" else tuple(range(1, y.dim()))
        return self.reduction(self.term(y), over)

    def hand_on(self, y):
        for pool in self.pools:
            y = pool.pool(y)
        return y

    def loss(self, x):
        """The loss of B positive and then B negative rows, and what the next layer sees of them."""
        positive = len(x) // 2
        a, y = self.activities(x)
        goodness = self.goodness(y)
        wrong_way = goodness - self.threshold
        wrong_way = torch.cat((-wrong_way[:positive], wrong_way[positive:]))
        loss = F.softplus(wrong_way / self.temperature).mean()
        with torch.no_grad():
            self.totals += torch.stack((loss, goodness[:positive].mean(),
                                        goodness[positive:].mean()))
        if self.peer_strength > 0:
            loss = loss + self.peer_term(a[:positive], y[:positive].detach())
        return loss, self.hand_on(y.detach())

    def peer_term(self, a, y):
        """Peer normalisation; its gradient goes straight to `a`, whatever the activation."""
        rows = (0,) + tuple(range(2, y.dim()))
        self.peer_mean.lerp_(y.mean(rows, dtype=self.peer_mean.dtype), 1 - self.peer_momentum)
        return self.peer_strength * (a.mean(rows) @ (self.peer_mean - self.peer_mean.mean()))


class Head(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = torch.nn.Parameter(weight)
        self.register_buffer("totals", weight.new_zeros(1))

    def logits(self, x):
        return F.linear(x, self.weight)

    def loss(self, logits, label):
        loss = F.cross_entropy(logits, label)
        self.totals += loss.detach()
        return loss


class Trainer(torch.nn.Module):
    layer_class = Layer

    def __init__(self, recipe, image_format, pixels, labels, device="cpu", precision="fp32"):
        """`pixels` (N, height * width * channels) and `labels` (N) as bytes; only as many as the
        recipe asks for count. Precision: fp64, fp32, bf16 (autocast) or tf32 (see allow_tf32)."""
        super().__init__()
        self.autocast = {"device_type": device, "dtype": torch.bfloat16, "enabled": precision == "bf16"}
        self.dtype = dtype = torch.float64 if precision == "fp64" else torch.float32
        self.recipe = recipe
        self.count = recipe["data"]["train_images"] or len(pixels)
        self.batch = min(recipe["training"]["batch"] or self.count, self.count)
        channels = image_format["channels"]
        self.register_buffer("pixels", torch.tensor(pixels[:self.count]).to(dtype)
                             .reshape(self.count, -1, channels))
        if recipe["data"]["standardise"]:
            mean, deviation = (torch.tensor(image_format[name], dtype=dtype)
                               for name in ("mean", "deviation"))
            self.pixels.div_(255 * deviation).sub_(mean / deviation)
        else:
            self.pixels.div_(255)
        self.register_buffer("labels", torch.tensor(labels[:self.count]).long())

        self.classes = len(image_format["classes"])
        value = recipe["data"]["label_value"]
        self.register_buffer("one_hot", value * torch.eye(self.classes, dtype=dtype))
        self.neutral = value / self.classes
        self.norm = recipe["network"]["normalise"]

        expect_known(recipe)
        specs = [LayerSpec(text) for text in recipe["network"]["layers"]]
        self.image = (image_format["height"], image_format["width"], channels)
        self.convolves = specs[0].kind == "conv"
        init, seed = recipe["network"]["init"], recipe["training"]["seed"]
        self.layers = torch.nn.ModuleList()
        x = self.first_rows(self.pixels[:1])
        with torch.no_grad():
            for spec in specs:
                if not spec.learns():
                    self.layers[-1].pools.append(spec)
                    x = spec.pool(x)
                    continue
                inputs = spec.inputs(x.shape[1:])
                start = ffwd_run.initial_layer(init, seed, len(self.layers), inputs, spec.size)
                start = (torch.tensor(values, dtype=dtype) for values in start)
                self.layers.append(self.layer_class(recipe, len(self.layers), spec, *start))
                x = self.layers[-1].activities(self.input_of(self.layers[-1], x))[1]
        self.first_read = int(recipe["training"]["skip_first_layer"])
        self.head = None
        if recipe["network"]["head"]:
            inputs = self.neutral_activities(self.pixels[:1]).shape[1]
            self.head = Head(torch.zeros(self.classes, inputs, dtype=dtype))
        self.same_rows = (self.batch == self.count and recipe["negatives"]["labels"] == "fixed")
        self.rows = None
        self.to(device)
        self.optimisers = self.make_optimisers()

    def make_optimisers(self):
        return [make_optimiser(self.recipe, fused_adam, self.layers, self.head)]

    def run(self):
        """Trains by the recipe. Yields (stage, metrics, steps, seconds of learning) of every epoch."""
        training = self.recipe["training"]
        step, number = 0, 0
        for stage in self.stages():
            for epoch in range(1, training["epochs"] + 1):
                number += 1
                self.set_rates(epoch, training["epochs"])
                batches = self.batches(number, step)
                step += len(batches)
                if epoch == 1:
                    self.rows = self.rows_of_stage(*stage, *batches[0])
                self.wait()
                begin = time.perf_counter()
                for batch in batches:
                    self.step(*stage, *batch)
                metrics = self.read_metrics(*stage, len(batches))
                self.wait()
                yield stage, metrics, len(batches), time.perf_counter() - begin

    def stages(self):
        """Which layers learn, and does the head: all at once, or one after the other."""
        layers = len(self.layers)
        if self.recipe["training"]["schedule"] != "greedy":
            return [(range(layers), self.head is not None)]
        stages = [(range(index, index + 1), False) for index in range(layers)]
        return stages + [(range(0), True)] if self.head else stages

    def set_rates(self, epoch, epochs):
        decays = self.recipe["optimiser"]["decay"] == "linear_after_half" and 2 * epoch > epochs
        factor = (1 + 2 * (epochs - epoch)) / epochs if decays else 1
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * group["full_lr"]

    def wait(self):
        if self.pixels.is_cuda:
            torch.cuda.synchronize()

    def batches(self, epoch, step):
        """For each step the images, and the number in [0, 1) that each draws a wrong label with."""
        seed = self.recipe["training"]["seed"]
        fixed = self.recipe["negatives"]["labels"] == "fixed"
        order = np.arange(self.count)
        if self.recipe["training"]["shuffle"]:
            order = ffwd_run.shuffled(self.count, seed, epoch if self.batch < self.count else 1)
        draw = np.zeros(1) if fixed else step + 1 + np.arange(self.count) // self.batch
        words, _ = ffwd_run.random_words(seed, ffwd_run.NEGATIVES, order, draw)
        uniform = torch.tensor(ffwd_run.unit_interval(words), dtype=self.dtype)
        columns = (torch.tensor(order), uniform)
        return list(zip(*(column.to(self.pixels.device).split(self.batch) for column in columns)))

    def step(self, learning, head_learns, sample, uniform):
        [optimiser] = self.optimisers
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(**self.autocast):
            loss = self.loss(learning, head_learns, sample, uniform)
        loss.backward()
        optimiser.step()

    def loss(self, learning, head_learns, sample, uniform):
        """The sum of the losses of all that learn."""
        pixels, label = self.pixels[sample], self.labels[sample]
        from_head = self.recipe["negatives"]["labels"] == "head"
        losses, logits = [], None
        if from_head or head_learns:
            logits = self.head.logits(self.neutral_activities(pixels))
            if head_learns:
                losses.append(self.head.loss(logits, label))
        if learning:
            y = self.rows
            if y is None:
                wrong = self.wrong_labels(label, uniform, logits.detach() if from_head else None)
                y = self.rows_below(learning, pixels, torch.cat((label, wrong)))
            for index in learning:
                loss, y = self.layers[index].loss(self.input_of(self.layers[index], y))
                losses.append(loss)
        return sum(losses)

    def rows_of_stage(self, learning, head_learns, sample, uniform):
        """The rows of every step, computed once, where all steps of a stage see the same."""
        if not (self.same_rows and learning):
            return None
        label = self.labels[sample]
        labels = torch.cat((label, self.wrong_labels(label, uniform)))
        with torch.autocast(**self.autocast):
            return self.rows_below(learning, self.pixels[sample], labels)

    def wrong_labels(self, label, uniform, logits=None):
        if logits is not None:
            return likely_wrong_label(logits, label, uniform)
        return uniform_wrong_label(self.classes, label, uniform)

    @torch.no_grad()
    def rows_below(self, learning, pixels, labels):
        """What the first layer that learns is handed: images under their labels, in that order."""
        y = torch.cat((pixels, pixels))
        y[:, :self.classes] = self.one_hot[labels][:, :, None]
        y = self.first_rows(y)
        for index in range(learning.start):
            layer = self.layers[index]
            y = layer.hand_on(layer.activities(self.input_of(layer, y))[1])
        return y

    def first_rows(self, pixels):
        """Images as the first layer reads them: (N, D), or (N, C, H, W) for a convolution."""
        if self.convolves:
            return pixels.reshape(len(pixels), *self.image).permute(0, 3, 1, 2)
        return pixels.flatten(1)

    @torch.no_grad()
    def neutral_activities(self, pixels):
        """What the head reads: the activities of images under the neutral label."""
        x = pixels.clone()
        x[:, :self.classes] = self.neutral
        x = self.first_rows(x)
        read = []
        layers = list(self.layers)
        for layer, above in zip(layers, layers[1:] + layers[-1:]):
            x = layer.hand_on(layer.activities(self.input_of(layer, x))[1])
            read.append(self.input_of(above, x).flatten(1))
        return torch.cat(read[self.first_read:], 1)

    def input_of(self, layer, x):
        """Normalised rows, or pixels over their channels for a convolution."""
        if layer.spec.kind == "dense":
            x = x.flatten(1)
        if self.norm == "none":
            return x
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        if self.norm == "rms":
            length /= x.shape[1] ** 0.5
        return x / length.add_(EPS[self.norm])

    def read_metrics(self, learning, head_learns, steps):
        """Means over an epoch's steps, under the names of metrics.jsonl."""
        metrics = {"layers": [None] * len(self.layers), "head_loss": None}
        for index in learning:
            totals = self.layers[index].totals
            names = ("loss", "goodness_pos", "goodness_neg")
            metrics["layers"][index] = dict(zip(names, (totals.double() / steps).tolist()))
            totals.zero_()
        if head_learns:
            metrics["head_loss"] = self.head.totals[0].item() / steps
            self.head.totals.zero_()
        return metrics

    def tensors(self):
        """Weights under the names of ffwd's model files."""
        named = {}
        for index, layer in enumerate(self.layers):
            named[f"{index}.weight"], named[f"{index}.bias"] = layer.weight, layer.bias
        if self.head:
            named["head.weight"] = self.head.weight
        return {name: tensor.detach().cpu().numpy() for name, tensor in named.items()}


def uniform_wrong_label(classes, label, uniform):
    """Every wrong label is equally likely (kernels/wrong_labels.h)."""
    wrong = (uniform * (classes - 1)).long().clamp_(max=classes - 2)
    return wrong + (wrong >= label)


def likely_wrong_label(logits, label, uniform):
    """The logits, less the true label's, weigh the wrong labels (kernels/wrong_labels.h)."""
    logits = logits.scatter(1, label[:, None], float("-inf"))
    cumulative = torch.softmax(logits, 1).cumsum(1)
    target = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, target, right=True).squeeze(1)


def allow_tf32(allowed):
    """In matmuls and convolutions of this process."""
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    torch.backends.cudnn.allow_tf32 = allowed
