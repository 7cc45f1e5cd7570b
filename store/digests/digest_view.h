#pragma once
// DigestView: the digests of a log in use, by its indexes. Thread-safe as the log is; must not outlive it. All of it
// answers kUnavailable while events of an older program are not indexed.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "store/digests/digest_record.h"
#include "store/log/event_log.h"

namespace esaas::store {

class DigestView {
 public:
  explicit DigestView(const EventLog& log) : log_(log) {}

  /// Those whose events are after `after_seq`, oldest first; at most `limit`.
  [[nodiscard]] Result<std::vector<DigestRecord>> list(std::uint64_t after_seq, std::size_t limit) const;
  /// kNotFound: the event is none, or the log has no such event.
  [[nodiscard]] Result<DigestRecord> at(std::uint64_t seq) const;
  /// The one that the event is under. kNotFound (rule in_a_digest): none yet.
  [[nodiscard]] Result<DigestRecord> over(std::uint64_t seq) const;

 private:
  using Keys = std::map<std::string, std::string>;  // public halves by id
  [[nodiscard]] Result<Keys> keys() const;
  [[nodiscard]] Result<std::vector<DigestRecord>> read(const std::vector<std::uint64_t>& seqs) const;

  const EventLog& log_;
};

}  // namespace esaas::store
