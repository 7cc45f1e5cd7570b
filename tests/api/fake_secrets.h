#pragma once
// FakeSecrets: a secret store in memory. Thread-safe.

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "store/secrets/secret_store.h"

namespace esaas::api {

class FakeSecrets final : public store::SecretStore {
 public:
  Result<std::uint32_t> put(std::string_view id, std::string_view value) override {
    const std::lock_guard lock(mutex_);
    const std::uint32_t version = ++newest_[std::string(id)];
    values_[{std::string(id), version}] = value;
    return version;
  }
  [[nodiscard]] Result<std::string> get(std::string_view id, std::uint32_t version) const override {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find({std::string(id), version});
    if (found == values_.end()) return fail(ErrorCode::kNotFound, "no such secret");
    return found->second;
  }
  Result<std::size_t> erase_unless(const std::function<bool(std::string_view, std::uint32_t)>& is_needed) override {
    const std::lock_guard lock(mutex_);
    return std::erase_if(values_, [&](const auto& item) { return !is_needed(item.first.first, item.first.second); });
  }
  [[nodiscard]] std::shared_ptr<void> hold_erasures() override { return nullptr; }
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path&) const override {
    return fail(ErrorCode::kInternal, "these secrets are in memory");
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint32_t> newest_;
  std::map<std::pair<std::string, std::uint32_t>, std::string> values_;
};

}  // namespace esaas::api
