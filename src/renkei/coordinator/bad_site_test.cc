// SPDX-License-Identifier: Apache-2.0
// An enrolled site whose own checks are gone: what it says and what it sends is refused with a
// reason, and the round goes on without it.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/coordinator/house_testing.h"

namespace renkei::coordinator {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class BadSites : public testing::Test {
 protected:
  static constexpr int kSites = 16;  // an honest one, and one for each case

  void SetUp() override {
    ASSERT_THAT(house_.Open(), IsOk());
    ASSERT_THAT(house_.People(house_.federation.Spec(house_.model, 1, 1)), IsOk());
    house_.hub->Turn();
    for (int i = 0; i < 2; ++i) {
      for (const SiteId& site : house_.federation.sites) ASSERT_THAT(house_.Act(site), IsOk());
    }
    house_.hub->Turn();
    ASSERT_EQ(house_.Run().phase, run::Phase::kTraining);
  }

  const SiteId& Site(size_t i) const { return house_.federation.sites.at(i); }
  record::Contributed Manifest(size_t i, const BlobId& update) const {
    return house_.federation.Contributed(house_.Run(), Site(i), update);
  }

  BlobId Keep(const Bytes& file) {
    const auto draft = house_.at_home->Create().value();
    EXPECT_THAT(draft->Append(file), IsOk());
    return draft->Finish().value();
  }
  // As long as the base, with another header; what it cannot hold is zero.
  BlobId WithHeader(const std::string& header) {
    Bytes file(8);
    for (size_t i = 0; i < file.size(); ++i) {
      file[i] = static_cast<uint8_t>(header.size() >> (8 * i));
    }
    file.insert(file.end(), header.begin(), header.end());
    file.resize(file.size() + House::kElements * sizeof(float));
    return Keep(file);
  }
  BlobId WithTensor(const std::string& name, const std::string& dtype, const std::string& shape) {
    return WithHeader(fmt::format(R"({{"{}":{{"dtype":"{}","shape":{},"data_offsets":[0,{}]}}}})",
                                  name, dtype, shape, House::kElements * sizeof(float)));
  }
  // Of a hundred thousand tensors that the base does not have.
  BlobId WithManyTensors() {
    std::string header = "{";
    for (int i = 0; i < 100'000; ++i) {
      header += fmt::format(R"("t{}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}},)", i);
    }
    header += fmt::format(R"("w":{{"dtype":"F32","shape":[{}],"data_offsets":[0,{}]}}}})",
                          House::kElements, House::kElements * sizeof(float));
    return WithHeader(header);
  }
  BlobId WithNumber(float number) {
    Floats values = house_.first;
    values[100'000] = number;
    return *WriteModel(*house_.at_home, values);
  }
  Bytes BaseFile() {
    Bytes file(house_.model.size_bytes);
    EXPECT_THAT(ReadExactly(**house_.at_home->Open(house_.model), 0, file), IsOk());
    return file;
  }

  House house_{{.sites = kSites}};
};

