#include "reconcilers/effects/mesos/operator_calls.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"

namespace esaas::mesos::operator_calls {
namespace {

constexpr std::size_t kWordsMax = 500;

Call of_type(Call::Type type) {
  Call call;
  call.set_type(type);
  return call;
}

ErrorCode code_for(int status) {
  switch (status) {
    case 400: return ErrorCode::kInvalidArgument;
    case 401: return ErrorCode::kUnauthenticated;
    case 403: return ErrorCode::kPermissionDenied;
    case 404: return ErrorCode::kNotFound;
    case 409: return ErrorCode::kConflict;
    case 307:
    case 429:
    case 503: return ErrorCode::kUnavailable;
    default: return ErrorCode::kInternal;
  }
}

std::string words(std::string_view body) {
  std::string text = to_valid_utf8(body.substr(0, kWordsMax));
  for (char& byte : text) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  }
  return text;
}

}  // namespace

Call get_agents() { return of_type(Call::GET_AGENTS); }
Call get_frameworks() { return of_type(Call::GET_FRAMEWORKS); }
Call get_quota() { return of_type(Call::GET_QUOTA); }
Call get_metrics() {
  Call call = of_type(Call::GET_METRICS);
  call.mutable_get_metrics();
  return call;
}

Call update_quota(wire::quota::QuotaConfig config) {
  Call call = of_type(Call::UPDATE_QUOTA);
  *call.mutable_update_quota()->add_quota_configs() = std::move(config);
  return call;
}

Result<Response> read_answer(const Call& call, int status, std::string_view body) {
  const std::string& name = Call::Type_Name(call.type());
  if (status != 200 && status != 202) {
    return fail(code_for(status), fmt::format("{} was answered with status {}: {}", name, status, words(body)));
  }
  Response response;
  if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return fail(ErrorCode::kDataLoss, fmt::format("the answer to {} is no Response of the operator API", name));
  }
  return response;
}

}  // namespace esaas::mesos::operator_calls
