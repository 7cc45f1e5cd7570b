#pragma once
// Proof: that an event's record is among those that a digest signs. It verifies by itself: nothing of the log is
// needed, and nobody who made it has to be trusted but the owner of the key.

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "store/digests/digest_record.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct Proof {
  std::uint64_t seq = 0;
  Hash record_hash{};
  /// The record as it is stored, which says what happened; empty when it is not to be shown.
  std::string record;
  std::vector<Hash> path;  ///< Merkle path, in the order of InclusionPath
  DigestRecord under;
};

/// Reads every record that the digest is over. Errors: kNotFound (no such event, or under no digest yet).
Result<Proof> prove(const EventLog& log, std::uint64_t seq);

/// With the event in it where its record is: its number, time and kind are for people; what counts are the bytes.
boost::json::object to_json(const Proof& proof);
/// kInvalidArgument naming the field.
Result<Proof> proof_from_json(boost::json::object object);

/// kDataLoss saying what does not fit: the record and its hash, the way to the root, the signature, or the key.
Result<void> check_proof(const Proof& proof, std::string_view public_key);

}  // namespace esaas::store
