// SPDX-License-Identifier: Apache-2.0
// in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md): who speaks of what, as the
// payload of an envelope.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::seal {

inline constexpr std::string_view kStatementPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr size_t kSubjectsMax = 4096;

// A ResourceDescriptor with one digest.
struct Subject {
  std::string name;       // may be empty
  std::string algorithm;  // "sha256", "rfc6962-1mib"
  std::string hex;        // lower case

  bool operator==(const Subject&) const = default;
};

struct Statement {
  std::vector<Subject> subjects;
  std::string predicate_type;
  syntax::Value predicate;  // an object

  bool operator==(const Statement&) const = default;
};

// Compact, keys in the order _type, subject, predicateType, predicate.
Bytes DumpStatement(const Statement& statement);
//   INVALID_ARGUMENT  not a Statement v1, or a subject without exactly one digest
StatusOr<Statement> ParseStatement(ByteSpan json);

}  // namespace renkei::seal
