// SPDX-License-Identifier: Apache-2.0
// renkei ledger verify | show | prove: on a directory of this machine, or as a person through a
// verified mirror.
#include <memory>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/ledger_reading.h"
#include "renkei/apps/person_session.h"
#include "renkei/ledger/verify_directory.h"
#include "renkei/record/record.h"
#include "renkei/release/tlog_proof.h"

namespace renkei::apps {
namespace {

using syntax::Value;

// A mirror to read from, and what keeps it alive.
struct Reading {
  std::unique_ptr<Disk> disk = MakeRealDisk();
  std::unique_ptr<PersonSession> session;
  std::unique_ptr<ledger::Mirror> own;
  const ledger::Mirror* mirror = nullptr;
};

StatusOr<Reading> OpenReading(const LedgerOptions& options) {
  Reading reading;
  if (!options.dir.empty()) {
    RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                        CharterOfLedger(*reading.disk, options.actor.charter_file));
    RK_ASSIGN_OR_RETURN(reading.own,
                        ledger::Mirror::Open(*reading.disk, options.dir, charter.LedgerKey()));
    reading.mirror = reading.own.get();
    return reading;
  }
  if (options.actor.party_dir.empty() || options.actor.person.empty()) {
    return Error(Code::kInvalidArgument,
                 "give --dir of a ledger on this machine, or --party, --as and --charter to ask "
                 "the coordinator");
  }
  RK_ASSIGN_OR_RETURN(reading.session, PersonSession::Open(options.actor));
  RK_RETURN_IF_ERROR(reading.session->Sync());
  reading.mirror = &reading.session->mirror();
  return reading;
}

// Every byte of every evidence file, every author's signature and right, every transition.
Status Verify(const LedgerOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                      CharterOfLedger(*disk, options.actor.charter_file));
  std::string dir = options.dir;
  if (dir.empty()) {
    RK_ASSIGN_OR_RETURN(const Reading reading, OpenReading(options));
    dir = reading.session->mirror_dir();
  }
  run::Book book;
  RK_ASSIGN_OR_RETURN(
      const ledger::VerifyReport report,
      ledger::VerifyDirectory(*disk, dir, charter.LedgerKey(), [&](uint64_t index, ByteSpan entry) {
        return book.Apply(index, entry);
      }));
  Value row = Value::Object();
  row.Set("ledger", "verified");
  row.Set("origin", report.origin);
  row.Set("size", report.size);
  row.Set("root", report.root.hex());
  row.Set("evidence_files", report.evidence.size());
  row.Set("evidence_bytes", report.evidence_bytes);
  row.Set("runs", book.runs().size());
  console.Object(row);
  return Ok();
}

Status Show(const LedgerOptions& options, const Console& console) {
  RK_ASSIGN_OR_RETURN(const Reading reading, OpenReading(options));
  std::vector<Value> rows;
  const uint64_t size = reading.mirror->size();
  for (uint64_t i = options.from; i < size && i - options.from < options.count; ++i) {
    RK_ASSIGN_OR_RETURN(const Bytes envelope, reading.mirror->Entry(i));
    RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
    Value& row = rows.emplace_back(Value::Object());
    row.Set("entry", i);
    row.Set("at", FormatInstant(record::AtOf(entry.record)));
    row.Set("kind", record::KindOf(entry.record));
    row.Set("author", entry.key_id.substr(0, 12));
    row.Set("summary", record::Summary(entry.record));
  }
  console.Rows(rows);
  return Ok();
}

Status Prove(const LedgerOptions& options, const Console& console) {
  RK_ASSIGN_OR_RETURN(const Reading reading, OpenReading(options));
  const uint64_t size = reading.mirror->size();
  if (options.index >= size) {
    return Error(Code::kInvalidArgument, "entry {} is not in this ledger of {} entries",
                 options.index, size);
  }
  RK_ASSIGN_OR_RETURN(const Bytes entry, reading.mirror->Entry(options.index));
  RK_ASSIGN_OR_RETURN(const auto proof, reading.mirror->ProveInclusion(options.index, size));
  const std::string text = release::DumpTlogProof(
      {.index = options.index, .hashes = proof, .checkpoint = reading.mirror->checkpoint()});
  if (console.for_people()) {
    console.Text(text);
    return Ok();
  }
  Value row = Value::Object();
  row.Set("entry", options.index);
  row.Set("envelope", AsText(entry));
  row.Set("proof", text);
  console.Object(row);
  return Ok();
}

}  // namespace

Exit LedgerVerify(const LedgerOptions& options, const Console& console) {
  const Status verified = Verify(options, console);
  return verified.ok() ? Exit::kOk : ReadingFailed(verified);
}

Exit LedgerShow(const LedgerOptions& options, const Console& console) {
  const Status shown = Show(options, console);
  return shown.ok() ? Exit::kOk : Console::Fail(shown);
}

Exit LedgerProve(const LedgerOptions& options, const Console& console) {
  const Status proved = Prove(options, console);
  return proved.ok() ? Exit::kOk : Console::Fail(proved);
}

}  // namespace renkei::apps
