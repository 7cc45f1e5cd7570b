#pragma once
// UsageStory: a fleet whose nodes come, run, are lost and come back at random, told as a log, with what it used counted
// in the plainest way beside it: at each event, what is in use times the time since the event before. The log also gets
// what means nothing: words of Mesos that come too late, twice or about what is gone, and clocks that jump.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/events/event.pb.h"
#include "store/views/usage_view.h"
#include "tests/store/stretched_log.h"

namespace esaas::store::testing {

class UsageStory {
 public:
  using Key = std::tuple<std::string, std::string, UsageKind>;  // tenant, cluster
  using Used = std::map<Key, UsageQuantity>;

  explicit UsageStory(std::uint32_t seed, int clusters = 4)
      : random_(seed), fleet_(static_cast<std::size_t>(clusters)) {}

  /// So many moves, of one or more events each.
  void go_on(int moves) {
    for (int i = 0; i < moves; ++i) {
      const std::size_t number = below(fleet_.size());
      if (published_ < 3 && below(60) == 0) publish();
      move(number, fleet_[number]);
    }
  }
  [[nodiscard]] const std::vector<event::Event>& events() const { return events_; }
  [[nodiscard]] std::int64_t begin_us() const { return kBegin; }
  [[nodiscard]] std::int64_t now_us() const { return now_us_; }
  /// Up to now.
  [[nodiscard]] const Used& used() const { return used_; }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  static constexpr std::int64_t kBegin = 1'475'971'200'000'000;  // 2016-10-09

  struct Node {
    bool exists = false;
    std::string volume;  // reserved
    std::string task;    // the newest
    bool runs = false;
    bool may_run = false;  // it was launched and has not ended
    std::uint32_t size = 1;
    std::vector<std::string> old_tasks;
    std::vector<std::string> old_volumes;
  };
  struct Cluster {
    bool exists = false;
    int life = 0;
    std::vector<Node> nodes = std::vector<Node>(3);
  };

