#!/usr/bin/env bash
# Every header compiles alone: it includes what it uses. Headers of device code (.cuh) and of tests that run on a
# device compile against the fiber harness of tests/simt, which needs CUDA's headers; without those they are left out.
#
# usage: tools/check_headers.sh [FOLDER-OF-CUDA-HEADERS]
set -euo pipefail
cd "$(dirname "$0")/.."

cuda=
for folder in "${1:-}" "${CUDA_PATH:-/usr/local/cuda}/include" /opt/cuda/include; do
  if [ -f "$folder/cuda_runtime_api.h" ]; then cuda=$folder; break; fi
done

plain=(-I. -Itests)
device=("${plain[@]}" -DFFWD_SIMT -DFFWD_TEST_CUDA -isystem "$cuda")

# try STANDARD HEADER FLAG...: compiles a file that includes nothing but the header, twice.
try() {
  local standard=$1 header=$2
  shift 2
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
    "${CXX:-g++}" -fsyntax-only -std="$standard" -Wall -Wextra ${CI:+-Werror} -Wno-unknown-pragmas "$@" -x c++ - ||
    { echo "$header does not compile alone" >&2; return 1; }
}
export -f try

# jobs: one line a header, with the arguments of try.
jobs() {
  local header
  for header in kernels/*.h engine/*/*.h host/*/*.h bench/*.h tests/*.h tests/kernels/*.h tools/*.h; do
    if grep -qE '#include <cu' "$header"; then
      [ -z "$cuda" ] || echo "c++17 $header ${device[*]}"
    else
      echo "c++17 $header ${plain[*]}"
    fi
  done
  [ -n "$cuda" ] || return 0
  for header in kernels/*.cuh tests/simt/*.h tests/kernels/*.h; do echo "c++17 $header ${device[*]}"; done
}

count=$(jobs | wc -l)
[ -n "$cuda" ] || echo "no CUDA headers: device headers left out" >&2
jobs | xargs -P 2 -L 1 bash -c 'try "$@"' try
echo "$count headers compile alone"
