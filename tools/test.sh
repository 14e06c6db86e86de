#!/usr/bin/env bash
# Builds ffwd and runs its tests. Ends with "N passed, N failed, N skipped" alone on a line.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tools/test.sh [--preset NAME] [--only LABEL]
  --preset NAME   a preset of CMakePresets.json; cuda-release where nvcc is found, else cpu-release
  --only LABEL    one group of tests: unit, kernels, simt, codegen, pytorch, style
FFWD_DATA_DIR tells where data sets are; FFWD_REQUIRE_GPU=1 makes a skipped GPU test a failure.
EOF
}

preset= label=
while [ $# -gt 0 ]; do
  case $1 in
    --preset | --only)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      if [ "$1" = --preset ]; then preset=$2; else label=$2; fi
      shift 2
      ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "$0")/.."
. tools/setup.sh
mkdir -p build
install_build_packages
install_packages dataset-fashion-mnist libopenblas0-openmp procps python3 python3-torch

find_cuda && found=cuda-release || found=cpu-release
preset=${preset:-$found}
configure_and_build "$preset" -DFFWD_TESTS=ON -DFFWD_BENCH=ON -- all  # quickstart.sh leaves them out

say "Testing ($preset${label:+, only $label})"
results=$PWD/build/$preset/results.xml
rm -f "$results"
status=0
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel 2 --output-junit "$results" \
  ${label:+--label-regex "^$label\$"} --progress || status=$?
[ -f "$results" ] || fail "ctest ran no test"

# ctest counts a skipped test as passed; its XML does not.
count() { sed -n "s/.*<testsuite.*//; s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$results" | head -n 1; }
total=$(count tests) failed=$(count failures) skipped=$(count skipped)
echo "$((total - failed - skipped)) passed, $failed failed, $skipped skipped"
exit "$status"
