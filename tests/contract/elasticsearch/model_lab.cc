// The lab on the model: virtual time, no process.

#include <fmt/format.h>
#include "core/base/assert.h"
#include "tests/contract/elasticsearch/lab.h"
#include "tests/simulation/model_elasticsearch.h"

namespace esaas::contract {
namespace {

class ModelLab final : public Lab {
 public:
  explicit ModelLab(std::string version) : version_(std::move(version)) {}
  void kill(std::uint32_t index) override { model_.kill(running_[index]); }

  LabAnswer http(std::uint32_t index, std::string_view method, std::string_view target,
                 std::string_view body) override {
    const Address address = address_of(index);
    auto answer = model_.request(address.host, address.http_port, {method, target, body});
    if (!answer) return {};
    return {answer->status, std::move(answer->body)};
  }

  void pass(Duration duration) override { clock_.run_until(clock_.now() + duration); }

 protected:
  Address address_of(std::uint32_t index) override { return {"127.0.7." + std::to_string(index + 1), 9200, 9300}; }

  [[nodiscard]] std::string version() const override { return version_; }

  void launch(std::uint32_t index, const model::LaunchSpec& spec) override {
    auto launch = simulation::parse_launch(spec);
    ESAAS_ASSERT(launch.has_value(), launch ? "" : launch.error().detail);
    running_[index] = "process-" + std::to_string(++starts_);  // a process id is used once, a node's index many times
    model_.start(running_[index], *launch, fmt::format("{}.volume-{}", kLabCluster, index));
  }

 private:
  std::string version_;
  test::SimulationClock clock_;
  simulation::ModelElasticsearch model_{clock_, test::Prng(1)};
  std::uint32_t starts_ = 0;
  std::map<std::uint32_t, std::string> running_;
};

}  // namespace

std::unique_ptr<Lab> make_model_lab(const std::string& version) { return std::make_unique<ModelLab>(version); }

}  // namespace esaas::contract
