// SPDX-License-Identifier: Apache-2.0
// The machines of a federation verify the same signatures over and over, each for itself; here they
// are one process. The linker puts this in libsodium's place (--wrap in CMakeLists.txt): a
// signature that held is kept with every byte it was asked about, and asked again the answer is the
// same. One that did not hold is never kept.
#include <string>
#include <unordered_set>
#include <utility>

namespace {

constexpr size_t kHeldMax = 2048;  // a world has some hundreds
constexpr size_t kSignatureBytes = 64;
constexpr size_t kKeyBytes = 32;

void Append(std::string& text, const unsigned char* bytes, size_t count) {
  text.append(reinterpret_cast<const char*>(bytes), count);
}

}  // namespace

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" int __real_crypto_sign_verify_detached(const unsigned char* signature,
                                                  const unsigned char* message,
                                                  unsigned long long count,
                                                  const unsigned char* key);

extern "C" int __wrap_crypto_sign_verify_detached(const unsigned char* signature,
                                                  const unsigned char* message,
                                                  unsigned long long count,
                                                  const unsigned char* key) {
  thread_local std::unordered_set<std::string> held;
  std::string asked;
  asked.reserve(kSignatureBytes + kKeyBytes + count);
  Append(asked, signature, kSignatureBytes);
  Append(asked, key, kKeyBytes);
  Append(asked, message, count);
  if (held.contains(asked)) return 0;
  const int answer = __real_crypto_sign_verify_detached(signature, message, count, key);
  if (answer == 0) {
    if (held.size() == kHeldMax) held.clear();
    held.insert(std::move(asked));
  }
  return answer;
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
