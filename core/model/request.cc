#include "core/model/request.h"

#include <google/protobuf/descriptor.h>

namespace esaas::model {

std::string_view kind_of(const Request& request) {
  const auto* field = Request::descriptor()->FindFieldByNumber(static_cast<int>(request.kind_case()));
  return field == nullptr ? std::string_view{} : std::string_view(field->name());
}

std::string kind_names() {
  std::string names;
  const auto* kinds = Request::descriptor()->FindOneofByName("kind");
  for (int i = 0; i < kinds->field_count(); ++i) names += (i == 0 ? "" : ", ") + kinds->field(i)->name();
  return names;
}

bool runs_alongside(const Request& request) {
  switch (request.kind_case()) {
    case Request::kSettings:
    case Request::kReplicas:
    case Request::kOpenIndices:
    case Request::kCloseIndices:
    case Request::kRegisterRepository:
    case Request::kTakeSnapshot:
    case Request::kDeleteSnapshot:
    case Request::kRestoreSnapshot:
    case Request::kPolicies: return true;
    default: return false;
  }
}

}  // namespace esaas::model
