// SPDX-License-Identifier: Apache-2.0
// renkei charter new | lint | sign | verify | show, and renkei authority.
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/party_files.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/draft.h"
#include "renkei/charter/party_card.h"
#include "renkei/seal/envelope.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr uint64_t kCardBytesMax = 1 << 20;

// A charter's text from a TOML file or from the envelope that others have signed.
struct CharterFile {
  seal::Envelope envelope;
  charter::Charter charter;
};

StatusOr<CharterFile> ReadCharterFile(Disk& disk, const std::string& file) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, file, kCharterFileBytesMax));
  CharterFile read;
  if (AsText(bytes).starts_with('{')) {
    auto envelope = seal::ParseEnvelope(bytes);
    if (!envelope.ok()) return Annotate(envelope.status(), file);
    read.envelope = *std::move(envelope);
    if (read.envelope.payload_type != charter::kPayloadType) {
      return Error(Code::kInvalidArgument, "{}: an envelope of {}, not of a charter", file,
                   read.envelope.payload_type);
    }
  } else {
    read.envelope = {
        .payload_type = std::string(charter::kPayloadType), .payload = bytes, .signatures = {}};
  }
  RK_ASSIGN_OR_RETURN(read.charter, charter::Parse(AsText(read.envelope.payload), file));
  return read;
}

Status Draft(const CharterNewOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  charter::DraftSpec spec;
  spec.name = options.name;
  spec.purposes = options.purposes;
  spec.approvals = options.approvals;
  spec.created = clock->Now();
  spec.expires = spec.created + std::chrono::days(options.valid_days);
  for (const std::string& file : options.party_files) {
    RK_ASSIGN_OR_RETURN(const std::string text, ReadText(*disk, file, kCardBytesMax));
    RK_ASSIGN_OR_RETURN(charter::PartyCard card, charter::ParsePartyCard(text, file));
    spec.cards.push_back(std::move(card));
  }
  spec.export_rules.binding = options.binding;
  spec.export_rules.hold_hours = options.hold_hours;
  RK_ASSIGN_OR_RETURN(spec.export_rules.facts, ParseFactFlags(options.facts));
  if (spec.export_rules.IsAssessed()) {
    RK_ASSIGN_OR_RETURN(spec.export_rules.packs, DigestsOf(*disk, options.packs));
  }
  RK_ASSIGN_OR_RETURN(const std::string text, charter::Draft(spec));
  RK_RETURN_IF_ERROR(charter::Parse(text, options.out).status());
  RK_ASSIGN_OR_RETURN(const bool exists, disk->Exists(options.out));
  if (exists) return Error(Code::kAlreadyExists, "{}: is there already", options.out);
  RK_RETURN_IF_ERROR(WriteWhole(*disk, options.out, AsBytes(text)));
  Value row = Value::Object();
  row.Set("charter", options.out);
  row.Set("parties", spec.cards.size());
  row.Set("expires", FormatInstant(spec.expires));
  console.Object(row);
  Console::Note(
      "Read it, change what your lawyers want changed, then have an officer of each "
      "party sign it: renkei charter sign " +
      options.out);
  return Ok();
}

Status Sign(const CharterSignOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(CharterFile read, ReadCharterFile(*disk, options.file));
  RK_ASSIGN_OR_RETURN(const auto key, LoadPersonKey(*disk, options.party_dir, options.person));
  const charter::Party* party = nullptr;
  const charter::Person* person = read.charter.FindPersonByKeyId(key.public_key().KeyId(), &party);
  if (person == nullptr || !person->roles.contains(charter::Role::kOfficer)) {
    return Error(Code::kUnauthenticated,
                 "{} of {} is not an officer in this charter: only officers sign for their party",
                 options.person, options.party_dir);
  }
  if (!seal::SignedBy(read.envelope, key.public_key())) seal::AddSignature(read.envelope, key);
  RK_RETURN_IF_ERROR(WriteWhole(*disk, options.out, AsBytes(seal::DumpEnvelope(read.envelope))));
  Value row = Value::Object();
  row.Set("charter", options.out);
  row.Set("sha256", read.charter.sha256.hex());
  row.Set("signed_for", party->id.text());
  row.Set("signatures", read.envelope.signatures.size());
  console.Object(row);
  return Ok();
}

