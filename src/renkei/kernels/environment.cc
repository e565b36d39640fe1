// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/environment.h"

#include <limits>

namespace renkei::kernels {
namespace {

template <typename T>
bool KeepsSubnormals() {
  // volatile: the compiler would compute these at build time, where nothing is flushed.
  volatile T smallest_normal = std::numeric_limits<T>::min();
  volatile T half = T{0.5};
  volatile T made = smallest_normal * half;  // flush to zero
  volatile T used = std::numeric_limits<T>::denorm_min() / std::numeric_limits<T>::epsilon();
  volatile T read = std::numeric_limits<T>::denorm_min();
  volatile T scale = T{1} / std::numeric_limits<T>::epsilon();
  volatile T product = read * scale;  // subnormals are zero
  return made != T{0} && product == used;
}

// By arithmetic: fegetround looks at the x87 unit, which nothing here uses.
bool RoundsToNearest() {
  volatile double one = 1.0;
  volatile double tiny = 0x1p-60;
  volatile double above = one + tiny;
  volatile double below = one - tiny;
  return above == one && below == one;
}

}  // namespace

Status CheckFloatEnvironment() {
  if (!KeepsSubnormals<float>() || !KeepsSubnormals<double>()) {
    return Error(Code::kFailedPrecondition,
                 "this thread flushes subnormal numbers to zero, so sums would differ from other "
                 "machines'; look for a library built with -ffast-math");
  }
  if (!RoundsToNearest()) {
    return Error(
        Code::kFailedPrecondition,
        "this thread does not round to nearest, so sums would differ from other machines'");
  }
  return Ok();
}

}  // namespace renkei::kernels
