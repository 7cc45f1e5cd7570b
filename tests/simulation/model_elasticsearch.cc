#include "tests/simulation/model_elasticsearch.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.h"

namespace esaas::simulation {

using State = ElasticsearchProcess::State;

bool work_together(const model::Version& one, const model::Version& other) {
  const auto text = [](const model::Version& v) { return fmt::format("{}.{}.{}", v.major, v.minor, v.patch); };
  if (one == other) return true;
  const auto [older, newer] = std::minmax(one, other);
  return model::upgrade_path(text(older), text(newer)).kind == model::UpgradeKind::kRolling;
}

ModelElasticsearch::ModelElasticsearch(test::SimulationClock& clock, test::Prng prng, ElasticsearchTimings timings)
    : clock_(clock), prng_(prng), timings_(timings) {}

void ModelElasticsearch::start(const std::string& process, ElasticsearchLaunch launch, const std::string& volume) {
  ESAAS_ASSERT(!processes_.contains(process), "a process is started once");
  ElasticsearchProcess& started = processes_[process];
  started.id = process;
  started.volume = volume;
  started.minimum_master_nodes = launch.minimum_master_nodes;
  started.launch = std::move(launch);
  started.node_id = fmt::format("{:016x}", prng_.next());
  clock_.after(prng_.between(timings_.start_min, timings_.start_max), [this, process] { came_up(process); });
}

void ModelElasticsearch::came_up(const std::string& process) {
  const auto found = processes_.find(process);
  if (found == processes_.end() || found->second.state != State::kStarting) return;
  ElasticsearchProcess& started = found->second;
  for (const auto& [id, other] : processes_) {
    if (id == process || other.state == State::kStarting) continue;
    if (other.volume == started.volume) {
      return end(process, true, "failed to obtain node lock, is the following location writable?");
    }
    if (other.launch.host == started.launch.host && (other.launch.http_port == started.launch.http_port ||
                                                     other.launch.transport_port == started.launch.transport_port)) {
      return end(process, true, "BindException[Address already in use]");
    }
  }
  DataDirectory& directory = directories_[started.volume];
  if (started.launch.version < directory.version) {
    return end(process, true, "cannot downgrade a node from a later version");
  }
  directory.version = started.launch.version;
  if (started.launch.version.major >= 5) {
    if (directory.node_id.empty()) directory.node_id = started.node_id;
    started.node_id = directory.node_id;
  }
  started.state = State::kUp;
  reconsider(started.launch.cluster);
}

void ModelElasticsearch::stop(const std::string& process) {
  const auto found = processes_.find(process);
  if (found == processes_.end() || found->second.state == State::kStopping) return;
  const bool was_up = found->second.state == State::kUp;
  found->second.state = State::kStopping;
  if (was_up) {
    if (ElectedCluster* cluster = cluster_of(found->second.launch.cluster, found->second.node_id)) {
      cluster->set_responsive(found->second.node_id, false);
    }
    detect_later(found->second.launch.cluster, timings_.fault_detection);
  }
  clock_.after(prng_.between(timings_.stop_min, timings_.stop_max), [this, process] { end(process, false, ""); });
}

void ModelElasticsearch::kill(const std::string& process) { end(process, false, "killed"); }

void ModelElasticsearch::end(const std::string& process, bool failed, const std::string& why) {
  const auto found = processes_.find(process);
  if (found == processes_.end()) return;
  const std::string cluster = found->second.launch.cluster;
  if (ElectedCluster* joined = cluster_of(cluster, found->second.node_id)) {
    joined->set_responsive(found->second.node_id, false);
    detect_later(cluster, timings_.fault_detection);
  }
  processes_.erase(found);
  tell_exit({process, failed, why});
}

/// Later, so that nobody is called from within their own call.
void ModelElasticsearch::tell_exit(ProcessExit exit) {
  clock_.after(Duration{0}, [this, exit = std::move(exit)] { exited_(exit); });
}

void ModelElasticsearch::destroy_volume(const std::string& volume) {
  const auto found = directories_.find(volume);
  if (found == directories_.end()) return;
  for (auto& [name, clusters] : clusters_) {
    for (const auto& cluster : clusters) {
      const auto member = std::ranges::find_if(
          cluster->members(), [&](const auto& entry) { return entry.second.directory == &found->second; });
      if (member == cluster->members().end()) continue;
      const std::string id = member->first;  // a copy: the member goes
      cluster->remove(id);
      detect_later(name, timings_.fault_detection);
    }
  }
  directories_.erase(found);
}

void ModelElasticsearch::set_isolated(const std::string& host, bool isolated) {
  if (isolated == isolated_.contains(host)) return;
  if (isolated) {
    isolated_.insert(host);
  } else {
    isolated_.erase(host);
  }
  for (const auto& [id, process] : processes_) {
    if (process.launch.host != host || process.state != State::kUp) continue;
    if (ElectedCluster* cluster = cluster_of(process.launch.cluster, process.node_id)) {
      cluster->set_responsive(process.node_id, !isolated);
    }
    detect_later(process.launch.cluster, isolated ? timings_.partition_detection : timings_.fault_detection);
  }
}

void ModelElasticsearch::set_silent(const std::string& cluster, bool silent) {
  if (silent) {
    silent_.insert(cluster);
  } else {
    silent_.erase(cluster);
  }
}

bool ModelElasticsearch::write_document(const std::string& cluster, const std::string& index) {
  ElectedCluster* led = led_cluster(cluster);
  const auto written = led == nullptr ? std::nullopt : led->write_document(index);
  if (!written) return false;
  acknowledged_[{cluster, written->first}] = written->second;
  return true;
}

void ModelElasticsearch::forget(const std::string& cluster) {
  snapshots_.erase(cluster);
  std::erase_if(acknowledged_, [&](const auto& entry) { return entry.first.first == cluster; });
}

ElectedCluster* ModelElasticsearch::led_cluster(const std::string& name) const {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return nullptr;
  for (const auto& cluster : found->second) {
    if (!cluster->master().empty()) return cluster.get();
  }
  return nullptr;
}

std::size_t ModelElasticsearch::masters_of(const std::string& name) const {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(found->second, [](const auto& cluster) { return !cluster->master().empty(); }));
}

