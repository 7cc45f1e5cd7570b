#pragma once
// EventLog: the truth. Events 1, 2, 3, ... without a gap, each bound to the one before it by a hash, with what is found
// by idempotency key in the same atomic write, and found by index as soon as they are visible. How it is stored:
// store/log/format.md.
//
// Thread-safety: one appender at a time; everything else from any thread at the same time as the append.
// Lifetime: cursors may outlive later appends, and must not outlive the log.
//
// Order of obligations: sequence (the caller numbers the events and may apply them in memory at once), append (blocks
// until durable), then visible: no reader of this log, and nobody told by `tail()`, sees an event that is not on disk.

#include <bitset>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "store/log/tail.h"

namespace esaas::store {

/// How long an idempotency key is remembered, by the time of the newest event (not by a clock).
inline constexpr Duration kIdempotencyLifetime = std::chrono::hours{7 * 24};

/// The answer that was given to a request with an idempotency key.
struct IdempotencyEntry {
  std::string key = {};           ///< as scoped by the caller (tenant and key)
  std::string body_hash = {};     ///< of the request: the same key with another hash is the caller's conflict to report
  std::string operation_id = {};  ///< empty for a command that is no operation
  std::uint64_t seq = 0;          ///< of the first event it led to
  std::uint64_t revision = 0;
  std::int64_t at_us = 0;  ///< time of that event

  friend bool operator==(const IdempotencyEntry&, const IdempotencyEntry&) = default;
};

/// What becomes durable together or not at all.
struct Batch {
  /// Stamped by the sequencer, all but `prev_hash`, which `append` sets. The first seq must be last_seq() + 1 and the
  /// others follow without a gap: that is the optimistic check that nobody else wrote. Time never decreases. Text is
  /// UTF-8 (core/events/storable.h): what is not could not be read again.
  std::vector<event::Event> events = {};
  /// A key that is stored already is replaced (the caller has asked `find_idempotency` first).
  std::vector<IdempotencyEntry> idempotency = {};
};

/// What events can be found by. The number is stored: never reuse one. 5, 7 and 16 were in use, and logs may hold
/// entries of them, which nobody reads.
enum class IndexKind : std::uint8_t {
  kOperation = 1,     ///< value: operation id; every event that carries it, but for a request fulfilled at once
  kCluster = 2,       ///< value: cluster; every event that carries it
  kClusterAudit = 3,  ///< value: cluster; user actions on it
  kTenant = 4,        ///< value: tenant; every event that carries it
  kAudit = 6,         ///< value: empty; every user action
  kOperationEnd = 8,  ///< value: operation id; its OperationFinished
  // Whether these are there for every event: events_to_index().
  kTenantAudit = 9,     ///< value: tenant; user actions of it
  kUserAudit = 10,      ///< value: actor name; its user actions
  kActionAudit = 11,    ///< value: action (user_actions.h)
  kOutcomeAtOnce = 12,  ///< value: outcome; user actions that have it from the first
  kOutcomeLater = 13,   ///< value: outcome; the requests of operations that ended so, by the seq of the request
  kActionWord = 14,     ///< value: word; user actions that have it (audit_words.h)
  kOutcomeWord = 15,    ///< value: word; the requests of operations whose end has it, by the seq of the request
  kBook = 17,           ///< value: kind (index_entries.h); digests, price lists, invoices, backups
};

/// Seqs of one index value within [from_seq, to_seq], ascending unless `newest_first`; the first `limit` of them.
struct IndexQuery {
  IndexKind kind = IndexKind::kAudit;
  std::string value = {};
  std::uint64_t from_seq = 1;
  std::uint64_t to_seq = std::numeric_limits<std::uint64_t>::max();
  bool newest_first = false;
  std::size_t limit = 500;
};

/// Of the numbers that payloads have in event.proto.
using PayloadSet = std::bitset<1'024>;

struct ReadOptions {
  /// Read no further than this seq.
  std::uint64_t to_seq = std::numeric_limits<std::uint64_t>::max();
  /// Recompute every hash of the chain while reading; without it only seqs, formats and RocksDB's checksums are
  /// checked.
  bool verify_chain = false;
  /// Only events with one of these payloads are given out; the others are passed over undecoded, which costs a quarter.
  /// Empty: all. Not together with verify_chain.
  PayloadSet payloads = {};
};

/// Walks a consistent snapshot of the log in order of seq. One thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  /// The next event, or null at the end of the snapshot. It lives until the next call.
  /// Errors: kDataLoss (bytes, seq or chain broken: the detail names the seq), kUnsupportedVersion. An error repeats:
  /// nothing after a broken event is ever given out.
  virtual Result<const event::Event*> next() = 0;
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  /// Blocks until the batch is on disk (fsync). On failure nothing of it is visible, and the log is poisoned: every
  /// further append answers the first error, and the process has to be restarted (after which the failed batch is there
  /// as a whole or not at all). A batch that is refused for what it holds (kInvalidArgument: empty, time goes back, no
  /// payload; kConflict: seqs do not follow) was never begun and poisons nothing.
  virtual Result<void> append(Batch batch) = 0;

  /// The newest durable event; 0 before any. Wait-free.
  [[nodiscard]] virtual std::uint64_t last_seq() const = 0;
  /// Its `time_at_us`; 0 before any. Wait-free.
  [[nodiscard]] virtual std::int64_t last_time_at_us() const = 0;

  /// The durable answer to this key, unless it has expired. A key whose append is still under way is the caller's to
  /// know.
  [[nodiscard]] virtual Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const = 0;

  /// A cursor over [from_seq, min(to_seq, last_seq())] as of now; from_seq 0 means 1; empty when there is nothing.
  [[nodiscard]] virtual Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq,
                                                             ReadOptions options = {}) const = 0;
  /// One event. kNotFound when the log does not reach that far.
  [[nodiscard]] virtual Result<event::Event> read_one(std::uint64_t seq) const = 0;
  /// The hash of the stored bytes of an event: what the next one carries as prev_hash. 32 zero bytes for seq 0.
  [[nodiscard]] virtual Result<Hash> hash_of(std::uint64_t seq) const = 0;
  [[nodiscard]] virtual Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const = 0;
  /// How many events the kinds from kTenantAudit on still lack, because a program without them wrote them; 0: they are
  /// complete. It falls to 0 by itself. Wait-free.
  [[nodiscard]] virtual std::uint64_t events_to_index() const = 0;

  /// Who wants to hear of new durable events subscribes here, and then reads with a cursor.
  [[nodiscard]] virtual Tail& tail() = 0;
};

}  // namespace esaas::store
