// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/spec.h"

#include <algorithm>

#include <fmt/format.h>

#include "renkei/base/bytes.h"
#include "renkei/crypto/hash.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/toml.h"
#include "renkei/syntax/value.h"

namespace renkei::run {
namespace {

constexpr std::string_view kFormat = "renkei-run/1";
constexpr size_t kPurposesMax = 16;
constexpr size_t kTextMax = 256;
constexpr uint32_t kPatienceMax = kRoundsMax;
constexpr int64_t kStartDeadlineDefault = 600;
constexpr int64_t kEvaluateDeadlineDefault = 600;

void RequireOneOf(syntax::Fields& fields, std::string_view key, const std::string& value,
                  std::string_view only) {
  if (!fields.failed() && value != only) {
    fields.Fail(key, fmt::format("'{}' is not known; use \"{}\"", value, only));
  }
}

void ReadPurposes(syntax::Fields& fields, Spec& spec) {
  spec.purposes = fields.Texts("purposes");
  if (fields.failed()) return;
  if (spec.purposes.empty() || spec.purposes.size() > kPurposesMax) {
    fields.Fail("purposes", fmt::format("name 1 to {} purposes", kPurposesMax));
    return;
  }
  for (const std::string& purpose : spec.purposes) {
    if (purpose.empty() || purpose.size() > kTextMax) {
      fields.Fail("purposes", fmt::format("a purpose has 1 to {} bytes", kTextMax));
      return;
    }
  }
}

void ReadParticipants(syntax::Fields& fields, Spec& spec) {
  for (const std::string& text : fields.TextsOr("participants", {})) {
    auto site = SiteId::Parse(text);
    if (!site.ok()) {
      fields.Fail("participants", Message(site.status()));
      return;
    }
    spec.participants.push_back(*std::move(site));
  }
  std::sort(spec.participants.begin(), spec.participants.end());
  if (std::adjacent_find(spec.participants.begin(), spec.participants.end()) !=
      spec.participants.end()) {
    fields.Fail("participants", "a site is named twice");
  } else if (spec.participants.size() > kRunSitesMax) {
    fields.Fail("participants", fmt::format("more than {} sites", kRunSitesMax));
  } else if (!spec.participants.empty() && spec.participants.size() < spec.quorum) {
    fields.Fail("participants", fmt::format("{} sites cannot meet a quorum of {}",
                                            spec.participants.size(), spec.quorum));
  }
}

Status ReadClassification(const syntax::Value& table, std::string where, Spec& spec) {
  syntax::Fields fields(table, std::move(where));
  spec.classification_us = fields.Text("us");
  spec.classification_jp = fields.Text("jp");
  if (!fields.failed() &&
      (spec.classification_us.size() > kTextMax || spec.classification_jp.size() > kTextMax)) {
    fields.Fail("us", fmt::format("a classification has at most {} bytes", kTextMax));
  }
  return fields.Finish();
}

Status ReadEarlyStop(const syntax::Value& table, std::string where, Spec& spec) {
  syntax::Fields fields(table, std::move(where));
  EarlyStop stop;
  stop.metric = fields.Text("metric");
  const std::string goal = fields.Text("goal");
  stop.patience = static_cast<uint32_t>(fields.Integer("patience", 1, kPatienceMax));
  stop.larger_is_better = goal == "max";
  if (!fields.failed() && goal != "max" && goal != "min") {
    fields.Fail("goal", "\"min\" or \"max\"");
  }
  if (!fields.failed() && (stop.metric.empty() || stop.metric.size() > kTextMax)) {
    fields.Fail("metric", fmt::format("a metric's name has 1 to {} bytes", kTextMax));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  spec.early_stop = std::move(stop);
  return Ok();
}

void ReadPlan(syntax::Fields& fields, Spec& spec) {
  spec.name = fields.NameOf<RunId>("name");
  spec.model = fields.NameOf<BlobId>("model");
  spec.trainer = fields.NameOf<TrainerId>("trainer");
  spec.rounds = static_cast<uint32_t>(fields.Integer("rounds", 1, kRoundsMax));
  spec.quorum = static_cast<uint32_t>(fields.Integer("quorum", 1, kRunSitesMax));
  spec.start_deadline_s =
      fields.IntegerOr("start_deadline_s", kStartDeadlineDefault, 1, kDeadlineSecondsMax);
  spec.deadline_s = fields.Integer("deadline_s", 1, kDeadlineSecondsMax);
  spec.evaluate_deadline_s =
      fields.IntegerOr("evaluate_deadline_s", kEvaluateDeadlineDefault, 1, kDeadlineSecondsMax);
  spec.late = fields.TextOr("late", "drop");
  spec.reducer = fields.TextOr("reducer", "weighted-mean");
  spec.encoding = fields.TextOr("encoding", "plain");
  RequireOneOf(fields, "late", spec.late, "drop");
  RequireOneOf(fields, "reducer", spec.reducer, "weighted-mean");
  RequireOneOf(fields, "encoding", spec.encoding, "plain");
}

}  // namespace

StatusOr<Spec> ParseSpec(std::string_view toml, std::string_view where) {
  if (toml.size() > kSpecBytesMax) {
    return Error(Code::kResourceExhausted, "{}: {} bytes; a run spec has at most {}", where,
                 toml.size(), kSpecBytesMax);
  }
  auto parsed = syntax::ParseToml(toml);
  if (!parsed.ok()) return Annotate(parsed.status(), std::string(where));
  const syntax::Value& document = *parsed;
  syntax::Fields fields(document, std::string(where));
  Spec spec;
  RequireOneOf(fields, "format", fields.Text("format"), kFormat);
  ReadPlan(fields, spec);
  ReadPurposes(fields, spec);
  ReadParticipants(fields, spec);
  const syntax::Value* classification = fields.ObjectAt("classification");
  const syntax::Value* facts = fields.ObjectAt("facts", false);
  const syntax::Value* config = fields.ObjectAt("config", false);
  const syntax::Value* early_stop = fields.ObjectAt("early_stop", false);
  RK_RETURN_IF_ERROR(fields.Finish());
  RK_RETURN_IF_ERROR(
      ReadClassification(*classification, fmt::format("{}: classification", where), spec));
  if (facts != nullptr) {
    RK_ASSIGN_OR_RETURN(spec.facts, syntax::ReadStated(*facts, fmt::format("{}: facts", where)));
  }
  if (early_stop != nullptr) {
    RK_RETURN_IF_ERROR(ReadEarlyStop(*early_stop, fmt::format("{}: early_stop", where), spec));
  }
  spec.config_json = config != nullptr ? syntax::DumpJson(*config) : "{}";
  return spec;
}

uint64_t TaskSeed(const RunId& run, uint32_t round, const SiteId& site) {
  const std::string text = fmt::format("renkei-task-seed/1\n{}\n{}\n{}\n", run, round, site);
  const Digest digest = crypto::Sha256(AsBytes(text));
  uint64_t seed = 0;
  for (size_t i = 0; i < sizeof(seed); ++i) seed = seed << 8 | digest.bytes[i];
  return seed & ~(uint64_t{1} << 63);
}

}  // namespace renkei::run
