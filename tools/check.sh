#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The slow checks before a change lands: format, headers alone, lints, clang, sanitizers, fuzzing.
# FUZZ_SECONDS per target (default 60); BASE is the commit whose changes clang-tidy looks at.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh tools/packages.txt tools/packages-check.txt
jobs=${JOBS:-$(nproc)}
base=${BASE:-HEAD~1}

echo "== format"
git ls-files '*.h' '*.cc' | xargs clang-format --dry-run --Werror

echo "== release build, headers alone, all tests"
cmake --preset release >/dev/null
cmake --build build/release --parallel "$jobs"
cmake --build build/release --parallel "$jobs" --target all_verify_interface_header_sets
ctest --test-dir build/release --output-on-failure --parallel "$jobs"

echo "== Debian package: install, upgrade, remove and purge in a chroot"
tools/deb.sh
tools/deb_check.sh

echo "== clang build and clang-tidy on changed files"
cmake --preset clang >/dev/null
cmake --build build/clang --parallel "$jobs"
git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' | xargs -r clang-tidy -p build/clang --quiet

echo "== address and undefined-behaviour sanitizers"
cmake --preset asan >/dev/null
cmake --build build/asan --parallel "$jobs"
ctest --test-dir build/asan --output-on-failure --parallel "$jobs" --label-regex unit

echo "== thread sanitizer, modules that do not link gRPC"
cmake --preset tsan >/dev/null
targets=$(awk '$1 != "wire" && $1 != "apps" {print $1 "_test"}' build/tsan/modules.txt)
cmake --build build/tsan --parallel "$jobs" --target $targets
for target in $targets; do build/tsan/bin/"$target" --gtest_brief=1; done

echo "== planted bugs that the simulation has to catch"
python3 tests/sim/mutants.py .

echo "== fuzz"
cmake --preset fuzz >/dev/null
fuzzers=$(find tests/fuzz -name '*_fuzz.cc' -exec basename {} .cc \;)
cmake --build build/fuzz --parallel "$jobs" --target $fuzzers
for fuzzer in $fuzzers; do
  mkdir -p build/fuzz/corpus/"$fuzzer"
  build/fuzz/bin/"$fuzzer" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 \
    build/fuzz/corpus/"$fuzzer" tests/fuzz/corpus/"${fuzzer%_fuzz}"
done
echo "check: all green"
