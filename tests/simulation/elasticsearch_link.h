#pragma once
// ElasticsearchLink: stands where the Elasticsearch client stands in the program: asks the nodes in turn, and answers
// always, if need be that nobody did. Answers take time, sometimes long; a request or its answer may be lost. Every few
// questions the way goes over the bodies that a real node gives and the parser that the program uses, and both ways
// must agree. One thread.

#include <functional>
#include <string>

#include "reconcilers/effects/elasticsearch/request_answer.h"
#include "reconcilers/effects/elasticsearch/requests.h"
#include "reconcilers/loop/controller.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/model_elasticsearch.h"

namespace esaas::simulation {

class ElasticsearchLink {
 public:
  using Input = std::function<void(loop::Controller&)>;

  ElasticsearchLink(test::SimulationClock& clock, test::Prng prng, ModelElasticsearch& elasticsearch, Journal& journal,
                    std::function<void(Input)> to_controller);

  void observe(loop::ClusterAddress address, reconcile::Questions questions);
  void put(loop::ClusterAddress address, event::Event intent);
  void request(loop::ClusterAddress address, event::Event intent);

  /// Answers that are under way are nobody's any more.
  void process_ended() { ++process_; }
  void set_rough(bool rough) { rough_ = rough; }

 private:
  void ask(const loop::ClusterAddress& address, const reconcile::Questions& questions, Time asked_at);
  void send(loop::ClusterAddress address, es::SettingRequest request,
            std::function<void(loop::Controller&, const Result<es::RequestAnswer>&)> tell);
  reconcile::Observation ask_nodes(const loop::ClusterAddress& address);
  std::optional<reconcile::Observation> ask_by_json(const std::string& host, std::uint32_t port,
                                                    const std::string& cluster);
  void check_agreement(const std::optional<reconcile::Observation>& direct,
                       const std::optional<reconcile::Observation>& parsed, const std::string& cluster);
  Result<es::RequestAnswer> send_to_nodes(const loop::ClusterAddress& address, const es::SettingRequest& request);
  void answer(Input input, Duration delay);
  Duration latency();

  test::SimulationClock& clock_;
  test::Prng prng_;
  ModelElasticsearch& elasticsearch_;
  Journal& journal_;
  std::function<void(Input)> to_controller_;
  std::uint64_t process_ = 0;
  bool rough_ = false;
};

}  // namespace esaas::simulation
