#pragma once
// Lab: up to a few nodes of Elasticsearch, the model's or real ones, of some version, behind one interface,
// so that the same scenarios run on both. Nodes are named node-0, node-1, ... and are started by the command that the
// controller renders. One thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/model/model.pb.h"

namespace esaas::contract {

struct LabAnswer {
  int status = 0;  ///< 0: nobody answered
  std::string body;
};

class Lab {
 public:
  virtual ~Lab() = default;

  /// Starts node `index` of a cluster of `of` nodes, all master-eligible and with data, on its own volume (which is
  /// the same one every time).
  void start(std::uint32_t index, std::uint32_t of);
  /// SIGKILL.
  virtual void kill(std::uint32_t index) = 0;
  virtual LabAnswer http(std::uint32_t index, std::string_view method, std::string_view target,
                         std::string_view body = {}) = 0;
  /// Lets some time go by, virtual or real.
  virtual void pass(Duration duration) = 0;

  /// Asks again until it is so, or `timeout` has gone by.
  bool eventually(const std::function<bool()>& is_so, Duration timeout = std::chrono::seconds{180});

 protected:
  struct Address {
    std::string host;
    std::uint32_t http_port = 0;
    std::uint32_t transport_port = 0;
  };
  virtual Address address_of(std::uint32_t index) = 0;
  virtual model::LaunchSpec render(std::uint32_t index, std::uint32_t of, const std::string& java_home);
  [[nodiscard]] virtual std::string version() const { return "2.3.3"; }
  virtual void launch(std::uint32_t index, const model::LaunchSpec& spec) = 0;
  [[nodiscard]] virtual std::string java_home() const { return {}; }

 private:
  std::set<std::uint32_t> started_;  ///< at least once
};

inline constexpr char kLabCluster[] = "contract";

std::unique_ptr<Lab> make_model_lab(const std::string& version);
/// kUnavailable: Elasticsearch or Java 17 cannot be had here; the detail says why.
Result<std::unique_ptr<Lab>> make_real_lab(const std::string& version);

}  // namespace esaas::contract
