// SPDX-License-Identifier: Apache-2.0
// Peers that do not keep to the protocol, through gRPC's own stub.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/v1/coordinator.grpc.pb.h"
#include "renkei/wire/messages.h"
#include "renkei/wire/status_codes.h"
#include "renkei/wire/tls.h"
#include "renkei/wire/wire_testing.h"

namespace renkei::wire {
namespace {

using testing::HasSubstr;

class RawCalls : public testing::Test {
 protected:
  RawCalls() {
    const PeerOptions site = wire_.Site();
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(std::string(kTlsName));
    stub_ = v1::Coordinator::NewStub(grpc::CreateCustomChannel(
        site.address,
        MakeChannelCredentials(
            site.chain_pem, site.key_pem,
            std::make_shared<ServerExpectation>(site.roots, site.coordinator, wire_.clock())),
        arguments));
  }

  static void NameProtocol(grpc::ClientContext& context, const std::string& version = "1") {
    context.AddMetadata(std::string(kProtocolHeader), version);
  }

  // Sends the steps of an upload, reads all answers, and returns how it ended.
  Status Upload(const std::vector<v1::UploadRequest>& steps) {
    grpc::ClientContext context;
    NameProtocol(context);
    const auto stream = stub_->Upload(&context);
    for (const v1::UploadRequest& step : steps) {
      if (!stream->Write(step)) break;
    }
    stream->WritesDone();
    v1::UploadReply reply;
    while (stream->Read(&reply)) {
    }
    return FromGrpc(stream->Finish());
  }

  static v1::UploadRequest Start(const std::string& blob) {
    v1::UploadRequest request;
    request.mutable_start()->set_blob(blob);
    return request;
  }
  static v1::UploadRequest Leaves(const std::vector<Digest>& leaves) {
    v1::UploadRequest request;
    request.set_leaves(JoinHashes(leaves));
    return request;
  }
  static v1::UploadRequest Chunk(uint64_t index, const std::string& content) {
    v1::UploadRequest request;
    request.mutable_chunk()->set_index(index);
    request.mutable_chunk()->set_content(content);
    return request;
  }

  TestWire wire_;
  std::unique_ptr<v1::Coordinator::Stub> stub_;
};

TEST_F(RawCalls, ACallThatNamesNoProtocolThatWeSpeakIsRefused) {
  for (const std::string version : {"", "0", "2", "1x", "-1", "99999999999999999999"}) {
    grpc::ClientContext context;
    if (!version.empty()) NameProtocol(context, version);
    v1::ReceiptReply reply;
    EXPECT_THAT(FromGrpc(stub_->Receipt(&context, v1::ReceiptRequest(), &reply)),
                StatusIs(Code::kFailedPrecondition, HasSubstr("call Hello first")))
        << version;
  }
}

TEST_F(RawCalls, AMessageBeyondTheLimitIsRefusedAndTheServerLives) {
  grpc::ClientContext context;
  NameProtocol(context);
  v1::SubmitRequest request;
  request.set_envelope(std::string(kMessageBytesMax + 1, 'x'));
  v1::SubmitReply reply;
  EXPECT_THAT(FromGrpc(stub_->Submit(&context, request, &reply)),
              StatusIs(Code::kResourceExhausted));
  EXPECT_THAT(Upload({Start("t1"), Chunk(0, std::string(kMessageBytesMax + 1, 'x'))}),
              testing::Not(IsOk()));
  EXPECT_THAT(wire_.Peer(wire_.Site())->Submit(AsBytes("x")), IsOk());
}

TEST_F(RawCalls, AnUploadThatLiesOrStumblesIsRefusedWithTheReason) {
  const std::string content(kChunkBytes + 10, 'a');
  const auto source = store::MakeMemoryBlobs();
  const auto draft = Must(source->Create());
  ASSERT_THAT(draft->Append(AsBytes(content)), IsOk());
  const BlobId id = Must(draft->Finish());
  const std::vector<Digest> leaves = Must(source->Leaves(id));
  const std::vector<Digest> swapped = {leaves[1], leaves[0]};
  const std::string first = content.substr(0, kChunkBytes);
  std::string flipped = first;
  flipped[77] ^= 1;
  const BlobId huge{.root = id.root, .size_bytes = kBlobBytesMax + 1};
  v1::UploadRequest ragged = Leaves(leaves);
  ragged.mutable_leaves()->push_back('x');

  const auto start = Start(id.Text());
  const struct {
    const char* why;
    std::vector<v1::UploadRequest> steps;
    Code code;
  } cases[] = {
      {"nothing at all", {}, Code::kUnavailable},
      {"no start", {Leaves(leaves)}, Code::kInvalidArgument},
      {"not a blob id", {Start("../../etc")}, Code::kInvalidArgument},
      {"too large", {Start(huge.Text())}, Code::kResourceExhausted},
      {"a chunk before the leaves", {start, Chunk(0, first)}, Code::kInvalidArgument},
      {"leaves not whole", {start, ragged}, Code::kInvalidArgument},
      {"too many leaves",
       {start, Leaves({leaves[0], leaves[1], leaves[1]})},
       Code::kInvalidArgument},
      {"no leaves", {start, Leaves({})}, Code::kInvalidArgument},
      {"leaves of another blob", {start, Leaves(swapped)}, Code::kDataLoss},
      {"a later chunk first",
       {start, Leaves(leaves), Chunk(1, content.substr(kChunkBytes))},
       Code::kInvalidArgument},
      {"a short chunk", {start, Leaves(leaves), Chunk(0, "a")}, Code::kInvalidArgument},
      {"a flipped bit", {start, Leaves(leaves), Chunk(0, flipped)}, Code::kDataLoss},
      {"one chunk missing", {start, Leaves(leaves), Chunk(0, first)}, Code::kUnavailable},
  };
  for (const auto& c : cases) EXPECT_THAT(Upload(c.steps), StatusIs(c.code)) << c.why;
  EXPECT_FALSE(Must(wire_.desk().blobs().Has(id)));
  EXPECT_THAT(wire_.Peer(wire_.Site())->Upload(*source, id, {}), IsOk());
}

TEST_F(RawCalls, ADownloadThatStumblesIsRefused) {
  const auto draft = Must(wire_.desk().blobs().Create());
  ASSERT_THAT(draft->Append(AsBytes("abc")), IsOk());
  const BlobId id = Must(draft->Finish());
  const auto download = [&](const std::vector<v1::DownloadRequest>& steps) {
    grpc::ClientContext context;
    NameProtocol(context);
    const auto stream = stub_->Download(&context);
    for (const auto& step : steps) {
      if (!stream->Write(step)) break;
    }
    stream->WritesDone();
    v1::DownloadReply reply;
    while (stream->Read(&reply)) {
    }
    return FromGrpc(stream->Finish());
  };
  v1::DownloadRequest start, resume, beyond, unknown;
  start.mutable_start()->set_blob(id.Text());
  resume.mutable_resume()->set_from_chunk(0);
  beyond.mutable_resume()->set_from_chunk(2);
  unknown.mutable_start()->set_blob(BlobId{.root = {}, .size_bytes = 5}.Text());
  EXPECT_THAT(download({start, resume}), IsOk());
  EXPECT_THAT(download({resume}), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(download({start, start}), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(download({start, beyond}), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(download({unknown, resume}), StatusIs(Code::kNotFound));
  EXPECT_THAT(download({start}), StatusIs(Code::kUnavailable));
}

}  // namespace
}  // namespace renkei::wire
