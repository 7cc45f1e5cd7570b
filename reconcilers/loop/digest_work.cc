#include "reconcilers/loop/digest_work.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/digests/signer.h"

namespace esaas::loop {
namespace {

constexpr std::size_t kDigestAnswersMax = 1'000;

}  // namespace

bool DigestWork::ask(event::Actor actor, Answer answer) {
  if (waiting_.size() >= kDigestAnswersMax) return false;
  waiting_.push_back({std::move(actor), std::move(answer)});
  return true;
}

/// By anything that is no digest: a digest's own event is under the next one, but calls for none.
bool DigestWork::has_grown(const state::FleetState& state, std::uint64_t durable_seq) {
  const state::DigestState& newest = state.head.digest();
  if (durable_seq < newest.seq()) return false;  // it is not on disk yet itself
  return durable_seq > newest.seq() || newest.seq() > newest.through_seq() + 1;
}

Time DigestWork::due(const state::FleetState& state, std::uint64_t durable_seq) const {
  const state::DigestState& newest = state.head.digest();
  // A log that is older than its digests is caught up with one after the other.
  if (durable_seq - newest.through_seq() > store::kDigestEventsMax) return not_before_;
  return std::max(not_before_, from_us(newest.signed_at_us()) + period_);
}

std::optional<event::DigestSigned> DigestWork::next_request(const state::FleetState& state, std::uint64_t durable_seq,
                                                            Time now) {
  if (under_way_ || !has_grown(state, durable_seq)) return std::nullopt;
  const bool is_due = period_ > Duration{0} && now >= due(state, durable_seq);
  if (!is_due && waiting_.empty()) return std::nullopt;
  const state::DigestState& newest = state.head.digest();
  event::DigestSigned asked;
  asked.set_first_seq(newest.through_seq() + 1);
  asked.set_through_seq(std::min(durable_seq, newest.through_seq() + store::kDigestEventsMax));
  asked.set_previous_digest_seq(newest.seq());
  asked.set_signed_at_us(to_us(now));
  under_way_ = true;
  is_partial_ = asked.through_seq() < durable_seq;
  waiting_now_ = std::exchange(waiting_, {});
  return asked;
}

std::optional<Time> DigestWork::next(const state::FleetState& state, std::uint64_t durable_seq) const {
  if (under_way_ || period_ <= Duration{0} || !has_grown(state, durable_seq)) return std::nullopt;
  return due(state, durable_seq);
}

std::vector<DigestWork::Answer> DigestWork::take_needless(const state::FleetState& state, std::uint64_t durable_seq) {
  std::vector<Answer> answers;
  const state::DigestState& newest = state.head.digest();
  if (under_way_ || newest.seq() == 0 || durable_seq < newest.seq()) return answers;
  if (has_grown(state, durable_seq)) return answers;
  for (Asked& one : std::exchange(waiting_, {})) answers.push_back(std::move(one.answer));
  return answers;
}

DigestWork::Finished DigestWork::finish(bool failed, Time now) {
  under_way_ = false;
  if (failed) not_before_ = now + kAfterFailure;
  Finished finished;
  finished.actor.set_kind(event::ACTOR_KIND_CONTROLLER);
  if (!waiting_now_.empty()) finished.actor = waiting_now_.front().actor;
  std::vector<Asked> done = std::exchange(waiting_now_, {});
  if (is_partial_ && !failed) {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(done.begin()), std::make_move_iterator(done.end()));
    return finished;
  }
  for (Asked& one : done) finished.answers.push_back(std::move(one.answer));
  return finished;
}

}  // namespace esaas::loop
