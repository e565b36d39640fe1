#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every figure of docs/benchmarks.md: bench/run.sh [OUT_DIR]. Run it on a quiet machine; takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
out=${1:-build/bench}
mkdir -p "$out"

echo "== reduction beside the limit of the memory"
"$bin/reduce_bench" --benchmark_min_time=0.5 --benchmark_out="$out/reduce.json" --benchmark_out_format=json
echo "== durable appends beside a bare group commit"
"$bin/ledger_bench" "$out/ledger.json"
echo "== decisions by the shipped rule packs"
"$bin/rules_bench" rulepacks "$out/rules.json"
echo "== a round of 1 GiB with four sites, training left out"
python3 bench/round_trip.py "$bin" --mib 1024 --json "$out/round.json"
echo "== start-up"
python3 bench/startup.py "$bin" --json "$out/startup.json"
echo "== lines per module, tests apart"
python3 bench/lines.py .
