#pragma once
// IndexTail: the index entries of the newest events, found in memory until there are enough of them to be worth
// storing. So a value costs one stored entry for thousands of events and not one for each append. Nothing is lost with
// it: the events are stored, and what of them is not indexed yet (format.md, `index_through`) is collected anew on
// opening.
//
// Entries are worked out off the append path: by a thread of its own when many events wait, or by who asks.
//
// Thread-safety: `find` from any thread; everything else is the appender's.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"
#include "store/log/posting_table.h"

namespace esaas::store {

class IndexTail {
 public:
  /// It is full with so many events.
  explicit IndexTail(std::size_t events_max);

  /// It is time to store what it holds. A batch that is added yet still finds room: memory is bounded by this and one
  /// batch.
  [[nodiscard]] bool is_full() const;
  /// The newest event that was added.
  [[nodiscard]] std::uint64_t last_seq() const { return last_seq_; }
  /// Where a log begins whose entries are stored up to `seq`.
  void start_after(std::uint64_t seq) { stored_through_ = last_seq_ = seq; }

  /// From now on, the entries of these durable events are found. Precondition: there is one.
  void add(std::vector<event::Event> events);
  /// Calls `sink(key, distances)` for each posting, in the order of the keys.
  void for_each_posting(const std::function<void(std::string_view key, std::string_view distances)>& sink);
  /// What `for_each_posting` gave is in the store.
  void forget();

  struct Found {
    std::vector<std::uint64_t> seqs;
    bool is_after_stored = false;  ///< no event of those whose entries are in the store is asked for
  };
  /// What the query asks for among the entries that are held, up to `last`.
  [[nodiscard]] Result<Found> find(const IndexQuery& query, std::uint64_t last) const;

 private:
  using Events = std::vector<event::Event>;

  /// Works out the entries of what waits.
  void catch_up() const;
  void run(const std::stop_token& stop) const;

  // The appender's own:
  const std::size_t events_max_;
  std::uint64_t last_seq_ = 0;
  std::size_t events_ = 0;

  // Taken before queue_mutex_.
  mutable std::shared_mutex table_mutex_;
  mutable PostingTable table_;
  std::uint64_t stored_through_ = 0;

  mutable std::mutex queue_mutex_;
  mutable std::condition_variable_any wake_;
  mutable std::vector<Events> queue_;
  mutable std::size_t queued_ = 0;  // events

  std::jthread thread_;  // the last: it ends first
};

}  // namespace esaas::store
