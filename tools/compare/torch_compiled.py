"""The step of torch_trainer.py under torch.compile ("compiled"): forward and backward pass by Inductor, and on a GPU the
whole step, with the optimiser's fused kernel, one CUDA graph. Learning rates stay as they were at the first step.
"""

import functools

import torch

from .torch_optimisers import GradientAverage
from .torch_trainer import Trainer


class CompiledTrainer(Trainer):
    def __init__(self, recipe, *rest):
        if not hasattr(torch, "compile"):
            raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
        if recipe["training"]["schedule"] == "greedy":
            raise RuntimeError("each stage of a greedy schedule would be compiled while it is timed")
        super().__init__(recipe, *rest)
        self.loss = torch.compile(self.loss, dynamic=False)
        self.graphs = {}  # and what they read, by the size of a batch

    def make_optimisers(self):
        [optimiser] = super().make_optimisers()
        if isinstance(optimiser, GradientAverage):
            optimiser.update = torch.compile(optimiser.update, dynamic=False)
        for group in optimiser.param_groups:
            group["capturable"] = self.pixels.is_cuda  # Adam counts its steps on the GPU
        return [optimiser]

    def step(self, learning, head_learns, sample, uniform):
        if not sample.is_cuda:
            return super().step(learning, head_learns, sample, uniform)
        if len(sample) not in self.graphs:
            self.graphs[len(sample)] = self.capture(learning, head_learns, sample, uniform)
        graph, inputs = self.graphs[len(sample)]
        for static, value in zip(inputs, (sample, uniform)):
            static.copy_(value)
        graph.replay()

    def capture(self, learning, head_learns, *batch):
        inputs = [values.clone() for values in batch]
        step = functools.partial(super().step, learning, head_learns, *inputs)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # compiles, and allocates what is to be there before
                step()
        self.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            step()
        return graph, inputs
