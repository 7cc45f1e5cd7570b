#include "store/snapshots/past_states.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "store/snapshots/durable_file.h"
#include "store/snapshots/recovery.h"
#include "store/snapshots/snapshot_codec.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".state";

std::unexpected<Error> io_error(const fs::path& path, const std::error_code& error) {
  return fail(ErrorCode::kInternal, "cannot use " + path.string() + ": " + error.message());
}

/// States of another version of the fold are in another folder.
std::string folder_name() { return "version-" + std::to_string(kStateVersion); }

std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

void remove_other_versions(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (name.starts_with("version-") && name != folder_name()) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

Result<std::unique_ptr<PastStates>> PastStates::open(const EventLog& log, PastStatesOptions options) {
  std::unique_ptr<PastStates> states(new PastStates(log, std::move(options)));
  if (!states->options_.directory.empty()) {
    ESAAS_CHECK(states->list());
    states->drop_unusable_newest();
  }
  return states;
}

Result<void> PastStates::list() {
  const fs::path folder = options_.directory / folder_name();
  std::error_code error;
  if (options_.read_only) {
    if (!fs::exists(folder, error)) return {};
  } else {
    fs::create_directories(folder, error);
    if (error) return io_error(folder, error);
    remove_other_versions(options_.directory);
  }
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    std::uint64_t seq = 0;
    const char* last = name.data() + name.size() - kSuffix.size();
    const auto parsed = std::from_chars(name.data(), last, seq);
    if (parsed.ec == std::errc{} && parsed.ptr == last && seq != 0) kept_.insert(seq);
  }
  if (error) return io_error(folder, error);
  return {};
}

/// What another log left, or a later life of this one that was not restored, is newer than what is of this log.
void PastStates::drop_unusable_newest() {
  while (!kept_.empty()) {
    const std::uint64_t newest = *kept_.rbegin();
    if (load(newest)) break;
    kept_.erase(newest);
    std::error_code ignored;
    if (!options_.read_only) fs::remove(file_of(newest), ignored);
  }
  if (!kept_.empty()) newest_bytes_ = size_of(file_of(*kept_.rbegin()));
}

fs::path PastStates::file_of(std::uint64_t seq) const {
  return options_.directory / folder_name() / (std::to_string(seq) + std::string(kSuffix));
}

Result<state::FleetState> PastStates::load(std::uint64_t seq) const {
  if (seq > log_.last_seq()) return fail(ErrorCode::kDataLoss, "the log does not reach it");
  ESAAS_TRY(const std::string bytes, read_whole(file_of(seq)));
  ESAAS_TRY(const Snapshot snapshot, decode_snapshot(bytes));
  ESAAS_TRY(const Hash hash, log_.hash_of(seq));
  if (snapshot.seq != seq || snapshot.hash != hash) return fail(ErrorCode::kDataLoss, "it is of another log");
  ESAAS_TRY(auto state, state::decode_fleet(snapshot.fleet));
  if (state.seq() != seq) return fail(ErrorCode::kDataLoss, "its state is of another event");
  return state;
}

state::FleetState PastStates::kept_at_or_before(std::uint64_t seq) {
  for (;;) {
    std::uint64_t candidate = 0;
    {
      const std::scoped_lock lock(mutex_);
      const auto after = kept_.upper_bound(seq);
      if (after == kept_.begin()) return {};
      candidate = *std::prev(after);
    }
    auto state = load(candidate);
    if (state) return std::move(*state);
    // Broken: the one before it does as well, with more to fold.
    const std::scoped_lock lock(mutex_);
    kept_.erase(candidate);
  }
}

PastStates::State PastStates::remembered_at_or_before(std::uint64_t seq) {
  const std::scoped_lock lock(mutex_);
  auto best = remembered_.end();
  for (auto one = remembered_.begin(); one != remembered_.end(); ++one) {
    if (one->seq <= seq && (best == remembered_.end() || one->seq > best->seq)) best = one;
  }
  if (best == remembered_.end()) return nullptr;
  // What a kept state is nearer to is not worth a copy.
  const auto after = kept_.upper_bound(seq);
  if (after != kept_.begin() && *std::prev(after) > best->seq) return nullptr;
  remembered_.splice(remembered_.begin(), remembered_, best);
  return best->state;
}

void PastStates::remember(State state) {
  const std::scoped_lock lock(mutex_);
  remembered_.push_front({state->seq(), std::move(state)});
  while (remembered_.size() > options_.remembered) remembered_.pop_back();
}

Result<void> PastStates::fold_to(std::uint64_t seq, state::FleetState& state) const {
  if (seq - state.seq() > options_.folded_max) {
    return fail(ErrorCode::kUnavailable,
                "the states of the past are being gathered, and event " + std::to_string(seq) + " is " +
                    std::to_string(seq - state.seq()) + " events after the nearest one: try again later",
                "", "past_states_are_kept");
  }
  ESAAS_TRY(const auto cursor, log_.read(state.seq() + 1, {.to_seq = seq}));
  while (state.seq() < seq) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    state::evolve(state, *event);
  }
  return {};
}

Result<PastStates::State> PastStates::at(std::uint64_t seq) {
  if (seq == 0) return fail(ErrorCode::kInvalidArgument, "the first event is 1");
  if (seq > log_.last_seq()) {
    return fail(ErrorCode::kNotFound,
                "there is no event " + std::to_string(seq) + ": the log ends at " + std::to_string(log_.last_seq()));
  }
  State near = remembered_at_or_before(seq);
  if (near != nullptr && near->seq() == seq) return near;
  auto state = std::make_shared<state::FleetState>(near != nullptr ? *near : kept_at_or_before(seq));
  ESAAS_CHECK(fold_to(seq, *state));
  remember(state);
  return state;
}

std::uint64_t PastStates::distance() const { return std::max(options_.distance, newest_bytes_ / kBytesPerEvent); }

Result<bool> PastStates::keep_next() {
  if (options_.directory.empty() || options_.read_only) return false;
  std::uint64_t newest = 0;
  std::uint64_t due = 0;
  {
    const std::scoped_lock lock(mutex_);
    newest = kept_.empty() ? 0 : *kept_.rbegin();
    due = newest + distance();
  }
  if (due > log_.last_seq()) {
    on_the_way_.reset();
    return false;
  }
  if (on_the_way_ == nullptr || on_the_way_->seq() > due) {
    on_the_way_ = std::make_unique<state::FleetState>(kept_at_or_before(due));
  }
  ESAAS_TRY(const auto cursor, log_.read(on_the_way_->seq() + 1, {.to_seq = due}));
  while (on_the_way_->seq() < due) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) return fail(ErrorCode::kInternal, "the log ended before event " + std::to_string(due));
    state::evolve(*on_the_way_, *event);
  }
  ESAAS_TRY(const Snapshot snapshot, take_snapshot(log_, *on_the_way_));
  ESAAS_CHECK(write_durably(file_of(due), encode_snapshot(snapshot)));
  const std::scoped_lock lock(mutex_);
  kept_.insert(due);
  newest_bytes_ = size_of(file_of(due));
  return true;
}

std::uint64_t PastStates::kept_seq() const {
  const std::scoped_lock lock(mutex_);
  return kept_.empty() ? 0 : *kept_.rbegin();
}

}  // namespace esaas::store
