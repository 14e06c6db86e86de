"""What an H200 is to reach, judged by the report that gpu_report.py makes. A goal that is missed is no failure."""

import pathlib
import re
import statistics
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTHS = [2000, 2000, 2000, 2000]

# Share of the copy bandwidth, and the rows or units from which on it holds.
COPY_SHARE = 92
COPY_FROM = {"goodness_rows": 16000, "goodness_rows_unread": 16000, "goodness_rows_of_shared_product": 16000,
             "adam_update": 2000, "momentum_update": 2000}

FFWD = ("ffwd", "ffwd, graph")
EAGER = ("PyTorch, plain", "PyTorch, tuned")
COMPILED = ("PyTorch, compiled",)
# The step of gpu-check.sh; what it is called; the programs; how many times as long the fastest of them is to take.
TORCH = (("torch-fp32", "eager in fp32, 100,000 rows", EAGER, 12),
         ("torch-tf32", "eager in tf32, 100,000 rows", EAGER, 3.3),
         ("torch-bf16", "compiled in bf16, 100,000 rows", COMPILED, 1.2),
         ("torch-bf16-1024", "compiled in bf16, 1,024 rows", COMPILED, 1.7))

ROW = "fc-threshold-0"
# Seconds of the whole row: what the engine aims at, and what the row may take.
TRAINING = {"bf16": (8.5, 12), "tf32": (20,)}
POINTS = 0.5  # that its test accuracy may lie below the document's


def at_most(limit, goal, figure):
    return {"goal": f"{goal} at most {limit:g}", "figure": figure, "met": None if figure is None else figure <= limit}


def at_least(limit, goal, figure):
    return {"goal": f"{goal} at least {limit:g}", "figure": figure, "met": None if figure is None else figure >= limit}


def medians(samples):
    return {name: statistics.median(seconds) for name, seconds in samples.items()}


def of_steps(report):
    for name in ("step-bf16", "step-bf16-measured"):
        cases = (report["training_steps"].get(name) or {"cases": []})["cases"]
        times = {case["pairs"]: medians(case["seconds"]) for case in cases if case["widths"] == WIDTHS}
        step = {pairs: min(time["step"], time.get("graph", time["step"])) for pairs, time in times.items()}
        ratio = step[50000] / times[50000]["matmuls"] if 50000 in times else None
        yield at_most(1.13, f"{name}, 100,000 rows: step to matmuls", ratio)
        for pairs in (8192, 50000):
            rate = 1e-6 * pairs / step[pairs] if pairs in step else None
            yield at_least(5.5, f"{name}, {2 * pairs:,} rows: million pairs a second", rate)


def of_kernels(report):
    """One for each kernel: the least share of any case. Notes name the cases that fall short."""
    shares = {kernel: {} for kernel in COPY_FROM}
    for case in (report["bench"] or {"benchmarks": []})["benchmarks"]:
        kernel, size = re.match(r"(\w+)(?:/\w+/(\d+))?", case["name"]).groups()
        if kernel in shares and int(size) >= COPY_FROM[kernel] and not case.get("error_occurred"):
            shares[kernel][case["name"]] = 100 * case["copy_share"]
    for kernel, cases in shares.items():
        goal = at_least(COPY_SHARE, f"{kernel}: % of the copy", min(cases.values(), default=None))
        short = [f"{name} reaches {share:.1f} %" for name, share in cases.items() if share < COPY_SHARE]
        yield {**goal, "notes": short}


def of_torch(report):
    """The fastest program of either side; a note names them."""
    for name, what, programs, limit in TORCH:
        speed = (report["pytorch"].get(name) or {}).get("speed")
        times = medians(speed["seconds_a_step"]) if speed else {}
        ours, theirs = (min((program for program in side if program in times), key=times.get, default=None)
                        for side in (FFWD, programs))
        compared = ours and theirs
        goal = at_least(limit, f"PyTorch {what}: times as long as ffwd in bf16",
                        times[theirs] / times[ours] if compared else None)
        yield {**goal, "notes": [f'"{theirs}" against "{ours}"'] if compared else []}


def of_trainings(report):
    recipe = tomllib.loads((ROOT / f"tools/recipes/investigations/{ROW}.toml").read_text())
    least_accuracy = round(recipe["reference"]["test_accuracy"] - POINTS, 2)
    for precision, limits in TRAINING.items():
        for name in (f"train-{ROW}-{precision}", f"train-{ROW}-{precision}-measured"):
            run = report["trainings"].get(name) or {}
            for limit in limits:
                yield at_most(limit, f"{name}: seconds of training", run.get("train_seconds"))
            accuracy = run.get("test_accuracy_goodness")
            yield at_least(least_accuracy, f"{name}: % of test images",
                           None if accuracy is None else round(100 * accuracy, 2))


def judge(report):
    """Each goal with its figure and whether it is met, both None where the report does not say."""
    return [*of_steps(report), *of_kernels(report), *of_torch(report), *of_trainings(report)]


def show(goals, device):
    measured = [goal for goal in goals if goal["figure"] is not None]
    print(f"goals, set for an H200, on {device} ({len(goals) - len(measured)} of {len(goals)} not measured):")
    for goal in measured:
        print(f"  {'met' if goal['met'] else 'missed':7} {goal['goal']:84} {goal['figure']:7.5g}")
        for note in goal.get("notes", []):
            print(f"{'':10}{note}")
