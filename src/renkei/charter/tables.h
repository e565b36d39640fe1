// SPDX-License-Identifier: Apache-2.0
// The tables that charters and party cards share.
#pragma once

#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/value.h"

namespace renkei::charter {

// [[party]] with its [[party.person]].
StatusOr<Party> ReadParty(const syntax::Value& table, const std::string& where);
// [export].
StatusOr<ExportRules> ReadExportRules(const syntax::Value& table, const std::string& where);
// [coordinator].
StatusOr<CoordinatorSite> ReadCoordinator(const syntax::Value& table, const std::string& where);

std::string DumpParty(const Party& party);
std::string DumpExportRules(const ExportRules& rules);
std::string DumpCoordinator(const CoordinatorSite& coordinator);

// One line of 1 to kTextMax bytes without control characters.
std::string ReadLine(syntax::Fields& fields, std::string_view key);
void CheckLine(syntax::Fields& fields, std::string_view key, std::string_view text);

// "officer", "officers".
std::string_view Plural(size_t count, std::string_view one, std::string_view many);

}  // namespace renkei::charter
