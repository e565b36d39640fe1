// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/statement.h"

#include <utility>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::seal {
namespace {

using syntax::Value;

StatusOr<Subject> ParseSubject(const Value& value) {
  syntax::Fields fields(value, "statement: subject");
  Subject subject;
  subject.name = fields.TextOr("name", "");
  const Value* digest = fields.ObjectAt("digest");
  if (digest != nullptr && (digest->members().size() != 1 ||
                            digest->members().front().second.kind() != Value::Kind::kText)) {
    fields.Fail("digest", "expected exactly one digest, as text");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  subject.algorithm = digest->members().front().first;
  subject.hex = digest->members().front().second.text();
  const auto bytes = FromHex(subject.hex);
  if (!bytes.ok()) return Annotate(bytes.status(), "statement: subject: digest");
  return subject;
}

}  // namespace

Bytes DumpStatement(const Statement& statement) {
  Value subjects = Value::Array();
  for (const Subject& subject : statement.subjects) {
    Value item = Value::Object();
    if (!subject.name.empty()) item.Set("name", subject.name);
    item.Set("digest", Value::Object()).Set(subject.algorithm, subject.hex);
    subjects.Push(std::move(item));
  }
  // Around the predicate, which may be long: no copy of it is made.
  return ToBytes(fmt::format(R"({{"_type":{},"subject":{},"predicateType":{},"predicate":{}}})",
                             syntax::DumpJson(kStatementType), syntax::DumpJson(subjects),
                             syntax::DumpJson(statement.predicate_type),
                             syntax::DumpJson(statement.predicate)));
}

StatusOr<Statement> ParseStatement(ByteSpan json) {
  RK_ASSIGN_OR_RETURN(Value value, syntax::ParseJson(AsText(json)));
  syntax::Fields fields(value, "statement");
  if (fields.Text("_type") != kStatementType) {
    fields.Fail("_type", fmt::format("expected {}", kStatementType));
  }
  Statement statement;
  statement.predicate_type = fields.Text("predicateType");
  const auto subjects = fields.Objects("subject");
  fields.ObjectAt("predicate");
  if (subjects.size() > kSubjectsMax) {
    fields.Fail("subject", fmt::format("more than {}", kSubjectsMax));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  for (const Value* item : subjects) {
    RK_ASSIGN_OR_RETURN(Subject subject, ParseSubject(*item));
    statement.subjects.push_back(std::move(subject));
  }
  statement.predicate = value.Take("predicate");
  return statement;
}

}  // namespace renkei::seal