  [[nodiscard]] static std::string tenant_of(std::size_t number) { return "team-" + std::to_string(number % 3); }
  [[nodiscard]] static std::string name_of_cluster(std::size_t number, const Cluster& cluster) {
    return "logs-" + std::to_string(number) + "-" + std::to_string(cluster.life);
  }
  static model::Resources resources(std::uint32_t size) {
    model::Resources resources;
    resources.set_cpus_milli(500 * size);
    resources.set_mem_mib(1'024 * size);
    resources.set_disk_mib(10'240 * size);
    return resources;
  }

  event::Event& tell(std::size_t number, const Cluster& cluster) {
    // The clock stands still, goes on, or jumps ahead by days; what the machine's clock says is anything.
    const std::uint64_t what = below(20);
    const std::int64_t step = static_cast<std::int64_t>(what == 0  ? below(200'000'000'000)
                                                        : what < 5 ? 0
                                                                   : below(3'600'000'000));
    count(step);
    now_us_ += step;
    events_.push_back(plain_event(events_.size() + 1, now_us_));
    event::Event& event = events_.back();
    event.clear_payload();
    event.set_wall_at_us(now_us_ - 500'000'000'000 + static_cast<std::int64_t>(below(1'000'000'000'000)));
    event.set_cluster(name_of_cluster(number, cluster));
    event.set_tenant(tenant_of(number));
    return event;
  }
  void count(std::int64_t step) {
    const auto us = static_cast<std::uint64_t>(step);
    for (std::size_t number = 0; number < fleet_.size(); ++number) {
      const Cluster& cluster = fleet_[number];
      if (!cluster.exists || us == 0) continue;
      const auto use = [&](UsageKind kind, std::uint64_t amount) {
        used_[{tenant_of(number), name_of_cluster(number, cluster), kind}] += UsageQuantity{amount} * us;
      };
      use(UsageKind::kCluster, 1);
      for (const Node& node : cluster.nodes) {
        if (!node.volume.empty()) use(UsageKind::kDisk, resources(node.size).disk_mib());
        if (!node.runs) continue;
        use(UsageKind::kCpu, resources(node.size).cpus_milli());
        use(UsageKind::kMemory, resources(node.size).mem_mib());
        use(UsageKind::kNode, 1);
      }
    }
  }
  void publish() {
    event::Event& event = tell(0, fleet_[0]);
    event.clear_cluster();
    event.clear_tenant();
    *event.mutable_price_list_published()->mutable_price_list() = sample_prices(
        event.seq(), event.time_at_us() + static_cast<std::int64_t>(below(2'000'000'000)), 600'000'000 + below(1'000));
    ++published_;
  }

  void move(std::size_t number, Cluster& cluster) {
    if (!cluster.exists) {
      auto& spec = *tell(number, cluster).mutable_cluster_created()->mutable_spec();
      auto& group = *spec.add_node_groups();
      group.set_name("data");
      group.add_roles(model::NODE_ROLE_DATA);
      cluster.exists = true;
      return;
    }
    if (below(60) == 0) {
      tell(number, cluster).mutable_cluster_deleted();
      const int life = cluster.life + 1;
      cluster = Cluster();
      cluster.life = life;
      return;
    }
    const std::size_t index = below(cluster.nodes.size());
    const std::string name = "data-" + std::to_string(index);
    Node& node = cluster.nodes[index];
    if (!node.exists) return add(number, cluster, name, node);
    switch (below(10)) {
      case 0: return remove(number, cluster, name, node);
      case 1: return lose(number, cluster, name, node);
      case 2: return tell_late(number, cluster, name, node);
      case 3: return tell_status(number, cluster, name, node.task, model::TASK_STATE_UNREACHABLE);  // it may run on
      case 4: return end(number, cluster, name, node);
      case 5: return grow(number, cluster, name, node);
      default: return node.volume.empty() ? reserve(number, cluster, name, node) : run(number, cluster, name, node);
    }
  }
  void add(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    auto& added = *tell(number, cluster).mutable_node_added();
    added.set_node(name);
    added.set_group("data");
    *added.mutable_resources() = resources(1);
    node.exists = true;
    node.size = 1;
  }
  void remove(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    tell(number, cluster).mutable_node_removed()->set_node(name);
    node = Node();
  }
  void reserve(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    if (node.runs) return;
    const std::string volume = "v" + std::to_string(events_.size());
    auto& intended = *tell(number, cluster).mutable_place_intended();
    intended.set_node(name);
    intended.mutable_place()->set_volume_id(volume);
    node.size = static_cast<std::uint32_t>(1 + below(4));
    *intended.mutable_place()->mutable_resources() = resources(node.size);
    auto& reserved = *tell(number, cluster).mutable_place_reserved();
    reserved.set_node(name);
    reserved.set_volume_id(volume);
    node.volume = volume;
  }
  void run(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    if (!node.may_run) {
      const std::string task = "t" + std::to_string(events_.size());
      auto& launched = *tell(number, cluster).mutable_task_launch_intended();
      launched.set_node(name);
      launched.set_task_id(task);
      if (!node.task.empty()) node.old_tasks.push_back(node.task);
      node.task = task;
      node.may_run = true;
      return;
    }
    tell_status(number, cluster, name, node.task, model::TASK_STATE_RUNNING);
    node.runs = true;
  }
  void end(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    if (!node.may_run) return;
    tell_status(number, cluster, name, node.task, below(2) == 0 ? model::TASK_STATE_FAILED : model::TASK_STATE_KILLED);
    node.runs = node.may_run = false;
  }
  void grow(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    if (node.volume.empty() || node.runs || node.size > 6) return;
    auto& grown = *tell(number, cluster).mutable_place_grown();
    grown.set_node(name);
    grown.set_volume_id(node.volume);
    *grown.mutable_resources() = resources(++node.size);
  }
  /// The agent is gone for good: nothing of it counts from when the log knows.
  void lose(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    if (node.volume.empty()) return;
    auto& failed = *tell(number, cluster).mutable_place_failed();
    failed.set_node(name);
    failed.set_volume_id(node.volume);
    node.old_volumes.push_back(std::exchange(node.volume, {}));
    // No status may ever tell of the task; or one does, later.
    if (node.runs) {
      node.runs = node.may_run = false;
      if (below(2) == 0) tell_status(number, cluster, name, node.task, model::TASK_STATE_GONE);
    } else if (node.may_run) {
      end(number, cluster, name, node);
    }
  }
  /// What comes after its time changes nothing.
  void tell_late(std::size_t number, Cluster& cluster, const std::string& name, Node& node) {
    constexpr model::TaskState kStates[] = {model::TASK_STATE_RUNNING, model::TASK_STATE_UNREACHABLE,
                                            model::TASK_STATE_LOST, model::TASK_STATE_FINISHED, model::TASK_STATE_GONE};
    if (!node.old_tasks.empty()) {
      const std::string task = node.old_tasks[below(node.old_tasks.size())];
      tell_status(number, cluster, name, task, kStates[below(5)]);
    }
    if (node.old_volumes.empty()) return;
    const std::string volume = node.old_volumes[below(node.old_volumes.size())];
    if (below(2) == 0) {
      auto& failed = *tell(number, cluster).mutable_place_failed();
      failed.set_node(name);
      failed.set_volume_id(volume);
    } else {
      auto& released = *tell(number, cluster).mutable_place_released();
      released.set_node(name);
      released.set_volume_id(volume);
    }
  }
  void tell_status(std::size_t number, Cluster& cluster, const std::string& name, const std::string& task,
                   model::TaskState state) {
    auto& changed = *tell(number, cluster).mutable_task_status_changed();
    changed.set_node(name);
    changed.set_task_id(task);
    changed.set_state(state);
  }

  std::mt19937_64 random_;
  std::vector<Cluster> fleet_;
  std::vector<event::Event> events_;
  std::int64_t now_us_ = kBegin;
  int published_ = 0;
  Used used_;
};

}  // namespace esaas::store::testing
