// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/charter/charter.h"
#include "renkei/charter/tables.h"

namespace renkei::charter {
namespace {

struct Opened {
  seal::Envelope envelope;
  Charter charter;
};

StatusOr<Opened> OpenEnvelope(ByteSpan bytes) {
  Opened opened;
  auto envelope = seal::ParseEnvelope(bytes);
  if (!envelope.ok()) return Annotate(envelope.status(), "charter");
  opened.envelope = *std::move(envelope);
  if (opened.envelope.payload_type != kPayloadType) {
    return Error(Code::kInvalidArgument, "charter: the envelope's payloadType is not {}",
                 kPayloadType);
  }
  RK_ASSIGN_OR_RETURN(opened.charter, Parse(AsText(opened.envelope.payload), "charter"));
  return opened;
}

// Do enough parties of `charter` stand behind the envelope?
Status CheckThreshold(const Charter& charter, const seal::Envelope& envelope) {
  uint32_t bound = 0;
  std::string lacking;
  for (const SignatureState& state : Signatures(charter, envelope)) {
    if (state.Bound()) {
      ++bound;
      continue;
    }
    lacking += fmt::format("{}{} ({} of {} {})", lacking.empty() ? "" : ", ", state.party,
                           state.have, state.need, Plural(state.need, "officer", "officers"));
  }
  if (bound >= charter.parties_to_adopt) return Ok();
  return Error(Code::kPermissionDenied,
               "charter {} version {}: signed by {} of {} parties, {} needed; not yet by {}",
               charter.name, charter.version, bound, charter.parties.size(),
               charter.parties_to_adopt, lacking);
}

Status CheckNotExpired(const Charter& charter, Instant now) {
  if (now < charter.expires) return Ok();
  return Error(Code::kFailedPrecondition,
               "charter {} version {} expired at {}: the parties have to sign a next version",
               charter.name, charter.version, FormatInstant(charter.expires));
}

// Is `next` the very next text after `current`?
Status CheckSuccession(const Charter& current, const Charter& next) {
  const auto refuse = [&](std::string_view why) {
    return Error(Code::kFailedPrecondition, "charter {} version {}: {}", next.name, next.version,
                 why);
  };
  if (next.name != current.name) {
    return refuse(fmt::format("another charter than {}", current.name));
  }
  if (next.version <= current.version) {
    return refuse(fmt::format("a step back: version {} is in force", current.version));
  }
  if (next.version != current.version + 1) {
    return refuse(fmt::format("version {} is in force; each version follows the one before it",
                              current.version));
  }
  if (next.previous_sha256 != current.sha256) {
    return refuse(fmt::format("previous_sha256 is not {}, the text of version {}",
                              current.sha256.hex(), current.version));
  }
  if (next.first_sha256 != current.first_sha256.value_or(current.sha256)) {
    return refuse("first_sha256 is not the text of version 1");
  }
  if (next.created <= current.created) {
    return refuse(fmt::format("created no later than version {}", current.version));
  }
  return Ok();
}

}  // namespace

std::vector<SignatureState> Signatures(const Charter& charter, const seal::Envelope& envelope) {
  std::vector<SignatureState> states;
  for (const Party& party : charter.parties) {
    SignatureState state{.party = party.id, .need = party.threshold};
    for (const Person& person : party.people) {
      state.have += person.roles.contains(Role::kOfficer) && seal::SignedBy(envelope, person.key);
    }
    states.push_back(std::move(state));
  }
  return states;
}

StatusOr<Charter> Verify(ByteSpan envelope, Instant now, Expiry expiry) {
  RK_ASSIGN_OR_RETURN(Opened opened, OpenEnvelope(envelope));
  RK_RETURN_IF_ERROR(CheckThreshold(opened.charter, opened.envelope));
  if (expiry == Expiry::kEnforced) RK_RETURN_IF_ERROR(CheckNotExpired(opened.charter, now));
  return std::move(opened.charter);
}

StatusOr<Charter> VerifyAmendment(const Charter& current, ByteSpan envelope, Instant now) {
  RK_ASSIGN_OR_RETURN(Opened opened, OpenEnvelope(envelope));
  RK_RETURN_IF_ERROR(CheckSuccession(current, opened.charter));
  if (const Status old = CheckThreshold(current, opened.envelope); !old.ok()) {
    return Annotate(old, "the parties of the version in force have to sign the next one");
  }
  RK_RETURN_IF_ERROR(CheckThreshold(opened.charter, opened.envelope));
  RK_RETURN_IF_ERROR(CheckNotExpired(opened.charter, now));
  return std::move(opened.charter);
}

}  // namespace renkei::charter
