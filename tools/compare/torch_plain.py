"""The step as it is usually written for PyTorch: positive and negative rows go through a layer one after the other,
normalisation, goodness and loss are left to autograd, and the optimiser is PyTorch's own with its defaults.
"""

import torch
import torch.nn.functional as F

from .torch_trainer import Layer, Trainer


class PlainLayer(Layer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        options = self.optimiser.defaults
        if isinstance(self.optimiser, torch.optim.AdamW):
            self.optimiser = torch.optim.Adam([self.weight, self.bias], options["lr"], options["betas"], options["eps"])

    def learn_from(self, positive, negative):
        y_positive, y_negative = self.activities(positive)[1], self.activities(negative)[1]
        g_positive, g_negative = self.goodness(y_positive), self.goodness(y_negative)
        loss = F.softplus(torch.cat((self.threshold - g_positive, g_negative - self.threshold))
                          / self.temperature).mean()
        self.descend(loss)
        with torch.no_grad():
            self.totals += torch.stack((loss, g_positive.mean(), g_negative.mean()))
        return y_positive.detach(), y_negative.detach()


class PlainTrainer(Trainer):
    """For fully connected layers without peer normalisation, whose labels do not come from the head."""

    layer_class = PlainLayer

    def step(self, learning, head_learns, sample, uniform):
        pixels, label = self.pixels[sample], self.labels[sample]
        wrong = self.wrong_labels(label, uniform)
        rows = [self.labelled(pixels, labels) for labels in (label, wrong)]
        for layer in self.layers[learning.start:learning.stop]:
            rows = layer.learn_from(*(self.input_of(layer, x) for x in rows))

    def labelled(self, pixels, labels):
        x = pixels.clone()
        x[:, :self.classes] = self.one_hot[labels][:, :, None]
        return x.flatten(1)

    @staticmethod
    def can(recipe):
        return (recipe["objective"]["peer_strength"] == 0 and recipe["negatives"]["labels"] != "head"
                and recipe["training"]["schedule"] == "simultaneous" and not recipe["network"]["head"]
                and all(isinstance(layer, int) for layer in recipe["network"]["layers"]))
