#!/usr/bin/env bash
# Profiles a few steps of a training with Nsight Systems or Nsight Compute: the command lines that fit ffwd's ranges.
set -euo pipefail

usage() {
  cat <<'END'
usage: tools/profile.sh systems|compute RECIPE [--steps FIRST:END] [--out NAME] [-- ffwd train options]
  systems   nsys: what ran when on which stream, with a range for each task -> NAME.nsys-rep and a table of ranges
  compute   ncu: counters of every kernel of these steps -> NAME.ncu-rep
  --steps   steps to look at, counted from 0; 64:128 (later than the first plan, which warms up)
  --out     build/profile/RECIPE-systems or -compute if absent
FFWD is the program; build/cuda-release/ffwd or build/cuda-one/ffwd if unset.
END
}

[[ ${1-} != -h && ${1-} != --help ]] || { usage; exit; }
[ $# -ge 2 ] || { usage >&2; exit 2; }
tool=$1 recipe=$(realpath -m "$2")
shift 2
steps=64:128 out=
while [ $# -gt 0 ]; do
  case $1 in
    --steps | --out)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      if [ "$1" = --steps ]; then steps=$2; else out=$(realpath -m "$2"); fi
      shift 2
      ;;
    --) shift; break ;;
    *) usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "$0")/.."
. tools/setup.sh
program=${FFWD:-build/cuda-release/ffwd}
[ -n "${FFWD-}" ] || [ -x "$program" ] || program=build/cuda-one/ffwd
[ -x "$program" ] || fail "there is no $program; build it, or set FFWD"
[ -f "$recipe" ] || fail "there is no recipe $recipe"
out=${out:-build/profile/$(basename "$recipe" .toml)-$tool}
mkdir -p "$(dirname "$out")"
train=("$program" train "$recipe" --device cuda --profile-steps "$steps" --out "$out-run" "$@")
rm -rf "$out-run"

case $tool in
  systems)
    command -v nsys >/dev/null || fail "there is no nsys (Nsight Systems)"
    nsys profile --trace=cuda,nvtx,osrt,cublas,cudnn --sample=none --cpuctxsw=none \
      --capture-range=cudaProfilerApi --capture-range-end=stop --cuda-graph-trace=node \
      --force-overwrite=true --output="$out" "${train[@]}"
    nsys stats --report nvtx_sum,cuda_gpu_kern_sum --format table "$out.nsys-rep"
    ;;
  compute)
    command -v ncu >/dev/null || fail "there is no ncu (Nsight Compute)"
    ncu --profile-from-start off --set full --import-source yes --nvtx --graph-profiling node --force-overwrite \
      --export "$out" "${train[@]}"
    ;;
  *) usage >&2; exit 2 ;;
esac
say "Wrote $out.*"
