// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/gate_log.h"

#include <cstdint>
#include <variant>

#include "renkei/crypto/hash.h"

namespace renkei::site {

std::string LogOrigin(const SiteConfig& config) {
  return fmt::format("renkei/gate/{}/{}", config.party, config.site);
}

StatusOr<GateLog> GateLog::Open(Disk& disk, const std::string& dir, const std::string& origin,
                                const crypto::SigningKey& key) {
  RK_ASSIGN_OR_RETURN(auto opened, ledger::Ledger::Open(disk, dir, origin, key));
  GateLog log(std::move(opened), key);
  for (uint64_t index = 0; index < log.log_->size(); ++index) {
    RK_ASSIGN_OR_RETURN(Bytes envelope, log.log_->Entry(index));
    RK_ASSIGN_OR_RETURN(record::Entry entry, record::Open(envelope));
    auto* determined = std::get_if<record::Determined>(&entry.record);
    if (determined == nullptr || !record::SignedBy(envelope, key.public_key())) {
      return Error(Code::kDataLoss, "{}: entry {} is no determination of this site", dir, index);
    }
    log.held_.insert(crypto::Sha256(envelope));
    const std::pair about(determined->run, determined->item);
    log.last_[about] = {.envelope = std::move(envelope), .determined = std::move(*determined)};
  }
  return log;
}

StatusOr<Bytes> GateLog::Append(const record::Determined& determined) {
  RK_ASSIGN_OR_RETURN(Bytes envelope, record::Seal(determined, *key_));
  RK_RETURN_IF_ERROR(Keep(envelope));
  last_[{determined.run, determined.item}] = {.envelope = envelope, .determined = determined};
  return envelope;
}

Status GateLog::Keep(const Bytes& envelope) {
  Status kept = log_->Append(envelope).status();
  // A signed checkpoint over it: from here on the log cannot be shown without it.
  if (kept.ok()) kept = log_->checkpoint().status();
  broken_ = !kept.ok() && kept.code() != Code::kResourceExhausted;
  RK_RETURN_IF_ERROR(kept);
  held_.insert(crypto::Sha256(envelope));
  return Ok();
}

bool GateLog::Holds(ByteSpan envelope) const { return held_.contains(crypto::Sha256(envelope)); }

Status GateLog::Restore(ByteSpan envelope) {
  const auto entry = record::Open(envelope);
  const auto* determined = entry.ok() ? std::get_if<record::Determined>(&entry->record) : nullptr;
  if (determined == nullptr || !record::SignedBy(envelope, key_->public_key())) {
    return Error(Code::kDataLoss, "no determination of this site");
  }
  Bytes bytes(envelope.begin(), envelope.end());
  RK_RETURN_IF_ERROR(Keep(bytes));
  LastWord& last = last_[{determined->run, determined->item}];
  if (last.envelope.empty() || last.determined.at <= determined->at) {
    last = {.envelope = std::move(bytes), .determined = *determined};
  }
  return Ok();
}

const LastWord* GateLog::Last(const RunId& run, const std::string& item) const {
  const auto found = last_.find({run, item});
  return found == last_.end() ? nullptr : &found->second;
}

}  // namespace renkei::site
