// SPDX-License-Identifier: Apache-2.0
#include "renkei/seal/signed_note.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/syntax/json.h"

namespace renkei::seal {
namespace {

using testing::HasSubstr;

crypto::SigningKey KeyOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return crypto::SigningKey::Generate(*random);
}

std::string SignedCheckpoint(const Checkpoint& checkpoint, const std::string& name,
                             const crypto::SigningKey& key) {
  SignedNote note = {.text = CheckpointText(checkpoint), .signatures = {}};
  SignNote(note, name, key);
  return DumpNote(note);
}

TEST(SignedNote, VerifiesTheCheckpointsOfAnotherLogAndTheirRoots) {
  const auto disk = MakeRealDisk();
  const auto text =
      ReadWhole(*disk, RENKEI_SOURCE_DIR "/../shared/data/crypto/tile-log-sample.json", 1 << 20);
  if (!text.ok()) GTEST_SKIP() << "reason: shared data is absent";
  const auto sample = syntax::ParseJson(AsText(*text));
  ASSERT_THAT(sample, IsOk());
  const auto key = NoteKey::Parse(sample->Find("verifier_key")->text());
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(key->VerifierText(), sample->Find("verifier_key")->text());
  const auto& entries = sample->Find("entries")->items();
  const auto& checkpoints = sample->Find("checkpoints")->items();
  ASSERT_EQ(checkpoints.size(), entries.size() + 1);
  crypto::CompactRange range;
  for (size_t size = 0; size < checkpoints.size(); ++size) {
    const std::string& note = checkpoints[size].Find("text")->text();
    EXPECT_THAT(OpenCheckpoint(note, *key),
                IsOkAndHolds(Checkpoint{.origin = key->name, .size = size, .root = range.Root()}));
    EXPECT_EQ(DumpNote(*ParseNote(note)), note);
    if (size < entries.size()) range.Append(crypto::LeafHash(AsBytes(entries[size].text())));
  }
}

TEST(SignedNote, NoFlippedBitVerifies) {
  const auto signer = KeyOf(1);
  const NoteKey key = NoteKey::Of("example.org/log", signer.public_key());
  const std::string good = SignedCheckpoint(
      {.origin = key.name, .size = 7, .root = crypto::EmptyRoot()}, key.name, signer);
  ASSERT_THAT(OpenCheckpoint(good, key), IsOk());
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(OpenCheckpoint(flipped, key).ok()) << flipped;
  }
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(OpenCheckpoint(good.substr(0, length), key).ok()) << length;
  }
}

TEST(SignedNote, CountsASignatureOnlyUnderItsNameAndKey) {
  const auto signer = KeyOf(1);
  const auto witness = KeyOf(2);
  SignedNote note = {.text = "text\n\nwith a blank line\n", .signatures = {}};
  SignNote(note, "log", signer);
  SignNote(note, "witness", witness);
  const auto read = ParseNote(DumpNote(note));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->text, note.text);
  EXPECT_TRUE(NoteSignedBy(*read, NoteKey::Of("log", signer.public_key())));
  EXPECT_TRUE(NoteSignedBy(*read, NoteKey::Of("witness", witness.public_key())));
  EXPECT_FALSE(NoteSignedBy(*read, NoteKey::Of("witness", signer.public_key())));
  EXPECT_FALSE(NoteSignedBy(*read, NoteKey::Of("log2", signer.public_key())));
}

TEST(SignedNote, RefusesWhatIsNone) {
  SignedNote note = {.text = "text\n", .signatures = {}};
  SignNote(note, "log", KeyOf(1));
  const std::string good = DumpNote(note);
  const std::string line = good.substr(good.find("\n\n") + 2);
  ASSERT_THAT(ParseNote(good), IsOk());
  std::string many = good;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) many += line;
  const struct {
    std::string_view why;
    std::string note;
  } cases[] = {
      {"nothing", ""},
      {"no signature", "text\n\n"},
      {"no blank line", "text\n" + line},
      {"no newline at the end", good.substr(0, good.size() - 1)},
      {"a hyphen for the dash", "text\n\n- log " + line.substr(line.find("log ") + 4)},
      {"no name", "text\n\n\xe2\x80\x94 " + line.substr(line.find("log ") + 4)},
      {"a plus in the name", "text\n\n\xe2\x80\x94 l+g " + line.substr(line.find("log ") + 4)},
      {"a signature of the hash alone", "text\n\n\xe2\x80\x94 log AAAAAA==\n"},
      {"a signature that is not base64", "text\n\n\xe2\x80\x94 log AAAAA\n"},
      {"two spaces", "text\n\n\xe2\x80\x94 log  " + line.substr(line.find("log ") + 4)},
      {"a tab", "te\txt\n\n" + line},
      {"a carriage return", "text\r\n\n" + line},
      {"not UTF-8", "te\xffxt\n\n" + line},
      {"more signatures than anybody needs", many},
      {"very long", std::string(kNoteBytesMax, 'x') + "\n\n" + line},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseNote(c.note), StatusIs(Code::kInvalidArgument)) << c.why;
  }
}

