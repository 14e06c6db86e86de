"""The updates of a recipe in PyTorch."""

import torch


class GradientAverage(torch.optim.Optimizer):
    """Hinton's update: an average of gradients, and a decay that is not part of it."""

    def __init__(self, groups, momentum):
        super().__init__(groups, {"momentum": momentum})
        for group in self.param_groups:
            for weight in group["params"]:
                self.state[weight]["velocity"] = torch.zeros_like(weight)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                self.update(weights, [weight.grad for weight in weights],
                            [self.state[weight]["velocity"] for weight in weights],
                            group["lr"], group["momentum"], group["weight_decay"])

    @staticmethod
    def update(weights, gradients, velocities, rate, momentum, decay):
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, gradients, alpha=1 - momentum)
        if decay > 0:
            torch._foreach_mul_(weights, 1 - rate * decay)
        torch._foreach_add_(weights, velocities, alpha=-rate)


def adam(groups, **options):
    decays = any(group["weight_decay"] > 0 for group in groups)
    return (torch.optim.AdamW if decays else torch.optim.Adam)(groups, **options)


def fused_adam(groups, **options):
    """One kernel for all weights, where this PyTorch has it for their device."""
    trial = torch.nn.Parameter(torch.zeros_like(groups[0]["params"][0]))
    trial.grad = torch.zeros_like(trial)
    try:
        adam([{**groups[0], "params": [trial]}], fused=True, **options).step()
    except (TypeError, RuntimeError):
        return adam(groups, **options)
    return adam(groups, fused=True, **options)


def make_optimiser(recipe, adam, layers, head=None):
    """One for all these weights; `adam` makes it if the recipe wants Adam."""
    options = recipe["optimiser"]

    def group(prefix, weights, decay):
        rate = options[prefix + "learning_rate"]
        return {"params": weights, "lr": rate, "full_lr": rate, "weight_decay": decay}

    groups = [group("", [layer.weight for layer in layers], options["weight_decay"]),
              group("", [layer.bias for layer in layers], 0)]
    if head:
        groups.append(group("head_", [head.weight], options["head_weight_decay"]))
    if options["kind"] == "adam":
        return adam(groups, betas=(options["beta1"], options["beta2"]), eps=options["eps"])
    return GradientAverage(groups, options["momentum"])
