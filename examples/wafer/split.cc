// SPDX-License-Identifier: Apache-2.0
#include "split.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <unordered_set>

#include "examples.h"
#include "sha256.h"
#include "wafer_map.h"

namespace wafer {
namespace {

// Equal for equal maps, and in practice only for them.
std::string MapDigest(const WaferMap& map) {
  std::string bytes = std::to_string(map.rows) + "x" + std::to_string(map.cols) + "\n";
  bytes.append(map.dies.begin(), map.dies.end());
  const Sha256Digest digest = Sha256Of(bytes);
  return {digest.begin(), digest.end()};
}

struct Folder {
  std::string directory;
  WaferWriter writer;
  std::set<DieGrid> products;
  std::array<int64_t, kClasses> per_class{};

  static Outcome<Folder> Open(const std::string& directory) {
    WAFER_ASSIGN_OR_RETURN(WaferWriter writer, WaferWriter::Open(directory));
    return Folder{.directory = directory, .writer = std::move(writer), .products = {}};
  }

  Done Add(const Wafer& wafer) {
    products.emplace(wafer.map.rows, wafer.map.cols);
    ++per_class[static_cast<size_t>(wafer.label)];
    return writer.Add(wafer);
  }

  Json::Object ToJson() const {
    Json::Object classes;
    for (size_t label = 0; label < kClasses; ++label) {
      classes.emplace_back(std::string(kClassNames[label]), per_class[label]);
    }
    return {{"dir", directory},
            {"wafers", static_cast<int64_t>(writer.wafers())},
            {"products", static_cast<int64_t>(products.size())},
            {"per_class", std::move(classes)}};
  }
};

struct Survey {
  std::map<DieGrid, uint64_t> products;
  std::unordered_set<std::string> test_maps;
};

Outcome<Survey> LookThrough(const std::string& data) {
  Survey survey;
  WAFER_RETURN_IF_FAILED(ReadWafers(data, [&](const Wafer& wafer) {
    ++survey.products[{wafer.map.rows, wafer.map.cols}];
    if (InTestPart(wafer.id)) {
      survey.test_maps.insert(MapDigest(wafer.map));
    }
    return Success();
  }));
  return survey;
}

}  // namespace

std::map<DieGrid, int> DealProducts(const std::map<DieGrid, uint64_t>& wafers, int sites) {
  std::vector<std::pair<DieGrid, uint64_t>> products(wafers.begin(), wafers.end());
  std::stable_sort(products.begin(), products.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::map<DieGrid, int> site_of;
  std::vector<uint64_t> load(static_cast<size_t>(sites), 0);
  const int first_shared = sites >= 3 ? 2 : 0;
  for (size_t i = 0; i < products.size(); ++i) {
    const auto& [grid, count] = products[i];
    int site = i == 0 ? 0 : 1;
    if (first_shared == 0 || i > 2) {
      site = static_cast<int>(std::min_element(load.begin() + first_shared, load.end()) -
                              load.begin());
    }
    site_of[grid] = site;
    load[static_cast<size_t>(site)] += count;
  }
  return site_of;
}

std::map<int, std::set<int>> DefaultLacks(int sites) {
  if (sites < 4) {
    return {};
  }
  return {{sites - 1, {*ClassNamed("Donut"), *ClassNamed("Random")}},
          {sites, {*ClassNamed("Center"), *ClassNamed("Scratch")}}};
}

Outcome<Json> SplitWafers(const SplitOptions& options) {
  WAFER_ASSIGN_OR_RETURN(const Survey survey, LookThrough(options.data));
  const std::map<DieGrid, int> site_of = DealProducts(survey.products, options.sites);
  std::vector<Folder> folders;  // the sites, then the test part
  for (int site = 1; site <= options.sites; ++site) {
    WAFER_ASSIGN_OR_RETURN(Folder folder,
                           Folder::Open(options.out + "/site" + std::to_string(site)));
    folders.push_back(std::move(folder));
  }
  WAFER_ASSIGN_OR_RETURN(Folder test, Folder::Open(options.out + "/test"));
  int64_t equal_to_test = 0;
  int64_t lacking = 0;
  WAFER_RETURN_IF_FAILED(ReadWafers(options.data, [&](const Wafer& wafer) {
    if (InTestPart(wafer.id)) {
      return test.Add(wafer);
    }
    const int site = site_of.at({wafer.map.rows, wafer.map.cols});
    const auto lacks = options.without.find(site + 1);
    if (lacks != options.without.end() && lacks->second.contains(wafer.label)) {
      ++lacking;
      return Success();
    }
    if (survey.test_maps.contains(MapDigest(wafer.map))) {
      ++equal_to_test;
      return Success();
    }
    return folders[static_cast<size_t>(site)].Add(wafer);
  }));
  Json::Array sites;
  for (size_t i = 0; i < folders.size(); ++i) {
    WAFER_RETURN_IF_FAILED(folders[i].writer.Close());
    if (folders[i].writer.wafers() == 0) {
      return Fail(options.data, ": no wafers for site ", i + 1, "; too few die grids for ",
                  options.sites, " sites");
    }
    Json::Object told = folders[i].ToJson();
    Json::Array lacks;
    if (const auto found = options.without.find(static_cast<int>(i) + 1);
        found != options.without.end()) {
      for (const int label : found->second) {
        lacks.emplace_back(std::string(kClassNames[static_cast<size_t>(label)]));
      }
    }
    told.emplace_back("lacks", std::move(lacks));
    sites.emplace_back(std::move(told));
  }
  WAFER_RETURN_IF_FAILED(test.writer.Close());
  return Json(Json::Object{{"sites", std::move(sites)},
                           {"test", test.ToJson()},
                           {"left_out_equal_to_test", equal_to_test},
                           {"left_out_lacking_class", lacking}});
}

}  // namespace wafer
