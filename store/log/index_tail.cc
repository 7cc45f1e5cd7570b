#include "store/log/index_tail.h"

#include <algorithm>
#include <utility>

#include "store/log/index_codec.h"

namespace esaas::store {
namespace {

/// Full with so many postings, however few the events: a user's action may have many words.
constexpr std::size_t kPostingsMax = 65'536;
/// Fewer are not worth to wake a thread for.
constexpr std::size_t kWorthAThread = 256;

}  // namespace

IndexTail::IndexTail(std::size_t events_max)
    : events_max_(events_max), thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool IndexTail::is_full() const {
  if (events_ >= events_max_) return true;
  const std::shared_lock lock(table_mutex_);
  return table_.postings().size() >= kPostingsMax;
}

void IndexTail::add(Events events) {
  last_seq_ = events.back().seq();
  events_ += events.size();
  std::size_t queued = 0;
  {
    const std::lock_guard lock(queue_mutex_);
    queued = queued_ += events.size();
    queue_.push_back(std::move(events));
  }
  if (queued >= kWorthAThread) wake_.notify_one();
}

void IndexTail::run(const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(queue_mutex_);
      wake_.wait(lock, stop, [&] { return queued_ >= kWorthAThread; });
    }
    catch_up();
  }
}

void IndexTail::catch_up() const {
  std::vector<Events> batches;  // end only after the lock that readers wait for
  const std::lock_guard table_lock(table_mutex_);
  {
    const std::lock_guard lock(queue_mutex_);
    batches.swap(queue_);
    queued_ = 0;
  }
  for (const Events& events : batches) table_.add(events);
}

void IndexTail::for_each_posting(const std::function<void(std::string_view key, std::string_view distances)>& sink) {
  catch_up();
  const std::shared_lock lock(table_mutex_);
  std::vector<std::pair<std::string, const PostingTable::Posting*>> sorted;
  sorted.reserve(table_.postings().size());
  for (const auto& posting : table_.postings()) {
    sorted.emplace_back(posting_key(posting.kind, posting.value, posting.first_seq), &posting);
  }
  std::ranges::sort(sorted, {}, &decltype(sorted)::value_type::first);
  for (const auto& [key, posting] : sorted) sink(key, posting->distances);
}

void IndexTail::forget() {
  const std::lock_guard lock(table_mutex_);
  table_.clear();
  stored_through_ = last_seq_;
  events_ = 0;
}

Result<IndexTail::Found> IndexTail::find(const IndexQuery& query, std::uint64_t last) const {
  bool is_behind = false;
  {
    const std::lock_guard lock(queue_mutex_);
    is_behind = queued_ > 0;
  }
  if (is_behind) catch_up();
  Found found;
  std::vector<std::uint64_t>& seqs = found.seqs;
  {
    // Who has taken events from the queue holds this until their entries are there.
    const std::shared_lock lock(table_mutex_);
    found.is_after_stored = query.from_seq > stored_through_;
    for (const auto* posting = table_.find(query.kind, query.value); posting != nullptr;
         posting = table_.after(*posting)) {
      if (posting->first_seq > last || posting->last_seq < query.from_seq) continue;
      ESAAS_CHECK(expand_posting(posting->first_seq, posting->distances, seqs));
    }
  }
  std::erase_if(seqs, [&](std::uint64_t seq) { return seq < query.from_seq || seq > last; });
  std::ranges::sort(seqs);
  const auto repeated = std::ranges::unique(seqs);
  seqs.erase(repeated.begin(), repeated.end());
  if (query.newest_first) std::ranges::reverse(seqs);
  if (seqs.size() > query.limit) seqs.resize(query.limit);
  return found;
}

}  // namespace esaas::store
