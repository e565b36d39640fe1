// SPDX-License-Identifier: Apache-2.0
// What is asked of a page and what it answers. A page is asked in the server's one thread: it
// answers at once, and says nothing secret, since anybody who reaches the port may ask.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace renkei::http {

struct Question {
  std::string path;    // "/healthz", without the query
  std::string accept;  // the Accept field, or nothing
};

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
};

using Page = std::function<Answer(const Question&)>;
using Pages = std::map<std::string, Page>;  // by path

}  // namespace renkei::http