std::vector<LostDocuments> ModelElasticsearch::lost_documents() const {
  std::map<std::string, std::vector<const DataDirectory*>> by_cluster;
  // A volume says by its metadata which cluster it belongs to; uuids differ where names are used again.
  for (const auto& [volume, directory] : directories_) {
    by_cluster[volume.substr(0, volume.find('.'))].push_back(&directory);
  }
  std::vector<LostDocuments> lost;
  for (const auto& [key, acknowledged] : acknowledged_) {
    std::uint64_t held = 0;
    for (const DataDirectory* directory : by_cluster[key.first]) {
      const auto copy = directory->copies.find(key.second);
      if (copy != directory->copies.end()) held = std::max(held, copy->second.documents);
    }
    if (held < acknowledged) lost.push_back({key.first, key.second, acknowledged, held});
  }
  return lost;
}

std::vector<std::string> ModelElasticsearch::last_copies_on(const std::string& cluster, const std::string& volume,
                                                            bool restarts) const {
  std::vector<std::string> last;
  const auto here = directories_.find(volume);
  if (here == directories_.end()) return last;
  const ElectedCluster* led = restarts ? led_cluster(cluster) : nullptr;
  for (const auto& [key, copy] : here->second.copies) {
    if (led != nullptr) {
      const auto index = led->metadata().indices.find(key.index);
      if (index != led->metadata().indices.end() && index->second.closed) continue;
    }
    const auto acknowledged = acknowledged_.find({cluster, key});
    const std::uint64_t needed = acknowledged == acknowledged_.end() ? 0 : acknowledged->second;
    if (copy.documents < needed || needed == 0) continue;
    const bool elsewhere = std::ranges::any_of(processes_, [&](const auto& entry) {
      const ElasticsearchProcess& process = entry.second;
      if (process.launch.cluster != cluster || process.volume == volume) return false;
      if (process.state != State::kUp && !restarts) return false;
      const auto directory = directories_.find(process.volume);
      if (directory == directories_.end()) return false;
      const auto other = directory->second.copies.find(key);
      return other != directory->second.copies.end() && other->second.documents >= needed;
    });
    if (!elsewhere) last.push_back(key.index + "/" + std::to_string(key.shard));
  }
  return last;
}

}  // namespace esaas::simulation
