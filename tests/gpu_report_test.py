#!/usr/bin/env python3
"""What tools/gpu_report.py says of the goals: each is fed a figure on either side of its limit, or none."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASSED, FAILED, NOT_ALL_RUN = 0, 1, 3


class Logs:
    """A folder as tools/gpu-check.sh leaves it; every step passes."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.add("doctor.txt", "GPU  Some GPU, compute capability 9.0\n")

    def add(self, name, content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def step(self, name, outcome="0"):
        with open(self.folder / "steps.tsv", "a") as steps:
            steps.write(f"{name}\t{outcome}\t1\tcommand\n")

    def report(self):
        """The exit code, what was printed and the goals by their text."""
        result = self.folder / "result.json"
        run = subprocess.run([sys.executable, ROOT / "tools/gpu_report.py", self.folder, result],
                             capture_output=True, text=True, check=False)
        if run.stderr:
            raise AssertionError(run.stderr)
        goals = json.loads(result.read_text())["goals"]
        return run.returncode, run.stdout, {goal["goal"]: goal for goal in goals}

    # What the steps leave

    def training_step(self, name, *cases, **more):
        self.step(name)
        self.add(f"{name}.json", {"cases": [
            {"widths": widths, "pairs": pairs, "seconds": {"step": step, "matmuls": matmuls, **more}}
            for widths, pairs, step, matmuls in cases]})

    def kernels(self, **shares):
        self.step("kernels_bench")
        cases = [{"name": f"{name.replace('__', '/')}/iterations:1/manual_time", "copy_share": share}
                 for name, share in shares.items()]
        self.add("kernels_bench.json", {"context": {"host_name": "host"}, "benchmarks": [
            *cases, {"name": "copy/1MiB", "copy_share": 0.5},
            {"name": "momentum_update/fp32/2000x2000", "error_occurred": True, "error_message": "out of memory"}]})

    def torch(self, name, **seconds):
        self.step(name)
        programs = {"ffwd": "ffwd", "graph": "ffwd, graph", "plain": "PyTorch, plain", "tuned": "PyTorch, tuned",
                    "compiled": "PyTorch, compiled"}
        self.add(f"{name}.json", {"speed": {"seconds_a_step": {
            programs[program]: samples for program, samples in seconds.items()}}})

    def training(self, name, seconds, accuracy):
        self.step(f"train-{name}")
        self.add(f"run-{name}/summary.json", {
            "recipe": "fc-threshold-0.toml", "test_accuracy_goodness": accuracy, "train_seconds": seconds,
            "images_per_second": 1})


class Goals(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.logs = Logs(folder.name)

    def expect(self, goal, figure, met):
        """Of the last report, in the JSON and, if there is a figure, on a line of what was printed."""
        self.assertIn(goal, self.goals)
        self.assertEqual(self.goals[goal]["met"], met, goal)
        lines = [line.split() for line in self.printed.splitlines() if goal in line]
        if figure is None:
            self.assertIsNone(self.goals[goal]["figure"], goal)
            self.assertEqual(lines, [])
        else:
            self.assertAlmostEqual(self.goals[goal]["figure"], figure, msg=goal)
            [line] = lines
            self.assertEqual(line[0], "met" if met else "missed")
            self.assertAlmostEqual(float(line[-1]), figure, delta=1e-4 * figure)

    def read(self, code):
        actual, self.printed, self.goals = self.logs.report()
        self.assertEqual(actual, code, self.printed)

    def test_without_figures_none_is_judged(self):
        self.logs.step("torch-fp32", "not run: no PyTorch")
        self.read(NOT_ALL_RUN)
        self.assertGreater(len(self.goals), 20)
        for goal in self.goals:
            self.expect(goal, None, None)
        count = len(self.goals)
        self.assertIn(f"on Some GPU ({count} of {count} not measured)", self.printed)

    def test_steps(self):
        wide = [2000] * 4
        self.logs.training_step("step-bf16", (wide, 8192, [2e-3], [1e-3]),
                                (wide, 50000, [8e-3, 1, 9e-3], [5e-3, 8e-3, 9e-3]), ([500] * 3, 50000, [9], [1]))
        self.logs.training_step("step-bf16-measured", (wide, 50000, [11.3e-3], [10e-3]))
        self.logs.training_step("step-fp32", (wide, 50000, [1], [1]))
        self.read(PASSED)  # for a goal that is missed is no failure
        self.expect("step-bf16, 100,000 rows: step to matmuls at most 1.13", 1.125, True)
        self.expect("step-bf16, 100,000 rows: million pairs a second at least 5.5", 50 / 9, True)
        self.expect("step-bf16, 16,384 rows: million pairs a second at least 5.5", 4.096, False)
        self.expect("step-bf16-measured, 100,000 rows: million pairs a second at least 5.5", 50 / 11.3, False)
        self.expect("step-bf16-measured, 16,384 rows: million pairs a second at least 5.5", None, None)

    def test_a_step_that_waits(self):
        self.logs.training_step("step-bf16", ([2000] * 4, 50000, [11.4e-3], [10e-3]))
        self.read(PASSED)
        self.expect("step-bf16, 100,000 rows: step to matmuls at most 1.13", 1.14, False)

    def test_a_step_that_waits_unless_it_is_a_graph(self):
        self.logs.training_step("step-bf16", ([2000] * 4, 50000, [11.4e-3], [10e-3]), graph=[11.2e-3])
        self.read(PASSED)
        self.expect("step-bf16, 100,000 rows: step to matmuls at most 1.13", 1.12, True)

    def test_kernels(self):
        self.logs.kernels(goodness_rows__fp32__1000x500=0.5, goodness_rows__fp32__16000x500=0.92,
                          goodness_rows_unread__bf16__16000x2000=0.95,
                          goodness_rows_unread__bf16__100000x2000=0.9,
                          goodness_rows_of_shared_product__bf16__16000x784=0.919,
                          goodness_rows_inference__bf16__16000x784=0.1,
                          adam_update__fp32__784x784=0.4, adam_update__bf16__2000x2000=0.93)
        self.read(FAILED)  # a case ran out of memory
        self.expect("goodness_rows: % of the copy at least 92", 92, True)
        self.expect("goodness_rows_unread: % of the copy at least 92", 90, False)
        self.expect("goodness_rows_of_shared_product: % of the copy at least 92", 91.9, False)
        self.expect("adam_update: % of the copy at least 92", 93, True)
        self.expect("momentum_update: % of the copy at least 92", None, None)
        short = [line.strip() for line in self.printed.splitlines() if "reaches" in line]
        self.assertEqual(short, ["goodness_rows_unread/bf16/100000x2000 reaches 90.0 %",
                                 "goodness_rows_of_shared_product/bf16/16000x784 reaches 91.9 %"])

    def test_torch(self):
        self.logs.torch("torch-fp32", ffwd=[10e-3, 9e-3, 90e-3], graph=[9e-3], plain=[200e-3], tuned=[108e-3])
        self.logs.torch("torch-tf32", ffwd=[10e-3], graph=[11e-3], plain=[32e-3], tuned=[34e-3], compiled=[9e-3])
        self.logs.torch("torch-bf16", ffwd=[10e-3], graph=[9.5e-3], tuned=[20e-3])
        self.logs.torch("torch-bf16-1024", ffwd=[0.4e-3], graph=[0.2e-3], tuned=[0.3e-3], compiled=[0.36e-3])
        self.read(PASSED)
        begin, end = "PyTorch ", ": times as long as ffwd in bf16 at least "
        self.expect(f"{begin}eager in fp32, 100,000 rows{end}12", 12, True)
        self.expect(f"{begin}eager in tf32, 100,000 rows{end}3.3", 3.2, False)
        self.expect(f"{begin}compiled in bf16, 100,000 rows{end}1.2", None, None)
        self.expect(f"{begin}compiled in bf16, 1,024 rows{end}1.7", 1.8, True)
        for compared in ('"PyTorch, tuned" against "ffwd, graph"', '"PyTorch, plain" against "ffwd"',
                         '"PyTorch, compiled" against "ffwd, graph"'):
            self.assertIn(compared, self.printed)

    def test_trainings(self):
        self.logs.training("fc-threshold-0-bf16", 8.6, 0.9268)
        self.logs.training("fc-threshold-0-bf16-measured", 8.5, 0.95)
        self.logs.training("fc-threshold-0-tf32", 20.1, 0.9267)
        self.read(PASSED)
        name = "train-fc-threshold-0"
        self.expect(f"{name}-bf16: seconds of training at most 8.5", 8.6, False)
        self.expect(f"{name}-bf16: seconds of training at most 12", 8.6, True)
        self.expect(f"{name}-bf16: % of test images at least 92.68", 92.68, True)
        self.expect(f"{name}-bf16-measured: seconds of training at most 8.5", 8.5, True)
        self.expect(f"{name}-bf16-measured: % of test images at least 92.68", 95, True)
        self.expect(f"{name}-tf32: seconds of training at most 20", 20.1, False)
        self.expect(f"{name}-tf32: % of test images at least 92.68", 92.67, False)
        self.expect(f"{name}-tf32-measured: seconds of training at most 20", None, None)

    def test_a_program_that_left_no_report_fails(self):
        self.logs.step("torch-fp32")
        self.read(FAILED)
        self.assertIn("the program left no report", self.printed)


if __name__ == "__main__":
    unittest.main()
