// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/person_session.h"

#include <unistd.h>
#include <utility>
#include <vector>

#include "renkei/apps/connection.h"
#include "renkei/apps/pack_files.h"
#include "renkei/apps/party_files.h"
#include "renkei/identity/peer_id.h"

namespace renkei::apps {
StatusOr<std::unique_ptr<PersonSession>> PersonSession::Open(const ActorOptions& actor) {
  std::unique_ptr<PersonSession> session(new PersonSession());
  RK_RETURN_IF_ERROR(session->OpenFiles(actor));
  RK_RETURN_IF_ERROR(session->Connect(actor));
  return session;
}

PersonSession::~PersonSession() {
  mirror_.reset();
  if (mirror_is_temporary_) (void)RemoveTree(*disk_, mirror_dir_);
}

StatusOr<gate::RuleShelf> PersonSession::Rules() {
  return LoadRules(*disk_, charter_.export_rules, pack_places_, party_dir_ + "/rulepacks");
}

Status PersonSession::OpenFiles(const ActorOptions& actor) {
  pack_places_ = actor.packs;
  party_dir_ = actor.party_dir;
  RK_ASSIGN_OR_RETURN(charter_, LoadCharter(*disk_, actor.charter_file, clock_->Now()));
  RK_ASSIGN_OR_RETURN(auto key, LoadPersonKey(*disk_, actor.party_dir, actor.person));
  key_ = std::make_unique<crypto::SigningKey>(std::move(key));
  if (charter_.FindPersonByKeyId(key_->public_key().KeyId(), &party_) == nullptr) {
    return Error(Code::kUnauthenticated,
                 "the key of {} in {} is not that of a person in the charter {}; ask the parties "
                 "to amend it, or use the right --party",
                 actor.person, actor.party_dir, actor.charter_file);
  }
  RK_ASSIGN_OR_RETURN(auto authority, identity::PartyAuthority::Open(*disk_, actor.party_dir));
  authority_ = std::make_unique<identity::PartyAuthority>(std::move(authority));
  return OpenMirror(actor.party_dir);
}

// The kept mirror notices when the coordinator forgets what it once signed. While another command
// of the same party holds it, a fresh one in a directory of its own does.
Status PersonSession::OpenMirror(const std::string& party_dir) {
  mirror_dir_ = fmt::format("{}/mirror/{}", party_dir, charter_.name);
  auto mirror = ledger::Mirror::Open(*disk_, mirror_dir_, charter_.LedgerKey());
  if (mirror.status().code() == Code::kUnavailable) {
    mirror_dir_ += fmt::format(".{}", getpid());
    mirror_is_temporary_ = true;
    mirror = ledger::Mirror::Open(*disk_, mirror_dir_, charter_.LedgerKey());
  }
  RK_RETURN_IF_ERROR(mirror.status());
  mirror_ = std::move(mirror).value();
  book_ = std::make_unique<run::Book>();
  return Fold(*mirror_, *book_);
}

Status PersonSession::Connect(const ActorOptions& actor) {
  const identity::PeerId self = {
      .party = party_->id, .kind = identity::PeerKind::kPerson, .name = actor.person};
  RK_ASSIGN_OR_RETURN(const identity::TlsFiles tls, authority_->IssueTls(self, clock_->Now()));
  peer_ = ConnectTo(charter_, tls, *clock_, *random_);
  return Ok();
}

Status PersonSession::Sync() {
  for (;;) {
    RK_ASSIGN_OR_RETURN(const run::Page page,
                        peer_->Read(mirror_->size(), run::kPageEntriesMax, Milliseconds(0)));
    if (page.entries.empty()) return Ok();
    RK_RETURN_IF_ERROR(mirror_->Extend(page.entries, page.checkpoint));
    RK_RETURN_IF_ERROR(Fold(*mirror_, *book_));
  }
}

StatusOr<uint64_t> PersonSession::Submit(const record::Record& record) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(record, *key_));
  RK_ASSIGN_OR_RETURN(const run::Submitted submitted, peer_->Submit(envelope));
  RK_RETURN_IF_ERROR(Sync());
  RK_ASSIGN_OR_RETURN(const Bytes held, mirror_->Entry(submitted.index));
  if (held == envelope) return submitted.index;
  return Error(Code::kDataLoss,
               "the coordinator says that entry {} is what was submitted, its ledger holds "
               "something else there",
               submitted.index);
}

}  // namespace renkei::apps
