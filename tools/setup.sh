# Sourced by the other scripts here: what ffwd needs on a Debian machine, and how it is built.

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'ffwd: %s\n' "$*" >&2
  exit 1
}

# Installs those of the named Debian packages that are missing.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "this machine has no apt-get; install these packages by hand: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this as root, or install sudo, to install: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || fail "apt-get update failed; is the network reachable?"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null || fail "apt-get could not install: ${missing[*]}"
}

# What the build needs.
install_build_packages() {
  install_packages g++ cmake ninja-build git libcli11-dev libdnnl-dev libarchive-dev libcurl4-openssl-dev \
    libpng-dev librandom123-dev libssl-dev nlohmann-json3-dev zlib1g-dev libgtest-dev libbenchmark-dev ca-certificates
}

# Puts nvcc on PATH; fails, and says why, if there is none that CMakeLists.txt takes, or no such cuDNN beside it.
find_cuda() {
  local nvcc folder place release= cudnn=
  for nvcc in "$(command -v nvcc)" /usr/local/cuda/bin/nvcc; do
    [ -x "$nvcc" ] || continue
    release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\).*/\1/p')
    [ "${release:-0}" -ge 13 ] && break
  done
  [ -n "$release" ] || return 1
  [ "$release" -ge 13 ] || { say "nvcc is of CUDA $release, expected 13 or later"; return 1; }
  PATH=$(dirname "$nvcc"):$PATH
  folder=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
  for place in "${CUDNN_ROOT:-$folder}"/include "$folder"/targets/*/include /usr/include /usr/include/*-linux-gnu; do
    [ -f "$place/cudnn_version.h" ] || continue
    cudnn=$(sed -n 's/^#define CUDNN_MAJOR \([0-9]*\)/\1/p' "$place/cudnn_version.h")
    [ "${cudnn:-0}" -ge 9 ] && return
  done
  say "CUDA is here, but no cuDNN 9${cudnn:+, only $cudnn} (CUDNN_ROOT says where cuDNN is)"
  return 1
}

# configure_and_build PRESET [CMake arguments] -- TARGET...: into build/PRESET. Another compiler may warn of what ours
# does not, so warnings are errors in continuous integration alone.
configure_and_build() {
  local preset=$1 arguments=(-DCMAKE_COMPILE_WARNING_AS_ERROR="${CI:+ON}")
  shift
  while [ "$1" != -- ]; do
    arguments+=("$1")
    shift
  done
  shift
  say "Building ($preset)"
  cmake --preset "$preset" "${arguments[@]}" >"build/$preset.log" 2>&1 ||
    { tail -n 20 "build/$preset.log" >&2; fail "cmake failed; its output is in build/$preset.log"; }
  cmake --build --preset "$preset" --target "$@" || fail "the build failed"
}
