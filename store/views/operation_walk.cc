#include "store/views/operation_walk.h"

#include "core/model/ids.h"

namespace esaas::store {

OperationWalk::OperationWalk(const EventLog& log, std::string_view operation_id)
    : log_(log), id_(operation_id), indexed_(log, {.kind = IndexKind::kOperation, .value = id_}) {}

Result<const event::Event*> OperationWalk::next() {
  ESAAS_TRY(const event::Event* event, indexed_.next());
  const bool first = !begun_;
  begun_ = true;
  return event == nullptr && first ? fulfilled_request() : event;
}

Result<const event::Event*> OperationWalk::fulfilled_request() {
  const auto seq = model::requested_seq(id_);
  if (!seq || *seq > log_.last_seq()) return nullptr;
  ESAAS_TRY(request_, log_.read_one(*seq));
  const bool is_it = request_.operation_requested().has_fulfilment() && request_.operation_requested().id() == id_;
  return is_it ? &request_ : nullptr;
}

}  // namespace esaas::store
