#include "reconcilers/loop/proxy_certificates.h"

#include "store/secrets/references.h"

namespace esaas::loop {
namespace {

/// Each is kept once.
constexpr std::uint32_t kVersion = 1;

}  // namespace

Result<std::string> ProxyCertificates::find(const std::string& task_id) const {
  const auto known = known_.find(task_id);
  if (known != known_.end()) return known->second;
  if (kept_ == nullptr) return fail(ErrorCode::kNotFound, "there is no secret store");
  return kept_->get(store::proxy_certificate_id(task_id), kVersion);
}

Result<void> ProxyCertificates::admit(const std::string& task_id, const std::string& fingerprint) {
  const Result<std::string> before = find(task_id);
  if (!before && before.error().code != ErrorCode::kNotFound) return std::unexpected(before.error());
  if (before && *before != fingerprint) {
    return fail(ErrorCode::kPermissionDenied,
                "Who answers at the proxy's address shows another certificate than task " + task_id + " did at first.");
  }
  if (!before && kept_ != nullptr) {
    const auto kept = kept_->put(store::proxy_certificate_id(task_id), fingerprint);
    if (!kept) return std::unexpected(kept.error());
  }
  known_.insert_or_assign(task_id, fingerprint);
  return {};
}

}  // namespace esaas::loop
