"""Puts the logs of tools/gpu-check.sh into one JSON file, sums them up and says which goals are met (gpu_goals.py).

usage: gpu_report.py [--unfinished] LOGS [RESULT]
  --unfinished   steps are still to come, so the verdict is at best "unfinished"

Exit code 0: everything ran and passed; 1: something failed; 3: nothing failed, but not everything was run.
"""

import datetime
import json
import pathlib
import re
import sys

import gpu_goals

ROOT = pathlib.Path(__file__).resolve().parent.parent
# By goodness; a network that learnt nothing has 0.1. Other recipes are run for their figures.
LEAST_ACCURACY = {"quickstart.toml": 0.8, "fc-threshold-0.toml": 0.9, "fc-threshold-2.toml": 0.9,
                  "fc-threshold-3.toml": 0.9}
SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")


def text_of(path):
    return path.read_text(errors="replace") if path.exists() else ""


def json_of(path):
    try:
        return json.loads(text_of(path))
    except ValueError:
        return None


def read_steps(logs):
    """The steps in order, each with `outcome`: passed, failed or not run."""
    steps = []
    for line in text_of(logs / "steps.tsv").splitlines():
        name, outcome, seconds, command = line.split("\t")
        step = {"name": name, "command": command.replace(f"{ROOT}/", ""), "seconds": int(seconds)}
        if outcome.startswith("not run: "):
            step.update(outcome="not run", reason=outcome[len("not run: "):])
        else:
            step.update(outcome="passed" if outcome == "0" else "failed", exit_code=int(outcome))
            if outcome != "0":
                step["log_ends_with"] = text_of(logs / f"{name}.log")[-1500:].splitlines()
        steps.append(step)
    return steps


def fail(step, reason):
    step.update(outcome="failed", reason=reason)


def read_tests(logs, step):
    """Numbers of a GoogleTest program, and what failed and what was skipped."""
    report = json_of(logs / f"{step['name']}.json")
    if not report:
        return fail(step, "the program left no report")
    passed, failed, skipped = 0, {}, []  # of those that failed: what they said first
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{suite['name']}.{test['name']}"
            if "failures" in test:
                failed[name] = test["failures"][0]["failure"][:600]
            elif test["result"] == "SKIPPED":
                skipped.append(name)
            else:
                passed += 1
    if not passed:
        fail(step, "no test passed")
    return {"passed": passed, "failed": failed, "skipped": skipped}


def read_sanitizer(logs, step):
    """The tool's own summary. Without one, or without tests that passed under it, nothing was checked."""
    log = text_of(logs / f"{step['name']}.log")
    summaries = re.findall(r"=+ ((?:ERROR|RACECHECK) SUMMARY: .*)", log)
    passed = re.search(r"\[  PASSED  \] (\d+) test", log)
    if not summaries and "Device not supported" in log:  # virtual machines that do not let debuggers near it
        step.update(outcome="not run", reason="the tool cannot use this device")
    elif not summaries:
        fail(step, "the tool gave no summary")
    elif not re.search(r"SUMMARY: 0 (errors|hazards)", summaries[-1]):
        fail(step, summaries[-1])
    elif not passed or passed[1] == "0":
        fail(step, "no test passed under the tool")
    checked = summaries and passed
    return {"summary": summaries[-1] if summaries else None, "tests_passed": int(passed[1]) if checked else 0}


def read_training(logs, step):
    folder = logs / step["name"].replace("train-", "run-", 1)
    summary = json_of(folder / "summary.json")
    if not summary:
        return fail(step, "the training left no summary")
    least = LEAST_ACCURACY.get(summary["recipe"], 0)
    if not (summary["test_accuracy_goodness"] or 0) >= least:
        fail(step, f"test accuracy below {least}")
    losses = {}  # of each layer when it learnt last
    for line in text_of(folder / "metrics.jsonl").splitlines():
        for layer, figures in enumerate(json.loads(line)["layers"]):
            if figures:
                losses[layer] = figures["loss"]
    kept = ("recipe", "dataset", "device", "precision", "seed", "commit", "epochs", "steps", "train_seconds",
            "total_seconds", "images_per_second", "train_accuracy_goodness", "train_accuracy_head",
            "train_accuracy_per_batch", "test_accuracy_goodness", "test_accuracy_head", "test_accuracy_per_batch")
    return {**{key: summary.get(key) for key in kept}, "losses": losses}


