// SPDX-License-Identifier: Apache-2.0
// The real coordinator behind the real server.
#include "renkei/wire/coordinator_desk.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/draft.h"
#include "renkei/charter/party_card.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/crypto/sign.h"
#include "renkei/seal/envelope.h"
#include "renkei/v1/coordinator.pb.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/tls.h"
#include "renkei/wire/tls_testing.h"

namespace renkei::wire {
namespace {

using identity::PeerKind;

class CoordinatorDeskTest : public testing::Test {
 protected:
  CoordinatorDeskTest() {
    charter_envelope_ = SignedCharter();
    coordinator_ = Must(coordinator::Coordinator::Open(
        {.dir = "hub", .key = &key_, .charter_envelope = charter_envelope_}, disk_, clock_));
    desk_ = MakeCoordinatorDesk(*coordinator_);
    const identity::TlsFiles tls = us_.Issue(PeerKind::kCoordinator, "hub");
    ServerOptions options;
    options.chain_pem = tls.chain_pem;
    options.key_pem = tls.key_pem;
    server_ = Must(StartServer(options, *desk_, clock_));
  }

  charter::PartyCard Card(const TestParty& party, const crypto::SigningKey& officer) const {
    charter::PartyCard card;
    card.party.id = party.id();
    card.party.name = party.id().text();
    card.party.country = party.id() == us_.id() ? "US" : "JP";
    card.party.ca_pem = party.Root().ca_pem;
    card.party.people.push_back(
        {.id = Must(PersonId::Parse("alice")),
         .key = officer.public_key(),
         .roles = {charter::Role::kOfficer, charter::Role::kOperator, charter::Role::kResearcher}});
    if (party.id() == us_.id()) {
      card.coordinator = charter::CoordinatorSite{.party = party.id(),
                                                  .site = Must(SiteId::Parse("hub")),
                                                  .country = "US",
                                                  .address = "127.0.0.1:7400",
                                                  .key = key_.public_key()};
    }
    return card;
  }

  Bytes SignedCharter() {
    charter::DraftSpec draft;
    draft.name = "test";
    draft.purposes = {"defects"};
    draft.created = clock_.Now() - std::chrono::days(1);
    draft.expires = clock_.Now() + std::chrono::days(300);
    draft.cards = {Card(us_, us_officer_), Card(jp_, jp_officer_)};
    seal::Envelope envelope{.payload_type = std::string(charter::kPayloadType),
                            .payload = ToBytes(Must(charter::Draft(draft))),
                            .signatures = {}};
    seal::AddSignature(envelope, us_officer_);
    seal::AddSignature(envelope, jp_officer_);
    return ToBytes(seal::DumpEnvelope(envelope));
  }

  // Calls of any method with any bytes, without the code that protobuf makes.
  std::unique_ptr<grpc::GenericStub> RawStub(const identity::TlsFiles& tls) {
    const std::vector<identity::PartyRoot> roots = {us_.Root()};
    return std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->port()),
        MakeChannelCredentials(tls.chain_pem, tls.key_pem,
                               std::make_shared<ServerExpectation>(
                                   roots, us_.Named(PeerKind::kCoordinator, "hub"), clock_))));
  }

  std::unique_ptr<run::Peer> Peer(const identity::TlsFiles& tls) {
    PeerOptions options;
    options.address = "127.0.0.1:" + std::to_string(server_->port());
    options.roots = {us_.Root()};
    options.coordinator = us_.Named(PeerKind::kCoordinator, "hub");
    options.chain_pem = tls.chain_pem;
    options.key_pem = tls.key_pem;
    return MakeGrpcPeer(options, clock_, *random_);
  }

  ShiftedClock clock_;
  const std::unique_ptr<Random> random_ = MakeSystemRandom();
  LyingDisk disk_;
  TestParty us_{"fab-us", *random_, clock_};
  TestParty jp_{"fab-jp", *random_, clock_};
  const crypto::SigningKey key_ = crypto::SigningKey::Generate(*random_);
  const crypto::SigningKey us_officer_ = crypto::SigningKey::Generate(*random_);
  const crypto::SigningKey jp_officer_ = crypto::SigningKey::Generate(*random_);
  Bytes charter_envelope_;
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Server> server_;
};

TEST_F(CoordinatorDeskTest, APersonOfAPartyReadsTheLedgerOfItsCharter) {
  const auto peer = Peer(jp_.Issue(PeerKind::kPerson, "alice"));
  const auto welcome = peer->Hello();
  ASSERT_THAT(welcome, IsOk());
  EXPECT_EQ(welcome->charter_envelope, charter_envelope_);
  EXPECT_EQ(welcome->checkpoint, Must(coordinator_->checkpoint()));

  const auto page = peer->Read(0, 10, Milliseconds(0));
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->entries.size(), 1u);  // the charter
  EXPECT_EQ(page->checkpoint, Must(coordinator_->checkpoint()));
  EXPECT_THAT(peer->ProveInclusion(0, 1), IsOk());
  EXPECT_THAT(peer->ProveInclusion(7, 8), StatusIs(Code::kOutOfRange));
  EXPECT_THAT(peer->Submit(AsBytes("not an entry")), StatusIs(Code::kInvalidArgument));
}

