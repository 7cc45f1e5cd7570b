#pragma once
// ModelElasticsearch: all nodes of all managed clusters, Elasticsearch 2.x to 7.x, in virtual time. It starts a node by
// the command that the controller rendered, and answers HTTP as the node would. What the real one does and this must do
// too is in tests/contract/elasticsearch; what it does on purpose otherwise is said in elected_cluster.h.
//
// ## Who finds whom
// A running node pings the transport addresses in its seed hosts, and the masters of the last cluster state that it
// saw. Nodes of one cluster name that reach each other that way, directly or through others, form a component. A
// component elects a master when a master-eligible node in it sees as many of its kind as its minimum_master_nodes asks
// for: the setting from its launch, or the dynamic one that it has been told since; from 7 on when a majority of the
// voting configuration is there. Everybody else joins whose version fits. A node that ends is seen gone after
// `fault_detection`; one that is cut off after `partition_detection`.
//
// One thread; it lives as long as the clock runs callbacks for it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcilers/observation.h"
#include "tests/simulation/data_directory.h"
#include "tests/simulation/elasticsearch_launch.h"
#include "tests/simulation/elected_cluster.h"
#include "tests/support/prng.h"
#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

struct ElasticsearchTimings {
  Duration start_min = std::chrono::seconds{2};
  Duration start_max = std::chrono::seconds{6};
  Duration stop_min = std::chrono::milliseconds{200};
  Duration stop_max = std::chrono::seconds{2};
  Duration election_min = std::chrono::milliseconds{500};
  Duration election_max = std::chrono::milliseconds{1500};
  Duration state_recovery = std::chrono::milliseconds{100};
  Duration fault_detection = std::chrono::milliseconds{200};
  Duration partition_detection = std::chrono::seconds{20};
  RecoveryTimings recovery = {};
};

struct HttpRequest {
  std::string_view method;
  std::string_view target;  ///< path and query
  std::string_view body;
};
struct HttpAnswer {
  int status = 200;
  std::string body;
};

/// A process is over: by itself (`failed`, with the last line of its log), or because it was asked to.
struct ProcessExit {
  std::string process;
  bool failed = false;
  std::string why;
};

struct ElasticsearchProcess {
  enum class State : std::uint8_t { kStarting, kUp, kStopping };
  std::string id;  ///< the task's
  std::string volume;
  ElasticsearchLaunch launch;
  State state = State::kStarting;
  std::string node_id;                     ///< a new one with each start in 2.x; from 5 on its volume's
  std::uint32_t minimum_master_nodes = 0;  ///< in force
  std::set<std::string> last_masters;      ///< addresses of the master-eligible nodes that it was told of last
};

/// An acknowledged document that no copy holds any more.
struct LostDocuments {
  std::string cluster;
  ShardKey shard;
  std::uint64_t acknowledged = 0;
  std::uint64_t held = 0;
};

/// Nodes of both versions work together, or they are one version.
bool work_together(const model::Version& one, const model::Version& other);

class ModelElasticsearch {
 public:
  ModelElasticsearch(test::SimulationClock& clock, test::Prng prng, ElasticsearchTimings timings = {});

  // ---- Processes and volumes ----
  void on_exit(std::function<void(const ProcessExit&)> callback) { exited_ = std::move(callback); }
  /// Begins a process on a volume, which is made when it is not there. A second process on one volume, or an address
  /// that is in use, ends it during its start.
  void start(const std::string& process, ElasticsearchLaunch launch, const std::string& volume);
  /// SIGTERM: it leaves its cluster and ends a little later.
  void stop(const std::string& process);
  /// SIGKILL.
  void kill(const std::string& process);
  /// Whoever is a member with it is none any more: what is being copied from it comes to nothing.
  void destroy_volume(const std::string& volume);

  // ---- Faults ----
  /// Cuts a host off from all other hosts' transport (HTTP still answers).
  void set_isolated(const std::string& host, bool isolated);
  /// A silent cluster answers no HTTP request.
  void set_silent(const std::string& cluster, bool silent);

  // ---- HTTP ----
  /// Nothing: the connection is refused, or nobody answers.
  std::optional<HttpAnswer> request(const std::string& host, std::uint32_t port, const HttpRequest& request);
  /// What the real client makes of the node's answers, without the detour over JSON. Nothing: no answer, or no master.
  std::optional<reconcile::Observation> observe(const std::string& host, std::uint32_t port,
                                                const std::string& cluster);

