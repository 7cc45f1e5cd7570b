// Digests: when the log is signed is decided here; what is signed is computed elsewhere, over what is durable.

#include <utility>

#include "reconcilers/loop/controller.h"

namespace esaas::loop {

void Controller::ask_digest(const command::Caller& caller, DigestWork::Answer answer) {
  event::Actor actor;
  actor.set_kind(event::ACTOR_KIND_USER);
  actor.set_name(caller.token_id);
  actor.set_address(caller.address);
  actor.set_method(caller.method);
  actor.set_url(caller.url);
  if (!writable_) {
    answer(fail(ErrorCode::kUnavailable,
                "the log is below its reserve of free space: nothing is signed until there is room", "",
                "free_space_reserve"));
    return;
  }
  const DigestWork::Answer refuse = answer;
  if (digest_work_.ask(std::move(actor), std::move(answer))) return;
  refuse(fail(ErrorCode::kResourceExhausted, "too many wait for a digest", "", "digest_answers_max"));
}

void Controller::check_digest(Time now) {
  const std::uint64_t durable = sequencer_.durable_seq();
  for (const auto& answer : digest_work_.take_needless(state(), durable)) {
    sequencer_.when_durable([answer, seq = state().head.digest().seq()] { answer(seq); });
  }
  if (!writable_) return;
  if (const auto asked = digest_work_.next_request(state(), durable, now)) ports_.digest_sign(*asked);
}

void Controller::digest_signed(const Result<store::SignedDigest>& outcome, Time now) {
  DigestWork::Finished finished = digest_work_.finish(!outcome, now);
  if (!outcome) {
    ports_.note("digest_not_signed", {{"why", outcome.error().detail}});
    for (const auto& answer : finished.answers) answer(std::unexpected(outcome.error()));
    return;
  }
  // In one part: whoever reads the digest finds its key before it.
  if (state().head.signing_key_id() != outcome->digest.key_id()) {
    event::Event created;
    created.mutable_signing_key_created()->set_key_id(outcome->digest.key_id());
    created.mutable_signing_key_created()->set_public_key(outcome->public_key);
    append_fleet(std::move(created), event::ACTOR_KIND_CONTROLLER, now);
  }
  event::Event event;
  *event.mutable_actor() = std::move(finished.actor);
  *event.mutable_digest_signed() = outcome->digest;
  const std::uint64_t seq = sequencer_.sequence(std::move(event), now).seq();
  for (auto& answer : finished.answers) {
    sequencer_.when_durable([answer = std::move(answer), seq] { answer(seq); });
  }
}

}  // namespace esaas::loop
