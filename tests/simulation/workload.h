#pragma once
// Workload: the people and programs that use a simulated installation: they create, scale, resize, restart, configure,
// upgrade, suspend, resume, label and delete clusters, cancel, pause and continue operations, set quotas, ask twice
// with one idempotency key when no answer came, and index documents all the time. It checks what it is told: an
// accepted operation is in the log, one key is carried out once. One thread.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconcilers/loop/front.h"
#include "tests/simulation/controller_process.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/model_elasticsearch.h"
#include "tests/support/prng.h"

namespace esaas::simulation {

class Workload {
 public:
  Workload(test::SimulationClock& clock, test::Prng prng, ControllerProcess& process, const Ledger& ledger,
           ModelElasticsearch& elasticsearch, Journal& journal);

  /// Makes the tenants, and then acts at random moments until `stop`.
  void start(std::uint64_t tenants);
  /// No new wishes: what was asked for may come to its end. Continues what is paused and opens what is closed.
  void stop();
  /// Asks for the end of every cluster.
  void delete_all();
  /// Documents go on being written until then.
  void stop_documents() { documents_ = false; }

  // ---- Single steps, for scripted scenarios ----
  /// Sends a request and sees to its answer; asks again with the same key as long as there is none. Returns the key.
  std::string ask(command::Command command);
  std::string ask(const std::string& cluster, model::Request request);
  /// The operation that the key led to; empty before the answer, and for commands that are no operation.
  [[nodiscard]] std::string operation_of(const std::string& key) const;
  /// "not_found" and so on, if the key was refused.
  [[nodiscard]] std::string refusal_of(const std::string& key) const;
  /// Sends the request of an earlier key once more.
  void ask_again(const std::string& key);
  [[nodiscard]] std::size_t unanswered() const;
  [[nodiscard]] std::uint64_t documents_written() const { return documents_written_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

 private:
  struct Request {
    loop::Submission submission;
    bool answered = false;
    std::string operation;
    std::string refusal;
  };

  void send(const std::string& key);
  void take_answer(const std::string& key, const Result<loop::Accepted>& answer);
  void act_later();
  void act();
  void create_cluster();
  void say_where(model::NodeGroup& group);
  void change_cluster(const state::Cluster& cluster);
  void control_operation();
  void continue_paused();
  void set_quota();
  void scale(const state::Cluster& cluster);
  void resize(const state::Cluster& cluster);
  void roll_out(const state::Cluster& cluster);
  std::string next_version(const std::string& version);
  void set_proxies(const state::Cluster& cluster);
  void think_better_of_it(const std::string& name);
  void label(const state::Cluster& cluster);
  void write_later();
  void write_documents();
  void change_indices(const state::Cluster& cluster);

  test::SimulationClock& clock_;
  test::Prng prng_;
  ControllerProcess& process_;
  const Ledger& ledger_;
  ModelElasticsearch& elasticsearch_;
  Journal& journal_;
  std::vector<std::string> tenants_;
  std::map<std::string, Request> requests_;  // by key
  std::uint64_t keys_made_ = 0;
  std::uint64_t clusters_made_ = 0;
  std::uint64_t documents_written_ = 0;
  std::uint64_t accepted_ = 0;
  bool acting_ = false;
  bool documents_ = true;
};

}  // namespace esaas::simulation
