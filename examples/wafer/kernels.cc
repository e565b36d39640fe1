// SPDX-License-Identifier: Apache-2.0
#include "kernels.h"

namespace wafer {

// In kernels_variant.cc, once per instruction set.
namespace baseline {
extern const Kernels kKernels;
}
#if defined(__x86_64__)
namespace x86_64_v3 {
extern const Kernels kKernels;
}
namespace x86_64_v4 {
extern const Kernels kKernels;
}
#endif

std::vector<const Kernels*> SupportedKernels() {
  std::vector<const Kernels*> supported;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  if (v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd")) {
    supported.push_back(&x86_64_v4::kKernels);
  }
  if (v3) {
    supported.push_back(&x86_64_v3::kKernels);
  }
#endif
  supported.push_back(&baseline::kKernels);
  return supported;
}

}  // namespace wafer
