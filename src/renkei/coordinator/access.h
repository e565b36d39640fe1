// SPDX-License-Identifier: Apache-2.0
// Who may ask for what. Pure questions to the book; a no is PERMISSION_DENIED with its reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"
#include "renkei/identity/renewal.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/decision.h"

namespace renkei::coordinator {

// PERMISSION_DENIED while the party of `holder` has suspended its crossings.
Status CheckNotSuspended(const run::Book& book, const record::Holder& holder);

// UNAUTHENTICATED for kAnonymous.
Status CheckKnown(const identity::PeerId& caller);
// PERMISSION_DENIED, "party-left", when the party has left the charter.
Status CheckNotLeft(const run::Book& book, const PartyId& party);
// Entries that the caller may read: all, or up to the one by which its party left.
uint64_t EndFor(const run::Book& book, const identity::PeerId& caller);
// PERMISSION_DENIED unless the caller is a person of a party of the charter.
Status CheckPerson(const identity::PeerId& caller);

// PERMISSION_DENIED unless the caller is an officer or operator of the party that enrolled a site
// with this token; FAILED_PRECONDITION when nobody did yet.
Status CheckMayGrant(const run::Book& book, const identity::PeerId& caller,
                     const std::string& token_id);

// OK when the party of a site may be asked to renew its leaf by this request.
//   UNAUTHENTICATED      the site is not enrolled by that party, or did not sign the request
//   FAILED_PRECONDITION  made under another charter, or by a clock that is far off
//   PERMISSION_DENIED    the site's crossings are suspended, or its party has left
Status CheckRenewal(const run::Book& book, const identity::RenewalRequest& request, Instant now);
// PERMISSION_DENIED unless the caller is a person, or an enrolled site that is not suspended, of a
// party that has not left.
Status CheckMaySeeLetters(const run::Book& book, const identity::PeerId& caller);
// PERMISSION_DENIED unless the caller is of the site's party: an officer, an operator, or a site
// that is not suspended; and while `site` is.
Status CheckMayRenew(const run::Book& book, const identity::PeerId& caller, const SiteId& site);

// Entries are signed by their caller: a site by itself, a person by somebody of its party. What
// the book cannot place passes; the book refuses it with the better reason.
run::Decision CheckAuthorIsCaller(const run::Book& book, const identity::PeerId& caller,
                                  std::string_view key_id);

// What an upload will be.
struct Upload {
  RunId run;
  uint32_t round = 0;
  SiteId site;  // empty: the spec's model
  BlobId base;  // of an update
};
// The ledgered entry of the caller that names the blob.
//   PERMISSION_DENIED    none does, or crossings are suspended
//   FAILED_PRECONDITION  one did, but the round is closed
StatusOr<Upload> FindUpload(const run::Book& book, const identity::PeerId& caller,
                            const BlobId& id);

// A model that goes down, and to whom.
struct Download {
  RunId run;
  record::Holder to;
};
// The run that names the caller (a site, or a person's party) a recipient of the model `id`, with
// the determinations of the owner and of every contributor in it covering that recipient, and
// nobody's crossings suspended.
//   NOT_FOUND  it was deleted; names the entry
StatusOr<Download> FindDownload(const run::Book& book, const identity::PeerId& caller,
                                const BlobId& id, Instant now);

}  // namespace renkei::coordinator
