"""The step as it is usually written for PyTorch ("plain"): positive and negative rows go through a layer one after the
other, normalisation, goodness and loss are left to autograd, and every layer has an optimiser of its own, PyTorch's with
its defaults.
"""

import torch
import torch.nn.functional as F

from .torch_optimisers import adam, make_optimiser
from .torch_trainer import Layer, Trainer


class PlainLayer(Layer):
    def loss(self, positive, negative):
        y_positive, y_negative = self.activities(positive)[1], self.activities(negative)[1]
        g_positive, g_negative = self.goodness(y_positive), self.goodness(y_negative)
        loss = F.softplus(torch.cat((self.threshold - g_positive, g_negative - self.threshold))
                          / self.temperature).mean()
        with torch.no_grad():
            self.totals += torch.stack((loss, g_positive.mean(), g_negative.mean()))
        return loss, [y_positive.detach(), y_negative.detach()]


class PlainTrainer(Trainer):
    layer_class = PlainLayer

    def __init__(self, recipe, *rest):
        if (recipe["objective"]["peer_strength"] > 0 or recipe["negatives"]["labels"] == "head"
                or recipe["training"]["schedule"] == "greedy" or recipe["network"]["head"]
                or not all(isinstance(layer, int) for layer in recipe["network"]["layers"])):
            raise RuntimeError("it is written for fully connected layers that learn all at once, without peer "
                               "normalisation or a head")
        super().__init__(recipe, *rest)

    def make_optimisers(self):
        return [make_optimiser(self.recipe, adam, [layer]) for layer in self.layers]

    def step(self, learning, head_learns, sample, uniform):
        pixels, label = self.pixels[sample], self.labels[sample]
        wrong = self.wrong_labels(label, uniform)
        rows = [self.labelled(pixels, labels) for labels in (label, wrong)]
        for layer, optimiser in zip(self.layers, self.optimisers):
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast(**self.autocast):
                loss, rows = layer.loss(*(self.input_of(layer, x) for x in rows))
            loss.backward()
            optimiser.step()

    def labelled(self, pixels, labels):
        x = pixels.clone()
        x[:, :self.classes] = self.one_hot[labels][:, :, None]
        return x.flatten(1)
