#include "tests/api/fake_front.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/commands/decide.h"
#include "core/events/codec.h"
#include "store/digests/signer.h"

namespace esaas::api {

FakeFront::FakeFront() : thread_([this] { run(); }) {
  liveness.log_writable = true;
  liveness.mesos_connected = true;
  liveness.mesos_problem = "none";
}

FakeFront::~FakeFront() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void FakeFront::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !answers_.empty(); });
    if (answers_.empty()) return;
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    lock.unlock();
    answer();
    lock.lock();
  }
}

void FakeFront::answer_later(std::function<void()> answer) {
  if (held_) return;
  answers_.push_back(std::move(answer));
  wake_.notify_all();
}

void FakeFront::submit(std::vector<loop::Submission> submissions, Answers answers) {
  std::unique_lock lock(mutex_);
  std::vector<Result<loop::Accepted>> results;
  if (!notes_token_uses && std::holds_alternative<command::NoteTokenUse>(submissions.front().command)) {
    results.push_back(fail(ErrorCode::kAlreadyExists, "it is known", "", "told_once"));
    lock.unlock();
    return answers(std::move(results));
  }
  seen_ += submissions.size();
  if (full_) {
    for (std::size_t i = 0; i < submissions.size(); ++i) {
      results.push_back(fail(ErrorCode::kResourceExhausted, "the queue is full", "", "queued_commands_max"));
    }
    lock.unlock();
    answers(std::move(results));
    return;
  }
  for (const auto& submission : submissions) results.push_back(accept(submission));
  answer_later([answers = std::move(answers), results = std::move(results)]() mutable { answers(std::move(results)); });
}

Result<loop::Accepted> FakeFront::accept(const loop::Submission& submission) {
  const auto key = submission.caller.tenant + "/" + submission.idempotency_key;
  if (!submission.idempotency_key.empty()) {
    if (const auto found = keys_.find(key); found != keys_.end()) {
      if (found->second.first != submission.body_hash) {
        return fail(ErrorCode::kConflict, "this Idempotency-Key was used with another request", "Idempotency-Key",
                    "same_key_same_request");
      }
      auto again = found->second.second;
      again.replayed = true;
      return again;
    }
  }
  command::Context context{.now = kTestNow, .caller = submission.caller, .next_seq = state_.seq() + 1};
  ESAAS_TRY(auto events, command::decide(state_, submission.command, context));
  loop::Accepted accepted{.operation_id = events.front().operation_id(), .seq = context.next_seq};
  const auto cluster_name = events.front().cluster();
  std::vector<store::IdempotencyEntry> keys;
  if (!submission.idempotency_key.empty()) {
    keys.push_back({.key = key,
                    .body_hash = submission.body_hash,
                    .operation_id = accepted.operation_id,
                    .seq = accepted.seq,
                    .at_us = to_us(kTestNow)});
  }
  stamp_and_append(std::move(events), std::move(keys));
  if (const auto* found = state_.find_cluster(cluster_name)) accepted.revision = found->revision();
  if (!submission.idempotency_key.empty()) keys_[key] = {submission.body_hash, accepted};
  return accepted;
}

void FakeFront::stamp_and_append(std::vector<event::Event> events, std::vector<store::IdempotencyEntry> keys) {
  store::Batch batch;
  batch.idempotency = std::move(keys);
  for (auto& event : events) {
    event.set_seq(state_.seq() + 1);
    event.set_time_at_us(to_us(kTestNow + later));
    event.set_wall_at_us(event.time_at_us());
    event.set_leader_term(1);
    event.set_schema_version(event::kSchemaVersion);
    event.set_min_reader_version(event::kReaderVersion);
    state::evolve(state_, event);
    batch.events.push_back(std::move(event));
  }
  const auto appended = log.append(std::move(batch));
  ASSERT_TRUE(appended.has_value()) << appended.error().detail;
}

void FakeFront::sign_digest(command::Caller caller, std::function<void(Result<std::uint64_t>)> answer) {
  const std::lock_guard lock(mutex_);
  event::DigestSigned asked;
  asked.set_first_seq(state_.head.digest().through_seq() + 1);
  asked.set_through_seq(state_.seq());
  asked.set_previous_digest_seq(state_.head.digest().seq());
  asked.set_signed_at_us(to_us(kTestNow));
  auto made = store::sign_digest(log, signing_secrets, asked);
  if (!made) return answer_later([answer, error = made.error()] { answer(std::unexpected(error)); });
  std::vector<event::Event> events;
  if (state_.head.signing_key_id().empty()) {
    auto& created = *events.emplace_back().mutable_signing_key_created();
    created.set_key_id(made->digest.key_id());
    created.set_public_key(made->public_key);
  }
  event::Event& event = events.emplace_back();
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  event.mutable_actor()->set_name(caller.token_id);
  *event.mutable_digest_signed() = std::move(made->digest);
  stamp_and_append(std::move(events));
  answer_later([answer = std::move(answer), seq = state_.seq()] { answer(seq); });
}

