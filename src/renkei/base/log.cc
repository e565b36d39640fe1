// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "renkei/base/clock.h"
#include "renkei/base/version.h"

namespace renkei {

std::string_view Version() { return RENKEI_VERSION; }

namespace log {
namespace {

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("renkei",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *logger;
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

struct ValueText {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
  std::string operator()(const std::string& text) const { return Quote(text); }
};

void Write(spdlog::level::level_enum level, std::string_view name, std::string_view event,
           Fields fields) {
  if (!Logger().should_log(level)) return;
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", FormatInstant(now),
                                 name, Quote(event));
  for (const Field& field : fields) {
    line += fmt::format(",{}:{}", Quote(field.key), std::visit(ValueText(), field.value));
  }
  line += '}';
  Logger().log(level, line);
}

}  // namespace

void SetLevel(Level level) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err,
                                                   spdlog::level::off};
  Logger().set_level(kLevels[static_cast<int>(level)]);
}

void Debug(std::string_view event, Fields fields) {
  Write(spdlog::level::debug, "debug", event, fields);
}
void Info(std::string_view event, Fields fields) {
  Write(spdlog::level::info, "info", event, fields);
}
void Warn(std::string_view event, Fields fields) {
  Write(spdlog::level::warn, "warn", event, fields);
}
void Error(std::string_view event, Fields fields) {
  Write(spdlog::level::err, "error", event, fields);
}

}  // namespace log
}  // namespace renkei
