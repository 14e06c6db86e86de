#!/usr/bin/env bash
# Everything that takes a GPU to check, in one command: all tests, the sanitizers, the benchmarks, PyTorch beside ffwd,
# a training in every precision and the investigations at full size. Leaves one JSON file as evidence.
set -euo pipefail

usage() {
  cat <<'END'
usage: tools/gpu-check.sh [--build DIR] [--result FILE] [--only STEP]...
  --build DIR     use the programs of this build folder, at the path where it was built; else build for the GPU here.
                  If another machine built it, then with -DFFWD_NATIVE=OFF, for processors differ
  --result FILE   the JSON to write; bench/results/DATE-GPU-COMMIT.json
  --only STEP     a step by its name in the JSON, or all steps of tests, sanitizer, bench, torch or training; may be
                  given again. What is left out counts as not run.
exit code: 0 everything ran and passed, 1 something failed or there is no GPU, 2 usage, 3 passed but not all was run
The JSON is written again after every step. FFWD_DATA_DIR tells where data sets are, FFWD_TORCH_PYTHON names a Python
whose PyTorch can use the GPU (python3). Logs are left in build/gpu-check/.
END
}

build= result= only=
while [ $# -gt 0 ]; do
  case $1 in
    --build | --result | --only)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in
        --build) build=$(realpath -m "$2") ;;
        --result) result=$(realpath -m "$2") ;;
        --only)
          [[ $2 =~ ^(tests|sanitizer|bench|torch|training|(gpu|other|kernel)_tests|(mem|race|init|sync)check|kernels_bench|(step|torch|train)-.+)$ ]] ||
            { usage >&2; exit 2; }
          only="$only $2 "
          ;;
      esac
      shift 2
      ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "$0")/.."
. tools/setup.sh
logs=$PWD/build/gpu-check
rm -rf "$logs"
mkdir -p "$logs"
export FFWD_REQUIRE_GPU=1

# --- what is recorded: one line a step in steps.tsv, a log for each, and the JSON ------------------

# report [--unfinished]
report() { python3 tools/gpu_report.py "$@" "$logs" ${result:+"$result"}; }

# record NAME OUTCOME SECONDS COMMAND; the outcome is an exit code, or says why the step was not run.
record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$logs/steps.tsv"; }

not_run() {
  say "$1: not run, $2"
  record "$1" "not run: $2" 0 ""
}

# Whether step NAME, of $group, is wanted.
wanted() { [ -z "$only" ] || [[ $only == *" $1 "* || $only == *" $group "* ]]; }

# step NAME PROGRAM ARGUMENT...: within 15 minutes. It belongs to $group.
step() {
  local name=$1 begin=$SECONDS code=0
  shift
  if ! wanted "$name"; then
    record "$name" "not run: left out by --only" 0 ""
    return
  fi
  if ! command -v "$1" >/dev/null; then
    not_run "$name" "there is no $1"
    return
  fi
  say "$name: $*"
  timeout 900 "$@" >"$logs/$name.log" 2>&1 || code=$?
  [ "$code" -eq 0 ] || { tail -n 25 "$logs/$name.log"; echo "exit code $code"; }
  record "$name" "$code" "$((SECONDS - begin))" "$*"
  report --unfinished >"$logs/report.log" || true  # should this script be killed
}

# --- the GPU, and the programs --------------------------------------------------------------------

nvidia-smi -L >/dev/null 2>&1 || compgen -G '/dev/nvidia[0-9]*' >/dev/null || [ -e /dev/dxg ] ||
  fail "there is no GPU on this machine, so nothing was checked"

command -v python3 >/dev/null || fail "there is no python3, which writes the result"
if [ -z "$build" ]; then
  find_cuda || fail "there is nothing to build with; install CUDA 13 and cuDNN 9, or give --build DIR"
  install_build_packages
  build=$PWD/build/cuda-one
  configure_and_build cuda-one -DCMAKE_CUDA_ARCHITECTURES=native -DFFWD_TESTS=ON -DFFWD_BENCH=ON -- all
fi
[ -x "$build/ffwd" ] || fail "$build holds no ffwd"

"$build/ffwd" doctor | tee "$logs/doctor.txt" || fail "ffwd doctor does not run here"
grep -q -- '--device cuda works' "$logs/doctor.txt" || fail "the GPU cannot be used, so nothing was checked; see above"
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.memory,power.limit \
  --format=csv,noheader >"$logs/nvidia-smi.log" || true

# lacks DATA
lacks() { grep -qE "^$1 +not found" "$logs/doctor.txt"; }