void FakeFront::preview(loop::Submission submission, std::function<void(Result<loop::Preview>)> answer) {
  const std::lock_guard lock(mutex_);
  command::Context context{.now = kTestNow, .caller = submission.caller, .next_seq = state_.seq() + 1};
  auto events = command::decide(state_, submission.command, context);
  Result<loop::Preview> result;
  if (events) {
    result->events = std::move(*events);
  } else {
    result = std::unexpected(events.error());
  }
  answer_later([answer = std::move(answer), result = std::move(result)] { answer(result); });
}

void FakeFront::ledger(std::function<void(Result<reconcile::Ledger>)> answer) {
  const std::lock_guard lock(mutex_);
  Result<reconcile::Ledger> result = fail(ErrorCode::kUnavailable, "there is no master");
  if (books) result = reconcile::balance(state_, *books, reconcile::reserved_places(state_));
  answer_later([answer = std::move(answer), result = std::move(result)] { answer(result); });
}

void FakeFront::observe(std::string cluster, reconcile::Questions questions,
                        std::function<void(Result<reconcile::Observation>)> answer) {
  const std::lock_guard lock(mutex_);
  Result<reconcile::Observation> result = fail(ErrorCode::kUnavailable, "no node of cluster " + cluster + " runs");
  if (observation) {
    result = *observation;
    result->asked = {};
    if (!questions.stores) result->stores.clear();
    result->asked.stores = questions.stores && observation->asked.stores;
    result->snapshots.clear();
    for (const auto& asked : questions.snapshots) {
      if (std::ranges::find(observation->asked.snapshots, asked) == observation->asked.snapshots.end()) continue;
      result->asked.snapshots.push_back(asked);
      for (const auto& one : observation->snapshots) {
        if (one.repository == asked.first) result->snapshots.push_back(one);
      }
    }
  }
  answer_later([answer = std::move(answer), result = std::move(result)] { answer(result); });
}

std::shared_ptr<const state::Cluster> FakeFront::cluster(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto* found = state_.find_cluster(name);
  return found == nullptr ? nullptr : std::make_shared<const state::Cluster>(*found);
}

loop::FleetView FakeFront::fleet() const {
  const std::lock_guard lock(mutex_);
  loop::FleetView view;
  view.seq = state_.seq();
  for (const auto& [name, found] : state_.clusters)
    view.clusters.push_back(std::make_shared<const state::Cluster>(found));
  return view;
}

loop::Picture FakeFront::picture() const {
  const std::lock_guard lock(mutex_);
  loop::Picture picture{
      .seq = state_.seq(), .head = std::make_shared<const state::Fleet>(state_.head), .clusters = {}, .operations = {}};
  for (const auto& [name, found] : state_.clusters)
    picture.clusters.push_back(std::make_shared<const state::Cluster>(found));
  for (const auto& [id, found] : state_.operations)
    picture.operations.push_back(std::make_shared<const state::Operation>(found));
  return picture;
}

std::shared_ptr<const state::Fleet> FakeFront::head() const {
  const std::lock_guard lock(mutex_);
  return std::make_shared<const state::Fleet>(state_.head);
}

std::shared_ptr<const state::Operation> FakeFront::operation(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto* found = state_.find_operation(id);
  return found == nullptr ? nullptr : std::make_shared<const state::Operation>(*found);
}

std::vector<std::shared_ptr<const state::Operation>> FakeFront::operations() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const state::Operation>> all;
  for (const auto& [id, found] : state_.operations) all.push_back(std::make_shared<const state::Operation>(found));
  return all;
}

std::vector<std::string> FakeFront::tenants() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& tenant : state_.head.tenants()) names.push_back(tenant.name());
  return names;
}

std::shared_ptr<const state::Tenant> FakeFront::tenant(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto* found = state_.find_tenant(name);
  return found == nullptr ? nullptr : std::make_shared<const state::Tenant>(*found);
}

std::optional<loop::TokenView> FakeFront::token(std::string_view hash) const {
  const std::lock_guard lock(mutex_);
  for (const auto& found : state_.head.tokens()) {
    if (found.hash() == hash)
      return loop::TokenView{found.token_id(), found.tenant(), found.role(), found.expires_at_us()};
  }
  return std::nullopt;
}

std::vector<std::shared_ptr<const state::Token>> FakeFront::tokens() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const state::Token>> all;
  for (const auto& found : state_.head.tokens()) all.push_back(std::make_shared<const state::Token>(found));
  return all;
}

loop::ControllerStatus FakeFront::status() const {
  const std::lock_guard lock(mutex_);
  auto status = liveness;
  status.durable_seq = state_.seq();
  status.sequenced_seq = state_.seq();
  return status;
}

loop::Accepted FakeFront::must(command::Command command) {
  const std::lock_guard lock(mutex_);
  loop::Submission submission;
  submission.command = std::move(command);
  submission.caller = {"test", "", model::TOKEN_ROLE_ADMIN, ""};
  auto accepted = accept(submission);
  EXPECT_TRUE(accepted.has_value()) << (accepted ? "" : accepted.error().detail);
  return accepted ? *accepted : loop::Accepted{};
}

void FakeFront::append(event::Event event) {
  const std::lock_guard lock(mutex_);
  stamp_and_append({std::move(event)});
}

void FakeFront::hold_answers() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void FakeFront::refuse_all() {
  const std::lock_guard lock(mutex_);
  full_ = true;
}

std::size_t FakeFront::submissions_seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace esaas::api
