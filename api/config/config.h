#pragma once
// Config: all that `esaas serve` may be told, from one TOML file. A plain value; immutable once loaded. Secrets are
// never in it, only the names of the files that hold them. Every field is explained, with its default, in
// api/config/esaas.example.toml, which a test keeps complete.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/http/limits.h"
#include "api/logging/log.h"
#include "reconcilers/adoption.h"
#include "reconcilers/effects/mesos/master_address.h"

namespace esaas::api::config {

struct HttpConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9080;
  std::uint32_t threads = 0;  ///< 0: one, or one for every two cores beyond two
  bool allow_plain_remote = false;
  std::filesystem::path certificate_file;
  std::filesystem::path key_file;
  http::Limits limits;
};

/// The embedded Mesos that `serve` starts when it is asked to (reconcilers/embedded/embedded_config.h says more).
struct EmbeddedMesosConfig {
  std::uint16_t port = 5050;  ///< of its HTTP API, on 127.0.0.1
  std::uint32_t agents = 6;
  std::uint32_t cpus_milli = 0;            ///< of each agent; 0: 4 cpus
  std::uint32_t mem_mib = 0;               ///< 0: three quarters of the host's by the number of agents
  std::uint32_t disk_mib = 0;              ///< 0: half of what is free by the number of agents
  std::uint32_t revocable_cpus_milli = 0;  ///< lent besides, for preemptible nodes
  std::uint32_t revocable_mem_mib = 0;
  std::string first_agent_address = "127.0.0.11";
  std::uint32_t first_port = 31'000;
  std::uint32_t ports = 1'000;
  std::uint32_t racks = 3;
  std::uint32_t zones = 0;  ///< 0: agents have no fault domain
};

/// A file that holds a secret, and the line that names it, for a mistake that is found only when it is read.
struct SecretFile {
  std::filesystem::path path;  ///< empty: none is named
  std::uint32_t line = 0;
};

struct MesosConfig {
  std::string master;            ///< as written; required unless embedded
  mesos::MasterAddress masters;  ///< what it says; of meaning unless embedded
  bool embedded = false;
  EmbeddedMesosConfig embedded_mesos;
  SecretFile credentials_file;         ///< "PRINCIPAL SECRET" in one line
  SecretFile zookeeper_password_file;  ///< of the user in "zk://USER@..."; one line
  bool tls = false;                    ///< to masters that are found through ZooKeeper
  std::filesystem::path ca_file;       ///< for masters that speak TLS; empty: the system's
  std::string framework_name = "esaas";
  std::string framework_id;  ///< of the framework that a start with an empty log takes over; empty: a new one
  reconcile::OrphanPolicy orphans = reconcile::OrphanPolicy::kAdopt;
  reconcile::UnknownTaskPolicy unknown_tasks = reconcile::UnknownTaskPolicy::kAdopt;
  std::string task_user = "nobody";  ///< tasks run as this user
  std::chrono::seconds failover_timeout{7 * 24 * 3600};
};

/// A plugin that may be installed on nodes of one version by its name alone.
struct PluginConfig {
  std::string name;
  std::string uri;
  std::string sha256;
};

/// One version of Elasticsearch that may be launched.
struct ArtifactConfig {
  std::string version;
  std::string uri;
  std::string sha256;
  std::string directory;
  std::string java_home;
  bool small = false;  ///< profile "small"
  bool allow_root = false;
  std::string repository_root;  ///< with the tenant's name the nodes' path.repo; empty: no shared file system
  std::vector<PluginConfig> plugins;
};

/// One version of Kibana that may be installed.
struct KibanaConfig {
  std::string version;
  std::string uri;
  std::string sha256;
  std::string directory;
  std::string node;           ///< the Node.js program: a path on the agents, or within the folder
  std::string elasticsearch;  ///< the version of Elasticsearch that it is installed for by itself
};

/// Backups of the log, for `esaas restore`.
struct BackupConfig {
  std::filesystem::path folder;    ///< better on another disk; empty: none are taken
  std::chrono::seconds period{0};  ///< 0: only when asked
  std::size_t keep = 7;            ///< when one is taken by the period, so many stay
  bool with_secrets = false;       ///< of those that are taken by the period
  std::uint64_t kib_per_second_max = 0;  ///< so fast they are written at the most; 0: as fast as the disk
};

struct LogConfig {
  log::Level level = log::Level::kInfo;
  log::Format format = log::Format::kText;
};

struct Config {
  std::filesystem::path data_dir;
  HttpConfig http;
  MesosConfig mesos;
  std::vector<ArtifactConfig> artifacts;
  std::string haproxy_program = "haproxy";  ///< on the agents
  std::vector<KibanaConfig> kibanas;
  LogConfig log;
  BackupConfig backup;
  std::chrono::seconds digest_period{3600};     ///< the log is signed this often when it grows; 0: when asked
  std::uint64_t snapshot_events = 100'000;     ///< a snapshot after this many events
  std::uint64_t free_space_reserve_mib = 512;  ///< below it changes are refused
  std::uint64_t queued_commands_max = 16'384;
  std::chrono::seconds budget_check{300};  ///< what tenants have spent is looked at this often
};

}  // namespace esaas::api::config
