// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/allocator.h"

#include <malloc.h>

namespace renkei::wire {

void TuneAllocator() {
  // Chunks come from the heap, not from mmap; larger blocks (tensor windows) still go back.
  mallopt(M_MMAP_THRESHOLD, 8 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
  mallopt(M_TOP_PAD, 8 << 20);
  mallopt(M_ARENA_MAX, 4);
}

}  // namespace renkei::wire
