#!/usr/bin/env bash
# Fails on an #include against the arrows of the house:  tools -> bench -> host -> engine -> kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
# forbid FOLDER PATTERN: no file of FOLDER may include what matches PATTERN.
forbid() {
  if grep -rnE "#include [<\"]($2)" "$1" --include='*.h' --include='*.cuh' --include='*.cpp' --include='*.cu'; then
    echo "$1/ must not include what the lines above include" >&2
    bad=1
  fi
}
forbid kernels 'engine/|host/|tools/|tests/|bench/'
forbid engine 'host/|tools/|tests/|bench/'
forbid host 'tools/|tests/|bench/'
forbid bench 'tools/|tests/'
forbid tools 'tests/'
# Kernels meet CUDA in three headers only, and no other library but Random123.
if grep -rnE '#include <(cu|cub|thrust|cooperative)' kernels | grep -vE 'kernels/(device\.cuh|check_cuda\.h|bfloat16\.h):'; then
  echo "kernels include CUDA through kernels/device.cuh" >&2
  bad=1
fi
exit "$bad"
