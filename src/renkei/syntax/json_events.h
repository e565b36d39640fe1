// SPDX-License-Identifier: Apache-2.0
// JSON as a stream of events, for documents too large to keep as values. As strict as json.h
// but for duplicate keys, which are the receiver's to see.
#pragma once

#include <cstdint>
#include <string_view>

#include "renkei/base/status.h"

namespace renkei::syntax {

// Each call returns false to stop. Views are valid during the call.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool Key(std::string_view key) = 0;
  virtual bool Text(std::string_view text) = 0;
  virtual bool Integer(int64_t number) = 0;    // negative
  virtual bool Unsigned(uint64_t number) = 0;  // every other integer
  virtual bool Number(double number) = 0;      // with '.' or exponent, or an integer beyond those
  virtual bool Bool(bool flag) = 0;
  virtual bool Null() = 0;
  virtual bool StartObject() = 0;
  virtual bool EndObject() = 0;
  virtual bool StartArray() = 0;
  virtual bool EndArray() = 0;
};

//   INVALID_ARGUMENT  "line L, column C: ..."; deeper than `depth_max`; stopped by the receiver
Status ParseJsonEvents(std::string_view text, JsonEvents& events, int depth_max);

}  // namespace renkei::syntax
