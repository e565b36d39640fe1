# SPDX-License-Identifier: Apache-2.0
"""Models of a wanted size for the e2e tests."""
import json

MIB = 1 << 20


def write_model(path, mib):
    """A safetensors file with one tensor of zeros, `mib` MiB of them."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [mib * MIB // 4],
                               "data_offsets": [0, mib * MIB]}})
    header = header.ljust(-(-len(header) // 8) * 8).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(mib * MIB))