TEST_F(BadSites, SendUpdatesThatDoNotCountAndAreToldWhy) {
  Bytes half = BaseFile();
  half.resize(half.size() / 2);
  Bytes short_of_a_byte = BaseFile();
  short_of_a_byte.pop_back();
  const std::string length = std::to_string(House::kElements);
  const struct {
    const char* what;
    BlobId update;
    const char* says;
  } cases[] = {
      {"not a number", WithNumber(std::numeric_limits<float>::quiet_NaN()),
       "tensor 'w': element 100000 is infinite or not a number"},
      {"infinite", WithNumber(-std::numeric_limits<float>::infinity()),
       "tensor 'w': element 100000 is infinite or not a number"},
      {"another name", *WriteModel(*house_.at_home, house_.first, "another"),
       "tensor 'another' is not one of the model's"},
      {"another type", WithTensor("w", "I32", "[" + length + "]"),
       "tensor 'w': dtype is I32, must be F32"},
      {"another shape", WithTensor("w", "F32", "[" + length + ",1]"), "tensor 'w': shape is"},
      {"one too many",
       WithHeader(fmt::format(R"({{"w":{{"dtype":"F32","shape":[{}],"data_offsets":[0,{}]}},)"
                              R"("x":{{"dtype":"U8","shape":[0],"data_offsets":[{},{}]}}}})",
                              House::kElements, House::kElements * 4, House::kElements * 4,
                              House::kElements * 4)),
       "tensor 'x' is not one of the model's"},
      {"none", Keep(ToBytes(std::string("\x02\0\0\0\0\0\0\0{}", 10))), "tensor 'w' is missing"},
      {"tensors that overlap",
       WithHeader(R"({"w":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},)"
                  R"("x":{"dtype":"F32","shape":[8],"data_offsets":[16,48]}})"),
       "overlap: tensor 'x'"},
      {"a hundred thousand tensors", WithManyTensors(), "tensor 't0' is not one of the model's"},
      {"half a file", Keep(half), "data-length"},
      {"a byte short", Keep(short_of_a_byte), "data-length"},
      {"a header without end", Keep(Bytes(100, 0xff)), "header"},
      {"no model", Keep(ToBytes("PK\x03\x04 weights")), "zip archive"},
      {"nothing", Keep({}), "header-too-small"},
      {"far too long", *WriteModel(*house_.at_home, Floats(House::kElements * 30)), "does not fit"},
  };
  static_assert(std::size(cases) + 1 == kSites);
  for (size_t i = 0; i < std::size(cases); ++i) {
    const auto& c = cases[i];
    const auto caller = house_.Site(Site(i + 1));
    const auto submitted = house_.SubmitSite(Site(i + 1), Manifest(i + 1, c.update));
    ASSERT_THAT(submitted, IsOk()) << c.what;
    EXPECT_THAT(house_.hub->Receipt(caller, submitted->index), Not(IsOk())) << c.what;
    EXPECT_THAT(house_.Upload(caller, *house_.at_home, c.update),
                StatusIs(Code::kInvalidArgument, HasSubstr(c.says)))
        << c.what;
    EXPECT_THAT(house_.hub->Receipt(caller, submitted->index), Not(IsOk())) << c.what;
  }
  ASSERT_THAT(house_.Act(Site(0)), IsOk());
  house_.hub->Turn();
  const run::RunState run = house_.Run();
  EXPECT_EQ(run.phase, run::Phase::kEvaluating);
  ASSERT_THAT(run.current.counted, SizeIs(1));
  EXPECT_EQ(run.current.counted[0].site, Site(0));
  EXPECT_THAT(run.current.not_counted, SizeIs(kSites - 1));
  for (const record::NotCounted& one : run.current.not_counted) {
    EXPECT_EQ(one.code, "update-invalid") << one.site.text();
  }
}

TEST_F(BadSites, SayThingsThatAreRefusedByCode) {
  const BlobId update = WithNumber(1);
  const SiteId other = Site(1);
  const struct {
    const char* code;
    std::function<void(record::Contributed&)> lie;
  } cases[] = {
      {"weight-above-limit", [](auto& m) { m.examples = 501; }},
      {"round-differs", [](auto& m) { m.round = 2; }},
      {"base-differs", [&](auto& m) { m.base = update; }},
      {"encoding: is none of", [](auto& m) { m.encoding = "masked"; }},
      {"determination-missing", [](auto& m) { m.determination = 0; }},
      {"not-for-this-author", [&](auto& m) { m.site = other; }},
      {"run-unknown", [](auto& m) { m.run = *RunId::Parse("another"); }},
  };
  for (const auto& c : cases) {
    record::Contributed manifest = Manifest(0, update);
    c.lie(manifest);
    const uint64_t size = house_.hub->BookNow().size();
    const Status refused = house_.SubmitSite(Site(0), manifest).status();
    EXPECT_FALSE(refused.ok()) << c.code;
    EXPECT_THAT(Message(refused), HasSubstr(c.code));
    EXPECT_FALSE(house_.Run().current.contributed.contains(Site(0))) << c.code;
    EXPECT_LE(house_.hub->BookNow().size(), size + 1) << c.code;  // at most its refusal
  }
  // An honest word still counts, once.
  EXPECT_THAT(house_.SubmitSite(Site(0), Manifest(0, update)), IsOk());
  EXPECT_THAT(Message(house_.SubmitSite(Site(0), Manifest(0, WithNumber(2))).status()),
              HasSubstr("contributed-already"));
}

}  // namespace
}  // namespace renkei::coordinator
