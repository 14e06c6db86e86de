#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to a trained network: installs, builds, trains tools/recipes/quickstart.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh
mkdir -p build

install_build_packages
install_packages dataset-fashion-mnist

# The architectures of the GPUs here, such as 86;90; without a GPU any will do.
found=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | tr -d . | sort -nu | grep -xE '[0-9]+') || true
architectures=$(awk '$1 >= 75' <<< "$found" | paste -sd ';')
if [ -n "$found" ] && [ -z "$architectures" ]; then
  say "The GPU has compute capability $found, expected 75 or later"
fi
if { [ -z "$found" ] || [ -n "$architectures" ]; } && find_cuda; then
  preset=cuda-one
  configure_and_build "$preset" -DCMAKE_CUDA_ARCHITECTURES="${architectures:-90}" -DFFWD_TESTS=OFF -DFFWD_BENCH=OFF -- ffwd
else
  preset=cpu-release
  configure_and_build "$preset" -DFFWD_TESTS=OFF -DFFWD_BENCH=OFF -- ffwd
fi

ffwd=build/$preset/ffwd
say "What this machine offers"
"$ffwd" doctor
say "Training tools/recipes/quickstart.toml"
"$ffwd" train tools/recipes/quickstart.toml
say "Open the report named above in a browser. Next: $ffwd train --help"
