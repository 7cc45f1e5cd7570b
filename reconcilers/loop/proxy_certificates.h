#pragma once
// ProxyCertificates: by what the controller knows its proxies. Each makes its key and certificate where it runs, when
// its task starts, and both last as long as the task. The one that a task shows first, soon after Mesos said that it
// runs, is the only one that is taken for it from then on, over restarts of the controller too: whoever comes to a
// proxy's address after that is told nothing. Not thread-safe.

#include <functional>
#include <map>
#include <string>

#include "core/base/result.h"
#include "store/secrets/secret_store.h"

namespace esaas::loop {

class ProxyCertificates {
 public:
  /// `kept`: outlives this; null: the certificates are remembered no longer than this lives.
  explicit ProxyCertificates(store::SecretStore* kept) : kept_(kept) {}

  /// Good when the task showed this one before, or none, and then once it is kept. Errors: kPermissionDenied (another
  /// one), and those of the store: what cannot be read or kept admits nobody. Waits for the disk at a task's first.
  Result<void> admit(const std::string& task_id, const std::string& fingerprint);

 private:
  /// kNotFound: none yet.
  Result<std::string> find(const std::string& task_id) const;

  store::SecretStore* kept_;
  std::map<std::string, std::string, std::less<>> known_;  // by task
};

}  // namespace esaas::loop
