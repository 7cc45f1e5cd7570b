#include "reconcilers/side_operation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/request.h"

namespace esaas::reconcile {

const Observation* SideOperation::seen() { return seen_after(operation_.started_at_us()); }

const Observation* SideOperation::seen_after(std::int64_t moment_us) {
  const Observation* fresh = view_.fresh();
  const std::int64_t after_us = std::max(moment_us, operation_.started_at_us());
  if (fresh != nullptr && sees_all_answers(view_) && to_us(fresh->observed_at) > after_us) return fresh;
  draft_.check_soon();
  return nullptr;
}

const state::ElasticsearchRequest* SideOperation::find(std::string_view purpose, std::string_view subject) const {
  return find_request(view_.cluster(), operation_.id(), purpose, {}, subject);
}

RequestAnswered SideOperation::ask(WantedRequest wanted) {
  wanted.operation = operation_.id();
  return reconcile::ask(view_, draft_, wanted);
}

void SideOperation::step(std::string_view name, std::size_t done, std::size_t total) {
  const auto known = std::ranges::find(operation_.steps(), name, &state::Step::name);
  if (total == 0 || (known != operation_.steps().end() && known->done() == done && known->total() == total)) return;
  event::Event event;
  event.set_operation_id(operation_.id());
  auto& payload = *event.mutable_operation_step_changed();
  payload.set_id(operation_.id());
  payload.set_step(std::string(name));
  payload.set_done(static_cast<std::uint32_t>(done));
  payload.set_total(static_cast<std::uint32_t>(total));
  draft_.act("note_progress", std::move(event));
}

void SideOperation::hold(std::string_view rule, std::string_view why, std::vector<model::Figure> basis) {
  basis.insert(basis.begin(), figure("operation", operation_.id()));
  draft_.hold_also(
      rule, "",
      {fmt::format("{} ({}): {}", operation_.id(), model::kind_of(operation_.request()), why), std::move(basis)});
}

void SideOperation::succeed(std::string detail) { finish(model::OPERATION_STATUS_SUCCEEDED, std::move(detail)); }
void SideOperation::fail(std::string detail) { finish(model::OPERATION_STATUS_FAILED, std::move(detail)); }

void SideOperation::finish(model::OperationStatus status, std::string detail) {
  event::Event event;
  event.set_operation_id(operation_.id());
  auto& payload = *event.mutable_operation_finished();
  payload.set_id(operation_.id());
  payload.set_status(status);
  payload.set_detail(std::move(detail));
  draft_.act("finish_side_operation", std::move(event));
}

}  // namespace esaas::reconcile
