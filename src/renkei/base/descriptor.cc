// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/descriptor.h"

#include <unistd.h>
#include <utility>

namespace renkei {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int Descriptor::Release() { return std::exchange(fd_, -1); }

void Descriptor::Close() {
  if (const int fd = Release(); fd >= 0) close(fd);
}

}  // namespace renkei
