// SPDX-License-Identifier: Apache-2.0
// The parameters of the network as a safetensors file: eight bytes of header length, a JSON header,
// float32 values.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "outcome.h"

namespace wafer {

// The tensors of ParameterShapes in any order and nothing else; float32, finite.
Outcome<std::vector<float>> ReadModel(const std::string& path);

Done WriteModel(const std::string& path, std::span<const float> parameters);

}  // namespace wafer
