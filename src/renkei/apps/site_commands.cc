// SPDX-License-Identifier: Apache-2.0
// renkei site invite | join | approve: how a site comes into a federation.
#include <atomic>
#include <stop_token>
#include <thread>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/apps/enrolment.h"
#include "renkei/apps/person_session.h"
#include "renkei/apps/signals.h"
#include "renkei/crypto/hash.h"
#include "renkei/identity/invitation.h"
#include "renkei/site/join.h"
#include "renkei/site/site_config.h"
#include "renkei/store/blob_tree.h"
#include "renkei/wire/grpc_peer.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr Milliseconds kLook{250};

StatusOr<identity::Invitation> Invite(const SiteInviteOptions& options) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  const auto random = MakeSystemRandom();
  RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                      LoadCharter(*disk, options.charter_file, clock->Now()));
  RK_ASSIGN_OR_RETURN(const auto authority,
                      identity::PartyAuthority::Open(*disk, options.party_dir));
  const charter::Party* party = charter.FindParty(authority.party());
  const charter::Party* coordinator = charter.FindParty(charter.coordinator.party);
  if (party == nullptr || party->ca_pem != authority.root_pem()) {
    return Error(Code::kUnauthenticated, "{} is not the directory of a party of {}",
                 options.party_dir, options.charter_file);
  }
  if (options.weight_max > charter.runs.weight_max) {
    return Error(Code::kInvalidArgument, "--weight-max {}: the charter allows at most {}",
                 options.weight_max, charter.runs.weight_max);
  }
  identity::Invitation invitation;
  RK_ASSIGN_OR_RETURN(invitation.site, SiteId::Parse(options.site));
  invitation.party = party->id;
  invitation.country = options.country.empty() ? party->country : options.country;
  invitation.coordinator = charter.coordinator.address;
  invitation.coordinator_party = coordinator->id;
  invitation.coordinator_root_pem = coordinator->ca_pem;
  invitation.charter_sha256 = charter.sha256;
  invitation.secret = crypto::SecretBytes::Random(*random, identity::kInvitationSecretBytes);
  invitation.expires = clock->Now() + std::chrono::days(options.days);
  invitation.weight_max = options.weight_max == 0 ? charter.runs.weight_max : options.weight_max;
  RK_RETURN_IF_ERROR(identity::KeepInvitation(*disk, options.party_dir, invitation));
  return invitation;
}

// A line "<path> <blob id>" for each file below `dir`, in the order of the paths.
Status ListContent(Disk& disk, const std::string& dir, const std::string& below,
                   std::string& lines) {
  RK_ASSIGN_OR_RETURN(const auto names, disk.List(JoinPath(dir, below)));
  for (const std::string& name : names) {
    const std::string path = below.empty() ? name : JoinPath(below, name);
    const std::string full = JoinPath(dir, path);
    if (disk.List(full).ok()) {
      RK_RETURN_IF_ERROR(ListContent(disk, dir, path, lines));
      continue;
    }
    RK_ASSIGN_OR_RETURN(const auto file, disk.Open(full, OpenMode::kRead));
    RK_ASSIGN_OR_RETURN(const BlobId id, store::HashFile(*file));
    lines += fmt::format("{} {}\n", path, id.Text());
  }
  return Ok();
}

StatusOr<site::JoinOptions> JoinOptionsOf(const SiteJoinOptions& options, Disk& disk) {
  site::JoinOptions join;
  join.dir = options.dir;
  join.issuer_dir = options.issuer_dir;
  join.dataset_examples = options.examples;
  join.patience = std::chrono::seconds(options.wait_s);
  for (const std::string& text : options.trainers) {
    RK_ASSIGN_OR_RETURN(auto trainer, site::ParseTrainerOption(text));
    join.trainers.insert(std::move(trainer));
  }
  if (!options.data_dir.empty()) {
    std::string lines;
    RK_RETURN_IF_ERROR(ListContent(disk, options.data_dir, "", lines));
    join.dataset_digest = crypto::Sha256(AsBytes(lines)).hex();
  }
  return join;
}