  /// The snapshots of that name; of the name "_current" those that are being taken, of none all.
  [[nodiscard]] std::vector<reconcile::SnapshotInfo> snapshots(const std::string& cluster,
                                                               const std::string& repository,
                                                               const std::string& name) const;

  // ---- Users ----
  /// Writes one document through whatever node takes it, and remembers it for lost_documents. False: nobody took it.
  bool write_document(const std::string& cluster, const std::string& index);
  /// A cluster that was deleted owes nobody anything.
  void forget(const std::string& cluster);

  // ---- To look at ----
  [[nodiscard]] const std::map<std::string, ElasticsearchProcess>& processes() const { return processes_; }
  [[nodiscard]] const std::map<std::string, DataDirectory>& directories() const { return directories_; }
  /// The cluster of this name that has a master, or null. More than one is a split brain: see masters_of.
  [[nodiscard]] ElectedCluster* led_cluster(const std::string& name) const;
  [[nodiscard]] std::size_t masters_of(const std::string& name) const;
  [[nodiscard]] std::vector<LostDocuments> lost_documents() const;
  /// Shards of which the only copy that holds all acknowledged documents is on this volume: "books/0". Of a
  /// node that `restarts`, closed indices do not count, and copies on volumes of nodes that are down do count as
  /// others.
  [[nodiscard]] std::vector<std::string> last_copies_on(const std::string& cluster, const std::string& volume,
                                                        bool restarts = false) const;

 private:
  using Component = std::vector<ElasticsearchProcess*>;
  using Clusters = std::vector<std::shared_ptr<ElectedCluster>>;

  void came_up(const std::string& process);
  void end(const std::string& process, bool failed, const std::string& why);
  void tell_exit(ProcessExit exit);

  // discovery.cc
  void detect_later(const std::string& cluster, Duration delay);
  void reconsider(const std::string& cluster);
  void drop_unreachable(const std::string& cluster, const std::vector<Component>& components);
  void form_later(const std::string& cluster);
  void form(const std::string& cluster);
  void form(const std::string& cluster, const Component& component);
  void elect(const std::string& cluster, const Component& component);
  void join(ElectedCluster& cluster, const Component& component);
  void join(ElectedCluster& cluster, const ElasticsearchProcess& process);
  [[nodiscard]] bool may_join(const ElectedCluster& cluster, const ElasticsearchProcess& process) const;
  std::shared_ptr<const Metadata> newest_stored(const Component& component);
  std::set<std::string> first_voters(const Component& component);
  std::set<std::string> upgraded_voters(const ElectedCluster* led, const Component& component);
  [[nodiscard]] std::vector<Component> components_of(const std::string& cluster);
  [[nodiscard]] bool reaches(const ElasticsearchProcess& from, const ElasticsearchProcess& to) const;
  [[nodiscard]] ElectedCluster* cluster_of(const std::string& name, const std::string& node_id) const;
  void tell_settings(const ElectedCluster& cluster);
  void tell_members(const ElectedCluster& cluster);

  // model_http.cc
  ElasticsearchProcess* listening_on(const std::string& host, std::uint32_t port);
  HttpAnswer put_settings(ElectedCluster& cluster, std::string_view body);
  HttpAnswer take_snapshot(ElectedCluster& cluster, std::string_view path);
  HttpAnswer change_votes(ElectedCluster& cluster, const HttpRequest& request);
  HttpAnswer index_request(ElectedCluster& cluster, const HttpRequest& request, std::string_view path);

  test::SimulationClock& clock_;
  test::Prng prng_;
  ElasticsearchTimings timings_;
  std::function<void(const ProcessExit&)> exited_ = [](const ProcessExit&) {};
  std::map<std::string, ElasticsearchProcess> processes_;
  std::map<std::string, DataDirectory> directories_;  // by volume; references stay valid
  std::map<std::string, Clusters> clusters_;          // by name
  std::set<std::string> isolated_;
  std::set<std::string> silent_;
  std::set<std::string> forming_;
  std::map<std::pair<std::string, ShardKey>, std::uint64_t> acknowledged_;
  struct Snapshot {
    Time done_at;
    bool fails = false;
  };
  std::map<std::string, std::map<std::pair<std::string, std::string>, Snapshot>> snapshots_;  // by cluster
};

}  // namespace esaas::simulation