// A message that the method may take, each field set to something that looks like it.
std::string SampleOf(const google::protobuf::MethodDescriptor& method, Random& random) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  std::unique_ptr<google::protobuf::Message> message(
      factory->GetPrototype(pool->FindMessageTypeByName(method.input_type()->full_name()))->New());
  const BlobId blob{.root = {}, .size_bytes = random.Below(10)};
  const std::string texts[] = {blob.Text(), "first-run", "{}", std::string(32, 'h'), "training"};
  const auto fill = [&](auto& self, google::protobuf::Message& m) -> void {
    for (int i = 0; i < m.GetDescriptor()->field_count(); ++i) {
      const auto* field = m.GetDescriptor()->field(i);
      using Field = google::protobuf::FieldDescriptor;
      const auto* access = m.GetReflection();
      if (field->cpp_type() == Field::CPPTYPE_UINT32) {
        access->SetUInt32(&m, field, static_cast<uint32_t>(random.Below(3)));
      } else if (field->cpp_type() == Field::CPPTYPE_UINT64) {
        access->SetUInt64(&m, field, random.Below(3));
      } else if (field->cpp_type() == Field::CPPTYPE_DOUBLE) {
        access->SetDouble(&m, field, 0.5);
      } else if (field->cpp_type() == Field::CPPTYPE_BOOL) {
        access->SetBool(&m, field, true);
      } else if (field->cpp_type() == Field::CPPTYPE_STRING) {
        access->SetString(&m, field, texts[random.Below(std::size(texts))]);
      } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE && random.Below(2) == 0) {
        self(self, *access->MutableMessage(&m, field));
      }
    }
  };
  fill(fill, *message);
  return message->SerializeAsString();
}

// Cut off, changed in a few bytes, doubled, or nothing of what it was.
std::string Spoil(std::string bytes, Random& random) {
  switch (random.Below(4)) {
    case 0:
      return bytes.substr(0, random.Below(bytes.size() + 1));
    case 1:
      return bytes + bytes;
    case 2:
      return ToText(random.Take(random.Below(300)));
    default:
      for (uint64_t i = 0; i < 3 && !bytes.empty(); ++i) {
        bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
      }
      return bytes;
  }
}

void SendRaw(grpc::GenericStub& stub, const std::string& method,
             const std::vector<std::string>& messages) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.AddMetadata(std::string(kProtocolHeader), "1");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  bool goes_on = next();
  for (const std::string& message : messages) {
    if (!goes_on) break;
    const grpc::Slice slice(message);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    goes_on = next();
  }
  if (goes_on) {
    call->WritesDone(nullptr);
    next();
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  queue.Shutdown();
}

TEST_F(CoordinatorDeskTest, LivesOnWhateverBytesAnEnrolledPeerSends) {
  const auto tls = jp_.Issue(PeerKind::kSite, "kyoto");
  const auto stub = RawStub(tls);
  const auto random = MakeSeededRandom(11);
  testing::internal::CaptureStderr();
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "renkei.v1.Coordinator");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    const auto& method = *service->method(i);
    const std::string path = fmt::format("/{}/{}", service->full_name(), method.name());
    for (int round = 0; round < 25; ++round) {
      std::vector<std::string> messages;
      const uint64_t count = method.client_streaming() ? 1 + random->Below(4) : 1;
      while (messages.size() < count) {
        const std::string sample = SampleOf(method, *random);
        messages.push_back(random->Below(4) == 0 ? sample : Spoil(sample, *random));
      }
      SendRaw(*stub, path, messages);
    }
  }
  SendRaw(*stub, "/renkei.v1.Coordinator/NoSuchVerb", {"x"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "the log is not a peer's to fill";
  // The same connections, and a ledger that still answers and has taken nothing.
  const auto page = Peer(tls)->Read(0, 10, Milliseconds(0));
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->entries.size(), 1u);
}

TEST_F(CoordinatorDeskTest, BytesThatNoEntryNamesDoNotMove) {
  const auto peer = Peer(us_.Issue(PeerKind::kPerson, "alice"));
  const auto blobs = store::MakeMemoryBlobs();
  const auto draft = Must(blobs->Create());
  ASSERT_THAT(draft->Append(AsBytes("weights")), IsOk());
  const BlobId id = Must(draft->Finish());
  EXPECT_THAT(peer->Upload(*blobs, id, {}), StatusIs(Code::kPermissionDenied));
  const BlobId absent{.root = {}, .size_bytes = 5};
  EXPECT_FALSE(peer->Download(absent, *blobs, {}).ok());
}

TEST_F(CoordinatorDeskTest, WithoutACertificateTheCharterIsSeenAndTheLedgerIsNot) {
  const auto peer = Peer({});
  const auto welcome = peer->Hello();
  ASSERT_THAT(welcome, IsOk());
  EXPECT_EQ(welcome->charter_envelope, charter_envelope_);
  EXPECT_EQ(welcome->checkpoint, "");
  EXPECT_THAT(peer->Read(0, 1, Milliseconds(0)), StatusIs(Code::kUnauthenticated));
}

}  // namespace
}  // namespace renkei::wire