Status Lint(const std::string& file, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const CharterFile read, ReadCharterFile(*disk, file));
  std::vector<Value> rows;
  for (const std::string& warning : charter::Lint(read.charter)) {
    rows.emplace_back(Value::Object()).Set("warning", warning);
  }
  if (rows.empty()) Console::Note(file + ": nothing unwise found");
  if (!rows.empty() || !console.for_people()) console.Rows(rows);
  return Ok();
}

Status VerifyFile(const std::string& file, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                      LoadCharter(*disk, file, MakeSystemClock()->Now()));
  Value row = Value::Object();
  row.Set("charter", "verified");
  row.Set("name", charter.name);
  row.Set("version", charter.version);
  row.Set("sha256", charter.sha256.hex());
  row.Set("expires", FormatInstant(charter.expires));
  row.Set("ledger_key", charter.LedgerKey().VerifierText());
  console.Object(row);
  return Ok();
}

Status ShowFile(const std::string& file, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const CharterFile read, ReadCharterFile(*disk, file));
  if (console.for_people()) {
    console.Text(AsText(read.envelope.payload));
    return Ok();
  }
  Value row = Value::Object();
  row.Set("sha256", read.charter.sha256.hex());
  row.Set("signatures", read.envelope.signatures.size());
  row.Set("toml", AsText(read.envelope.payload));
  console.Object(row);
  return Ok();
}

// What each role lets a person do; run::Book enforces it.
std::string MayDo(const std::set<charter::Role>& roles) {
  std::string text;
  const auto add = [&](charter::Role role, std::string_view what) {
    if (roles.contains(role)) text += (text.empty() ? "" : "; ") + std::string(what);
  };
  add(charter::Role::kOfficer, "sign the charter, approve runs, enrol sites, release");
  add(charter::Role::kOperator, "enrol sites, stop runs");
  add(charter::Role::kResearcher, "submit and stop runs, release");
  add(charter::Role::kAuditor, "read everything");
  return text;
}

Status ShowAuthority(const std::string& file, const Console& console) {
  const auto disk = MakeRealDisk();
  RK_ASSIGN_OR_RETURN(const CharterFile read, ReadCharterFile(*disk, file));
  std::vector<Value> rows;
  for (const charter::Party& party : read.charter.parties) {
    for (const charter::Person& person : party.people) {
      Value& row = rows.emplace_back(Value::Object());
      row.Set("party", party.id.text());
      row.Set("country", party.country);
      row.Set("person", person.id.text());
      std::vector<std::string> roles;
      for (const charter::Role role : person.roles) roles.emplace_back(charter::NameOf(role));
      row.Set("roles", Value(roles));
      row.Set("officers_to_sign", party.threshold);
      row.Set("may", MayDo(person.roles));
    }
  }
  console.Rows(rows);
  console.Text(fmt::format(
      "\n{} of {} parties adopt or amend the charter; {} approve a run; the coordinator is run by "
      "{} and can do none of this.\n",
      read.charter.parties_to_adopt, read.charter.parties.size(), read.charter.runs.approvals,
      read.charter.coordinator.party));
  return Ok();
}

Exit Told(const Status& status) { return status.ok() ? Exit::kOk : Console::Fail(status); }

}  // namespace

Exit CharterNew(const CharterNewOptions& options, const Console& console) {
  return Told(Draft(options, console));
}
Exit CharterSign(const CharterSignOptions& options, const Console& console) {
  return Told(Sign(options, console));
}
Exit CharterLint(const std::string& file, const Console& console) {
  return Told(Lint(file, console));
}
Exit CharterVerify(const std::string& file, const Console& console) {
  return Told(VerifyFile(file, console));
}
Exit CharterShow(const std::string& file, const Console& console) {
  return Told(ShowFile(file, console));
}
Exit Authority(const std::string& charter_file, const Console& console) {
  return Told(ShowAuthority(charter_file, console));
}

}  // namespace renkei::apps
