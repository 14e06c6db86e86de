#!/usr/bin/env bash
# Line coverage of the device code: builds the kernel tests of tests/simt with gcov's counters, runs those that run on
# the device, not the CPU twins, and lists, for every file of kernels/ that has code for it (.cu, .cuh and the formulas'
# headers), the share of its lines that ran and the lines that did not.
#
# usage: tools/coverage.sh [--least PERCENT] [--build FOLDER]
#   --least   fail below this share of all lines (98)
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

least=98 build=build/coverage
while [ $# -gt 0 ]; do
  case $1 in
    --least) least=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

install_build_packages
say "Building the kernel tests with counters"
cmake -S . -B "$build" -G Ninja -DFFWD_SIMT_COVERAGE=ON >/dev/null
cmake --build "$build" --target help | grep simt_kernels_test_coverage >/dev/null ||
  fail "the headers of CUDA 13 are not here, which the kernel tests take (tests/simt)"
cmake --build "$build" --parallel 2 --target simt_kernels_test_coverage
objects=$build/tests/simt/CMakeFiles/simt_kernels_test_coverage.dir
find "$objects" -name '*.gcda' -delete

say "Running them"
OMP_NUM_THREADS=1 "$build/tests/simt/simt_kernels_test_coverage" --gtest_brief=1 --gtest_filter="*/cuda"

# gcov writes one line of text per source line: "count: line: text", where count is - for no code and ##### for code
# that never ran. A template, or a header in several files, has several counts: a line ran if it ran anywhere. Of an
# inline function the linker keeps one copy, in any of the objects.
say "Lines of device code that ran"
root=$PWD
(cd "$build" && find "$root/$objects" -name '*.gcda' -exec gcov --stdout --relative-only --source-prefix "$root" {} + \
  2>/dev/null) |
  awk -v least="$least" '
    { split($0, part, ":"); count = part[1]; line = part[2] + 0; gsub(/[ *]/, "", count) }
    line == 0 && part[3] == "Source" { file = part[4]; sub(/^(\.\.\/)+/, "", file); next }
    file !~ /^kernels\/[a-z0-9_]*\.(cuh?|h)$/ || count == "-" || line == 0 { next }
    { code[file, line] = 1; if (count !~ /[#=]/) ran[file, line] = 1; if (line > last[file]) last[file] = line }
    END {
      for (file in last) {
        lines = hit = 0; missed = ""
        for (line = 1; line <= last[file]; ++line) {
          if (!((file, line) in code)) continue
          ++lines
          if ((file, line) in ran) ++hit; else missed = missed " " line
        }
        all += lines; all_hit += hit
        printf "%6.2f %%  %4d of %4d  %s%s\n", 100 * hit / lines, hit, lines, file, missed ? "  not:" missed : "" | "sort -k6"
      }
      close("sort -k6")
      if (all == 0) { print "no counters found"; exit 1 }
      printf "%6.2f %%  %4d of %4d  in all\n", 100 * all_hit / all, all_hit, all
      exit 100 * all_hit < least * all
    }'
