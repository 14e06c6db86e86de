"""A recipe of ffwd in plain PyTorch: eager mode, autograd, one optimiser for each layer.

Inputs of a layer are detached, and backward() runs on the layer's own loss alone. Positive and
negative rows go through a layer as one matrix, everything that needs no gradient runs under
no_grad, optimisers work in place, and no figure is read back before the end of an epoch.
"""

import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import ffwd_run

EPS = {"l2": 1e-4, "rms": 1e-8}


class GradientAverage(torch.optim.Optimizer):
    """Hinton's update: an average of gradients, and a decay that is not part of it."""

    def __init__(self, groups, lr, momentum):
        super().__init__(groups, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["velocity"] = torch.zeros_like(weight)
                velocity = state["velocity"].mul_(group["momentum"])
                velocity.add_(weight.grad, alpha=1 - group["momentum"])  # faster than lerp_
                if group["weight_decay"] > 0:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(velocity, alpha=-group["lr"])


class Learner:
    """What layers and the head share: parameters, their optimiser, running figures."""

    def __init__(self, recipe, prefix, weight, bias=None):
        options = recipe["optimiser"]
        self.rate = options[prefix + "learning_rate"]
        self.weight = weight.requires_grad_()
        groups = [{"params": [self.weight], "weight_decay": options[prefix + "weight_decay"]}]
        if bias is not None:
            self.bias = bias.requires_grad_()
            groups.append({"params": [self.bias], "weight_decay": 0})
        if options["kind"] == "adam":
            self.optimiser = torch.optim.AdamW(groups, self.rate, eps=options["eps"],
                                               betas=(options["beta1"], options["beta2"]))
        else:
            self.optimiser = GradientAverage(groups, self.rate, options["momentum"])
        self.totals = weight.new_zeros(3)

    def set_rate(self, factor):
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.rate

    def descend(self, loss):
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()


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


class Layer(Learner):
    def __init__(self, recipe, index, spec, weight, bias):
        if spec.kind == "conv":
            weight = weight.reshape(len(weight), -1, spec.kernel, spec.kernel)
        super().__init__(recipe, "", weight, bias)
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
        self.goodness_kind = objective["goodness"]
        self.goodness_of = objective["goodness_of"]
        self.peer_strength = objective["peer_strength"]
        self.peer_momentum = objective["peer_momentum"]
        self.peer_mean = bias.new_full((len(bias),), 0.5)
        self.leaky = recipe["network"]["activation"] == "leaky_relu"

    def activities(self, x):
        if self.spec.kind == "conv":
            a = F.conv2d(x, self.weight, self.bias, **self.spec.geometry)
        else:
            a = F.linear(x, self.weight, self.bias)
        return a, F.leaky_relu(a, 0.01) if self.leaky else F.relu(a)

    def goodness(self, y):
        """Of every row, or of every pixel of the images in a convolution."""
        terms = y.square() if self.goodness_kind.endswith("squares") else y.abs()
        over = 1 if self.goodness_of == "pixel" else tuple(range(1, y.dim()))
        return terms.sum(over) if self.goodness_kind.startswith("sum") else terms.mean(over)

    def hand_on(self, y):
        for pool in self.pools:
            y = pool.pool(y)
        return y

    def learn(self, x):
        """One step on B positive and then B negative rows; returns their activities."""
        positive = len(x) // 2
        a, y = self.activities(x)
        goodness = self.goodness(y)
        wrong_way = goodness - self.threshold
        wrong_way = torch.cat((-wrong_way[:positive], wrong_way[positive:]))
        loss = F.softplus(wrong_way / self.temperature).mean()
        if self.peer_strength > 0:
            self.descend(loss + self.peer_term(a[:positive], y[:positive].detach()))
        else:
            self.descend(loss)
        with torch.no_grad():
            self.totals += torch.stack((loss, goodness[:positive].mean(),
                                        goodness[positive:].mean()))
        return self.hand_on(y.detach())

    def peer_term(self, a, y):
        """Peer normalisation; its gradient goes straight to `a`, whatever the activation."""
        rows = (0,) + tuple(range(2, y.dim()))
        self.peer_mean.lerp_(y.mean(rows), 1 - self.peer_momentum)
        return self.peer_strength * (a.mean(rows) @ (self.peer_mean - self.peer_mean.mean()))


class Head(Learner):
    def logits(self, x):
        return F.linear(x, self.weight)

    def learn(self, logits, label):
        loss = F.cross_entropy(logits, label)
        self.descend(loss)
        self.totals[0] += loss.detach()


class Trainer:
    layer_class = Layer

    def __init__(self, recipe, image_format, pixels, labels, dtype=torch.float32):
        """`pixels` (N, height * width * channels) and `labels` (N) as bytes; only as many as the
        recipe asks for count."""
        self.dtype = dtype
        self.recipe = recipe
        self.count = recipe["data"]["train_images"] or len(pixels)
        self.batch = min(recipe["training"]["batch"] or self.count, self.count)
        channels = image_format["channels"]
        self.pixels = torch.tensor(pixels[:self.count]).to(dtype).reshape(self.count, -1, channels)
        if recipe["data"]["standardise"]:
            mean, deviation = (torch.tensor(image_format[name], dtype=dtype)
                               for name in ("mean", "deviation"))
            self.pixels.div_(255 * deviation).sub_(mean / deviation)
        else:
            self.pixels.div_(255)
        self.labels = torch.tensor(labels[:self.count]).long()

        self.classes = len(image_format["classes"])
        value = recipe["data"]["label_value"]
        self.one_hot = value * torch.eye(self.classes, dtype=dtype)
        self.neutral = value / self.classes
        self.norm = recipe["network"]["normalise"]

        specs = [LayerSpec(text) for text in recipe["network"]["layers"]]
        self.image = (image_format["height"], image_format["width"], channels)
        self.convolves = specs[0].kind == "conv"
        init, seed = recipe["network"]["init"], recipe["training"]["seed"]
        self.layers = []
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
            self.head = Head(recipe, "head_", torch.zeros(self.classes, inputs, dtype=dtype))
        # Every step of a stage sees the same rows: they are computed once.
        self.same_rows = (self.batch == self.count and recipe["negatives"]["labels"] == "fixed")
        self.kept = None

    def run(self):
        """Trains by the recipe. Yields (metrics, steps, seconds of learning) of every epoch."""
        training = self.recipe["training"]
        step, number = 0, 0
        for stage in self.stages():
            for epoch in range(1, training["epochs"] + 1):
                number += 1
                self.set_rates(epoch, training["epochs"])
                batches = self.batches(number, step)
                step += len(batches)
                begin = time.perf_counter()
                for batch in batches:
                    self.step(*stage, *batch)
                metrics = self.read_metrics(*stage, len(batches))
                yield metrics, len(batches), time.perf_counter() - begin

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
        for learner in self.layers + ([self.head] if self.head else []):
            learner.set_rate(factor)

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
        return list(zip(torch.tensor(order).split(self.batch), uniform.split(self.batch)))

    def step(self, learning, head_learns, sample, uniform):
        pixels, label = self.pixels[sample], self.labels[sample]
        from_head = self.recipe["negatives"]["labels"] == "head"
        logits = None
        if from_head or head_learns:
            logits = self.head.logits(self.neutral_activities(pixels))
            if head_learns:
                self.head.learn(logits, label)
        if not learning:
            return
        if not (self.kept and self.kept[0] == learning):
            wrong = self.wrong_labels(label, uniform, logits.detach() if from_head else None)
            self.kept = learning, self.rows_below(learning, pixels, torch.cat((label, wrong)))
        y = self.kept[1]
        if not self.same_rows:
            self.kept = None
        for layer in self.layers[learning.start:learning.stop]:
            y = layer.learn(self.input_of(layer, y))

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
        for layer in self.layers[:learning.start]:
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
        for layer, above in zip(self.layers, self.layers[1:] + self.layers[-1:]):
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
        return {name: tensor.detach().numpy() for name, tensor in named.items()}


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
