// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/country.h"

#include "renkei/base/check.h"

namespace renkei::rules {
namespace {

constexpr std::string_view kCodes =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCM"
    "CNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY"
    "HKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMF"
    "MGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARE"
    "RORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZ"
    "VAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";
static_assert(kCodes.size() == 2 * kCountries);

}  // namespace

std::optional<uint16_t> CountryIndex(std::string_view code) {
  if (code.size() != 2) return std::nullopt;
  uint16_t low = 0, high = kCountries;
  while (low < high) {
    const auto middle = static_cast<uint16_t>((low + high) / 2);
    const auto order = CountryCode(middle).compare(code);
    if (order == 0) return middle;
    if (order < 0) {
      low = static_cast<uint16_t>(middle + 1);
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::string_view CountryCode(uint16_t index) {
  RK_CHECK(index < kCountries);
  return kCodes.substr(size_t{index} * 2, 2);
}

}  // namespace renkei::rules