def read_bench(logs, step):
    report = json_of(logs / "kernels_bench.json")
    if not report or not report["benchmarks"]:
        return fail(step, "the benchmark left no report")
    for key in ("host_name", "executable"):  # says nothing about the figures
        report["context"].pop(key, None)
    for case in report["benchmarks"]:
        case["name"] = case["name"].replace("/iterations:1/manual_time", "")
        if case.get("error_occurred"):
            fail(step, f"{case['name']}: {case['error_message']}")
    return report


def main(logs, result=None, unfinished=False):
    steps = read_steps(logs)
    doctor = text_of(logs / "doctor.txt")
    find = lambda pattern: (re.search(pattern, doctor, re.MULTILINE) or [None, None])[1]
    nvidia_smi = text_of(logs / "nvidia-smi.log").strip()
    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": find(r"^ffwd .*\((.*)\)$"),
        "device": find(r"^GPU +(.*?), compute capability"),
        "driver": nvidia_smi.split(", ")[1] if ", " in nvidia_smi else "not known",
        "cuda_runtime": find(r"runtime ([\d.]+)"),
        "cublaslt": find(r"cuBLASLt (\d+)"),
        "cudnn": find(r"cuDNN (\d+)"),
        "nvidia_smi": nvidia_smi,
        "doctor": doctor.splitlines(),
        "verdict": None,
        "steps": steps,
        "tests": {}, "sanitizers": {}, "trainings": {}, "bench": None, "training_steps": {},
        "pytorch": {}, "goals": [],
    }
    for step in steps:
        name = step["name"]
        if step["outcome"] == "not run":
            continue
        if name.endswith("_tests"):
            report["tests"][name] = read_tests(logs, step)
        elif name in SANITIZERS:
            report["sanitizers"][name] = read_sanitizer(logs, step)
        elif name.startswith("train-"):
            report["trainings"][name] = read_training(logs, step)
        elif name == "kernels_bench":
            report["bench"] = read_bench(logs, step)
        elif name.startswith(("step-", "torch-")):
            kind = "training_steps" if name.startswith("step-") else "pytorch"
            report[kind][name] = json_of(logs / f"{name}.json") or fail(step, "the program left no report")
    outcomes = {step["outcome"] for step in steps}
    report["verdict"] = ("failed" if "failed" in outcomes else "unfinished" if unfinished
                         else "not run" if "not run" in outcomes else "passed")
    report["goals"] = gpu_goals.judge(report)

    gpu = re.sub(r"[^a-z0-9]+", "-", (report["device"] or "gpu").lower()).strip("-")
    default = f"bench/results/{report['date'][:10]}-{gpu}-{report['commit']}.json"
    result = pathlib.Path(result or ROOT / default)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(report, indent=1) + "\n")

    for step in steps:
        print(f"{step['name']:26}{step['outcome']:10}{step['seconds']:6} s   {step.get('reason', '')}")
    for name, tests in report["tests"].items():
        if tests:
            print(f"{name}: {tests['passed']} passed, {len(tests['failed'])} failed, {len(tests['skipped'])} skipped")
    for name, run in report["trainings"].items():
        if run:
            print(f"{name}: test accuracy {run['test_accuracy_goodness'] or run['test_accuracy_head']},"
                  f" {run['train_seconds']:.1f} s, {run['images_per_second']:.0f} images/s")
    gpu_goals.show(report["goals"], report["device"])
    print(f"{result}: {report['verdict']}")
    return {"passed": 0, "failed": 1}.get(report["verdict"], 3)


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--unfinished"]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(arguments[0]), *arguments[1:], unfinished="--unfinished" in sys.argv))
