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

echo "== clang with address and undefined-behaviour sanitizers; clang-tidy on changed files"
cmake --preset clang >/dev/null
cmake --build build/clang --parallel "$jobs"
git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' | xargs -r clang-tidy -p build/clang --quiet
# But for `link`, which compares times.
ctest --test-dir build/clang --output-on-failure --parallel "$jobs" --label-regex unit --exclude-regex '^link$'

echo "== thread sanitizer, modules that do not link gRPC"
cmake --preset tsan >/dev/null
modules=$(awk '$1 != "wire" && $1 != "apps" {print $1}' build/tsan/modules.txt)
cmake --build build/tsan --parallel "$jobs" --target $(printf '%s_test ' $modules)
ctest --test-dir build/tsan --output-on-failure --parallel "$jobs" --tests-regex "^($(paste -sd'|' <<<"$modules"))\$"

echo "== planted bugs that the simulation has to catch"
python3 tests/sim/mutants.py .

echo "== fuzz"
fuzz() {
  mkdir -p build/clang/corpus/"$1"
  build/clang/bin/"$1" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 \
    build/clang/corpus/"$1" tests/fuzz/corpus/"${1%_fuzz}" >build/clang/corpus/"$1".log 2>&1 ||
    { tail -40 build/clang/corpus/"$1".log; echo "$1 found something"; return 1; }
}
export -f fuzz
find tests/fuzz -name '*_fuzz.cc' -exec basename {} .cc \; | xargs -P "$jobs" -I{} bash -c 'fuzz {}'
echo "check: all green"
