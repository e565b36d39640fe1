// SPDX-License-Identifier: Apache-2.0
// The operators' log: JSON lines on standard error. What partners must trust is in the ledger.
// No key, token, tensor or personal data.
//
//   log::Info("round.closed", {{"run", run.text()}, {"sites", 4}});
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace renkei::log {

struct Field {
  template <std::integral T>
  Field(std::string_view key_in, T number) : key(key_in), value(static_cast<int64_t>(number)) {}
  Field(std::string_view key_in, bool flag) : key(key_in), value(flag) {}
  Field(std::string_view key_in, double number) : key(key_in), value(number) {}
  Field(std::string_view key_in, std::string_view text) : key(key_in), value(std::string(text)) {}
  Field(std::string_view key_in, const std::string& text) : key(key_in), value(text) {}
  Field(std::string_view key_in, const char* text) : key(key_in), value(std::string(text)) {}

  std::string_view key;
  std::variant<bool, int64_t, double, std::string> value;
};

using Fields = std::initializer_list<Field>;

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

// Called once by an app before other threads run; until then Warn and Error are written.
void SetLevel(Level level);

void Debug(std::string_view event, Fields fields = {});
void Info(std::string_view event, Fields fields = {});   // rare, not triggerable at will by a peer
void Warn(std::string_view event, Fields fields = {});   // somebody should look
void Error(std::string_view event, Fields fields = {});  // an operator must act

}  // namespace renkei::log
