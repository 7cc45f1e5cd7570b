#include "store/views/operation_walk.h"

#include <algorithm>

#include "core/model/ids.h"

namespace esaas::store {

OperationWalk::OperationWalk(const EventLog& log, std::string_view operation_id, std::uint64_t from_seq,
                             std::uint64_t to_seq)
    : log_(log),
      id_(operation_id),
      from_seq_(from_seq),
      to_seq_(to_seq),
      indexed_(log, {.kind = IndexKind::kOperation, .value = id_, .from_seq = from_seq, .to_seq = to_seq}) {}

Result<const event::Event*> OperationWalk::next() {
  ESAAS_TRY(const event::Event* event, indexed_.next());
  const bool first = !begun_;
  begun_ = true;
  return event == nullptr && first ? fulfilled_request() : event;
}

Result<const event::Event*> OperationWalk::fulfilled_request() {
  const auto seq = model::requested_seq(id_);
  if (!seq || *seq < from_seq_ || *seq > std::min(to_seq_, log_.last_seq())) return nullptr;
  ESAAS_TRY(request_, log_.read_one(*seq));
  const bool is_it = request_.operation_requested().has_fulfilment() && request_.operation_requested().id() == id_;
  return is_it ? &request_ : nullptr;
}

}  // namespace esaas::store
