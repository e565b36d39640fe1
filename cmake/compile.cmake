# SPDX-License-Identifier: Apache-2.0
# The flags that every target of the house shares. Floating point is strict everywhere:
# no contraction, no fast-math (design, section 6).
add_library(renkei_compile INTERFACE)
target_compile_options(renkei_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
  -ffp-contract=off -fno-omit-frame-pointer -fstack-protector-strong)
target_compile_definitions(renkei_compile INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_link_options(renkei_compile INTERFACE -Wl,-z,relro,-z,now)

set(RENKEI_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")
if(RENKEI_SANITIZE)
  add_compile_options(-fsanitize=${RENKEI_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RENKEI_SANITIZE})
endif()