TEST(NoteKey, IsWhatItsTextSays) {
  const NoteKey key = NoteKey::Of("example.org/log", KeyOf(3).public_key());
  const std::string text = key.VerifierText();
  EXPECT_THAT(NoteKey::Parse(text), IsOkAndHolds(key));
  std::string other_hash = text;
  char& digit = other_hash[key.name.size() + 1];
  digit = digit == '0' ? '1' : '0';
  const std::string short_key = fmt::format("log+{:08x}+{}", 1, ToBase64(Bytes(32)));
  for (const std::string& bad :
       {std::string(), std::string("log"), std::string("log+12345678"), std::string("log+1+"),
        "x" + text, text + "=", text.substr(1), other_hash, short_key, "+" + text}) {
    EXPECT_THAT(NoteKey::Parse(bad), StatusIs(Code::kInvalidArgument)) << bad;
  }
}

TEST(Checkpoint, RefusesOtherTexts) {
  const std::string root = ToBase64(crypto::EmptyRoot().span());
  EXPECT_THAT(ParseCheckpointText("log\n0\n" + root + "\n"),
              IsOkAndHolds(Checkpoint{.origin = "log", .size = 0, .root = crypto::EmptyRoot()}));
  EXPECT_THAT(ParseCheckpointText("log\n18446744073709551615\n" + root + "\nextension\n"), IsOk());
  const struct {
    std::string_view why;
    std::string text;
  } cases[] = {
      {"nothing", ""},
      {"no origin", "\n0\n" + root + "\n"},
      {"no size", "log\n\n" + root + "\n"},
      {"a leading zero", "log\n01\n" + root + "\n"},
      {"a sign", "log\n+1\n" + root + "\n"},
      {"not a number", "log\none\n" + root + "\n"},
      {"beyond 64 bits", "log\n18446744073709551616\n" + root + "\n"},
      {"no root", "log\n1\n"},
      {"a short root", "log\n1\n" + ToBase64(Bytes(31)) + "\n"},
      {"no newline at the end", "log\n1\n" + root},
      {"an empty extension", "log\n1\n" + root + "\n\n"},
      {"an empty extension before one", "log\n1\n" + root + "\n\nx\n"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseCheckpointText(c.text), StatusIs(Code::kInvalidArgument)) << c.why;
  }
}

TEST(OpenCheckpoint, RefusesAnotherKeyAndAnotherOrigin) {
  const auto signer = KeyOf(1);
  const Checkpoint checkpoint = {.origin = "a", .size = 1, .root = crypto::EmptyRoot()};
  const NoteKey key = NoteKey::Of("a", signer.public_key());
  EXPECT_THAT(OpenCheckpoint(SignedCheckpoint(checkpoint, "a", signer), key),
              IsOkAndHolds(checkpoint));
  EXPECT_THAT(OpenCheckpoint(SignedCheckpoint(checkpoint, "a", KeyOf(2)), key),
              StatusIs(Code::kDataLoss));
  EXPECT_THAT(OpenCheckpoint(SignedCheckpoint(checkpoint, "b", signer),
                             NoteKey::Of("b", signer.public_key())),
              StatusIs(Code::kDataLoss, HasSubstr("another ledger")));
}

TEST(OpenCheckpoint, ReadsTheExampleOfTheDocument) {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/signed-note.md", 1 << 20);
  ASSERT_THAT(page, IsOk());
  const auto signer =
      crypto::SigningKey::FromSeedText("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
  ASSERT_THAT(signer, IsOk());
  const NoteKey key = NoteKey::Of("renkei/wafers/0123456789abcdef", signer->public_key());
  EXPECT_THAT(ToText(*page), HasSubstr("```\n" + key.VerifierText() + "\n```"));
  const std::vector<Digest> leaves = {crypto::LeafHash(AsBytes("one")),
                                      crypto::LeafHash(AsBytes("two"))};
  EXPECT_THAT(
      ToText(*page),
      HasSubstr("```\n" +
                SignedCheckpoint(
                    {.origin = key.name, .size = leaves.size(), .root = crypto::TreeRoot(leaves)},
                    key.name, *signer) +
                "```"));
}

}  // namespace
}  // namespace renkei::seal