Status JoinSite(const SiteJoinOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  const auto random = MakeSystemRandom();
  RK_ASSIGN_OR_RETURN(const identity::Invitation invitation, identity::ParseToken(options.token));
  RK_ASSIGN_OR_RETURN(const site::JoinOptions join, JoinOptionsOf(options, *disk));
  std::stop_source stop;
  wire::PeerOptions peer_options;
  peer_options.address = invitation.coordinator;
  peer_options.roots = {
      {.party = invitation.coordinator_party, .ca_pem = invitation.coordinator_root_pem}};
  peer_options.coordinator.party = invitation.coordinator_party;
  peer_options.coordinator.kind = identity::PeerKind::kCoordinator;
  peer_options.stop = stop.get_token();
  const auto peer = wire::MakeGrpcPeer(std::move(peer_options), *clock, *random);
  Console::Note(
      fmt::format("{} asks {} to join; waiting for the party's approval: renkei site "
                  "approve --site {}",
                  invitation.site, invitation.party, invitation.site));
  Status joined;
  {
    std::atomic<bool> over = false;
    std::jthread work([&] {
      joined = site::Join(join, invitation, {*disk, *clock, *random}, *peer, stop.get_token());
      over = true;
    });
    while (!over && !StopSignalWithin(kLook)) {
    }
    stop.request_stop();
  }
  RK_RETURN_IF_ERROR(joined);
  Value row = Value::Object();
  row.Set("site", invitation.site.text());
  row.Set("party", invitation.party.text());
  row.Set("dir", options.dir);
  console.Object(row);
  Console::Note("Next: renkei site start --dir " + options.dir);
  return Ok();
}

Status Approve(const SiteApproveOptions& options, const Console& console) {
  RK_ASSIGN_OR_RETURN(const auto session, PersonSession::Open(options.actor));
  RK_RETURN_IF_ERROR(session->Sync());
  const Milliseconds end = session->clock().Monotonic() + std::chrono::seconds(options.wait_s);
  std::vector<Value> rows;
  for (;;) {
    RK_ASSIGN_OR_RETURN(const auto enrolled,
                        ApprovePending(*session, options.actor.party_dir, options.site));
    for (const Enrolled& site : enrolled) {
      Value& row = rows.emplace_back(Value::Object());
      row.Set("site", site.site.text());
      row.Set("entry", site.entry);
      row.Set("examples", site.examples);
      row.Set("key", site.key.Text());
    }
    if (!rows.empty() || session->clock().Monotonic() >= end) break;
    std::this_thread::sleep_for(kLook);
  }
  if (rows.empty()) {
    return Error(Code::kNotFound, "no site of {} asks to join or to renew its certificate{}",
                 session->party().id, options.site.empty() ? "" : " as " + options.site);
  }
  console.Rows(rows);
  return Ok();
}

}  // namespace

Exit SiteInvite(const SiteInviteOptions& options, const Console& console) {
  const auto invitation = Invite(options);
  if (!invitation.ok()) return Console::Fail(invitation.status());
  const std::string token = identity::TokenText(*invitation);
  if (console.for_people()) {
    console.Text(token + "\n");
  } else {
    Value row = Value::Object();
    row.Set("site", invitation->site.text());
    row.Set("expires", FormatInstant(invitation->expires));
    row.Set("token", token);
    console.Object(row);
  }
  Console::Note(
      fmt::format("On the site's machine, before {}: renkei site join TOKEN --dir DIR ... The "
                  "token works once.",
                  FormatInstant(invitation->expires)));
  return Exit::kOk;
}

Exit SiteJoin(const SiteJoinOptions& options, const Console& console) {
  CatchStopSignals();
  const Status joined = JoinSite(options, console);
  return joined.ok() ? Exit::kOk : Console::Fail(joined);
}

Exit SiteApprove(const SiteApproveOptions& options, const Console& console) {
  const Status approved = Approve(options, console);
  if (approved.ok()) return Exit::kOk;
  const Exit failed = Console::Fail(approved);
  return Message(approved).find("join-held") == std::string::npos ? failed : Exit::kWaiting;
}

}  // namespace renkei::apps
