#!/usr/bin/env bash
# Fails on an #include against the arrows of the house:  tools -> bench -> host -> engine -> kernels, and within host
# and engine against the order of their rooms.
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
# order FOLDER ROOM...: each room of FOLDER uses those before it alone.
order() {
  local folder=$1 rooms=("${@:2}") i later room
  for i in "${!rooms[@]}"; do
    for later in "${rooms[@]:i+1}"; do forbid "$folder/${rooms[i]}" "$folder/$later/"; done
  done
  if compgen -G "$folder/*.h" || compgen -G "$folder/*.cpp"; then
    echo "files of $folder/ belong into its rooms" >&2
    bad=1
  fi
  for room in "$folder"/*/; do
    if [[ " ${rooms[*]} " != *" $(basename "$room") "* ]]; then
      echo "$room has no place in the order of rooms" >&2
      bad=1
    fi
  done
}
order engine device network files
order host basics device data recipe model plan runs report training reproduction
# Kernels meet CUDA in three headers only, and no other library but Random123: all else in <> is the standard's.
if grep -rnE '#include <[^>]*[./]' kernels | grep -vE '<(Random123/|cuda|cub|thrust|cooperative)'; then
  echo "kernels/ must not include the libraries above" >&2
  bad=1
fi
if grep -rnE '#include <(cu|cub|thrust|cooperative)' kernels | grep -vE 'kernels/(device\.cuh|check_cuda\.h|bfloat16\.h):'; then
  echo "kernels include CUDA through kernels/device.cuh" >&2
  bad=1
fi
exit "$bad"
