// SPDX-License-Identifier: Apache-2.0
// Strong names. A name is 1 to 63 of [a-z0-9-], begins and ends with a letter or digit: safe in
// a path, a URI, a DNS label and a table.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "renkei/base/status.h"

namespace renkei {

// INVALID_ARGUMENT, naming `what`, unless `text` is a name as above.
Status CheckName(std::string_view what, std::string_view text);

template <typename Tag>
class Name {
 public:
  Name() = default;
  static StatusOr<Name> Parse(std::string_view text) {
    RK_RETURN_IF_ERROR(CheckName(Tag::kWhat, text));
    Name name;
    name.text_ = std::string(text);
    return name;
  }
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Name&) const = default;

 private:
  std::string text_;
};

struct PartyTag {
  static constexpr std::string_view kWhat = "party id";
};
struct SiteTag {
  static constexpr std::string_view kWhat = "site id";
};
struct PersonTag {
  static constexpr std::string_view kWhat = "person id";
};
struct RunTag {
  static constexpr std::string_view kWhat = "run id";
};
struct TrainerTag {
  static constexpr std::string_view kWhat = "trainer id";
};

using PartyId = Name<PartyTag>;
using SiteId = Name<SiteTag>;      // unique in a charter; its party is in its enrolment
using PersonId = Name<PersonTag>;  // unique in its party
using RunId = Name<RunTag>;
using TrainerId = Name<TrainerTag>;

}  // namespace renkei

template <typename Tag>
struct fmt::formatter<renkei::Name<Tag>> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const renkei::Name<Tag>& name, Context& context) const {
    return fmt::formatter<std::string_view>::format(name.text(), context);
  }
};
