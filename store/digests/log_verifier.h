#pragma once
// Verifying a log: that every record is where it belongs and follows from the one before it, that the digests in it
// hold, and that it is the log that digests kept elsewhere were signed over. What does not fit is located as far as can
// be told. It reads each record once, with several threads, and keeps no more than some stretches of them.
//
// ## What can be told
// A record that was changed, taken out, put in or moved, and nothing else done, is found by the chain: which one it is.
// Whoever computed the chain anew behind a change is found out by the digests: all that are behind the change do not
// fit any more, and no new ones can be signed without the key. It then lies behind the last one that fits, and up to
// the first that does not; nothing in the log tells more. Digests in the log itself narrow that down to what one of
// them is over; but only one that was kept elsewhere, or the key's public half, cannot have been put in by the same
// hand. What is behind the last digest is held by its chain alone.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "store/digests/checkpoint.h"
#include "store/digests/digest_record.h"
#include "store/digests/findings.h"

namespace esaas::store {

struct VerifyOptions {
  std::vector<DigestRecord> digests = {};     ///< kept elsewhere
  std::string public_key = {};                ///< kept elsewhere; empty: those of `digests` are trusted
  std::optional<Checkpoint> checkpoint = {};  ///< nothing: all of the log is read
  std::size_t threads = 0;                    ///< 0: one for each core
  std::uint64_t range_events = 65'536;        ///< so many are one thread's at a time
};

struct Verification {
  std::uint64_t first_seq = 1;  ///< where reading began: behind the last digest before the checkpoint
  std::uint64_t last_seq = 0;
  std::uint64_t bytes = 0;           ///< of the records that were read
  std::uint64_t digests = 0;         ///< in what was read, and held against it
  std::uint64_t signed_through = 0;  ///< the last event under a digest that fits
  std::uint64_t proven_through = 0;  ///< the same of those by a key that was kept elsewhere; 0: none
  std::vector<Finding> findings;     ///< by seq; the first is where to look
  std::vector<std::string> notes;    ///< what could not be told
  std::optional<Checkpoint> next;    ///< when there are no findings
};

/// `directory` is the log's. Errors: what keeps it from being read (open_stored_records); kInvalidArgument for a digest
/// that is not what its key signed. What is wrong with the log is no error, but a finding.
Result<Verification> verify_log(const std::filesystem::path& directory, const VerifyOptions& options);

}  // namespace esaas::store