# --- tests, under the sanitizers too --------------------------------------------------------------

group=tests
export OMP_NUM_THREADS=1  # their matrices are small: several threads would only wait for one another
step gpu_tests "$build/tests/ffwd_tests" --gtest_filter='*/cuda*' \
  --gtest_output=json:"$logs/gpu_tests.json"
step other_tests "$build/tests/ffwd_tests" --gtest_filter='-*/cuda*' \
  --gtest_output=json:"$logs/other_tests.json"
step kernel_tests "$build/tests/kernel_tests" --gtest_output=json:"$logs/kernel_tests.json"

group=sanitizer
sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/compute-sanitizer/compute-sanitizer)
for tool in memcheck racecheck initcheck synccheck; do
  step "$tool" "$sanitizer" --tool "$tool" --error-exitcode 99 "$build/tests/kernel_tests" \
    --gtest_filter='*/cuda:*Cuda.*'
done
unset OMP_NUM_THREADS

# --- speed ----------------------------------------------------------------------------------------

group=bench
step kernels_bench "$build/bench/kernels_bench" --device=cuda --benchmark_counters_tabular=true \
  --benchmark_out="$logs/kernels_bench.json" --benchmark_out_format=json
for precision in fp32 tf32 bf16; do
  bench=("$build/ffwd" bench --device cuda --precision "$precision")
  step "step-$precision" "${bench[@]}" --json "$logs/step-$precision.json"
  step "step-$precision-measured" "${bench[@]}" --json "$logs/step-$precision-measured.json" \
    --matmul-algorithms "$logs/algorithms.json"
done

# --- PyTorch in several precisions beside ffwd in bf16 ---------------------------------------------

group=torch
torch_python=${FFWD_TORCH_PYTHON:-python3}

# torch NAME PRECISION OPTION...
torch() {
  if wanted "torch-$1" && lacks mnist; then
    not_run "torch-$1" "the data set mnist is not here"
  elif wanted "torch-$1" && ! "$torch_python" -c 'import numpy, tomllib, torch; torch.zeros(1, device="cuda")' \
    >"$logs/torch.log" 2>&1; then
    not_run "torch-$1" "$torch_python has no PyTorch for this GPU: $(tail -n 1 "$logs/torch.log")"
  else
    step "torch-$1" "$torch_python" tools/compare_torch.py tools/recipes/investigations/fc-threshold-2.toml \
      --ffwd "$build/ffwd" --device cuda --precision bf16 --torch-precision "$2" --steps 0 \
      --set training.schedule=simultaneous --json "$logs/torch-$1.json" "${@:3}"
  fi
}

for precision in fp32 tf32 bf16; do
  torch "$precision" "$precision" --block-steps 50
done
torch bf16-1024 bf16 --set training.batch=512 --set data.train_images=49152 --block-steps 2000  # 96 batches, all whole

# --- trainings: the quick start in every way to run it, and the investigations at full size --------

# train NAME DATA RECIPE OPTION...
train() {
  if wanted "train-$1" && lacks "$2"; then
    not_run "train-$1" "the data set $2 is not here"
  else
    step "train-$1" "$build/ffwd" train "tools/recipes/$3.toml" --device cuda --out "$logs/run-$1" "${@:4}"
  fi
}

group=training
for precision in fp32 tf32 bf16; do
  train "$precision" fashion-mnist quickstart --precision "$precision" --seed 1
done
for executor in lanes graph; do
  train "$executor" fashion-mnist quickstart --schedule pipelined --executor "$executor" --seed 1
done
for precision in tf32 bf16; do
  row=(mnist investigations/fc-threshold-0 --precision "$precision" --set training.evaluate_every=0)
  train "fc-threshold-0-$precision" "${row[@]}"
  train "fc-threshold-0-$precision-measured" "${row[@]}" --matmul-algorithms "$logs/algorithms.json"
done
for row in fc-threshold-2 fc-threshold-3 backprop; do
  train "$row" mnist "investigations/$row" --precision bf16 --set training.evaluate_every=0
done
for row in trial-7 trial-8 trial-9; do
  train "$row" cifar10 "investigations/$row" --precision bf16 --set training.evaluate_every=0
done

# --- the evidence ---------------------------------------------------------------------------------

say "Result"
for word in $only; do
  [[ " tests sanitizer bench torch training " == *" $word "* ]] || cut -f 1 "$logs/steps.tsv" | grep -qxF -- "$word" ||
    echo "--only $word: there is no such step"
done
report
