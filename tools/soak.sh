#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long loops over what the tests do once:
#   tools/soak.sh kill [COUNT]   kill -9 of processes at random moments (tests/e2e/kill_test.py);
#                                COUNT kills, 1000 by default, in runs of 50
#   tools/soak.sh memory [MIB]   a round of four sites with a model of 2 GiB, or MIB MiB, whose coordinator
#                                is in a memory cgroup of 256 MiB (bench/round_trip.py; root; 40 GB of disk)
#   tools/soak.sh replay [CASES] a million random crossings, or CASES, each decided, written as an entry, read and
#                                decided again: not a byte may differ (src/renkei/gate/replay_test.cc)
# RENKEI_SEED is the first run's seed. The line after each run says how to go on from there, and
# a failed one how to see it again.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

kill_loop() {
  local left=$1 done=0 seed=${RENKEI_SEED:-$(date +%s)} batch
  while ((left > 0)); do
    batch=$((left < 50 ? left : 50))
    if ! RENKEI_SEED=$seed RENKEI_KILLS=$batch \
      python3 tests/e2e/kill_test.py build/release/bin . >"$log" 2>&1; then
      cat "$log"
      echo "failed after $done kills; once more: RENKEI_SEED=$seed tools/soak.sh kill $batch" >&2
      return 1
    fi
    grep ' kills, seed ' "$log"
    done=$((done + batch)) left=$((left - batch)) seed=$((seed + 1))
    echo "$done kills survived, $left to go: RENKEI_SEED=$seed tools/soak.sh kill $left"
  done
}

case ${1:-} in
  kill)
    [ -x build/release/bin/renkei ] || { echo "no build/release/bin/renkei: make build" >&2; exit 1; }
    kill_loop "${2:-1000}"
    ;;
  memory)
    [ -x build/release/bin/renkei ] || { echo "no build/release/bin/renkei: make build" >&2; exit 1; }
    python3 bench/round_trip.py build/release/bin --mib "${2:-2048}" | tee "$log"
    grep -q '"cgroup_256_mib": "passed"' "$log" || { echo "not passed in a cgroup of 256 MiB" >&2; exit 1; }
    ;;
  replay)
    [ -x build/release/bin/gate_test ] || { echo "no build/release/bin/gate_test: make build" >&2; exit 1; }
    time RENKEI_REPLAY_CASES=${2:-1000000} build/release/bin/gate_test --gtest_filter='Replaying.GivesTheSame*'
    ;;
  *)
    sed -n '3,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
