#include "api/config/load.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <set>

#include "api/config/table_reader.h"
#include "api/http/listening.h"
#include "core/model/version.h"

namespace esaas::api::config {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

struct Reading {
  std::filesystem::path directory;
  const Environment& environment;
  std::vector<Mistake> mistakes;
};

/// "127.0.0.1:9080" or "[::1]:9080".
void read_listen(TableReader& reader, HttpConfig& http) {
  std::string listen;
  reader.text("listen", listen);
  if (listen.empty()) return;
  const auto colon = listen.rfind(':');
  const auto port_text = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const bool digits =
      !port_text.empty() && port_text.size() <= 5 && port_text.find_first_not_of("0123456789") == std::string::npos;
  const auto port = digits ? std::stoul(port_text) : 65'536;
  if (port > 65'535) return reader.mistake("listen", "is not ADDRESS:PORT, such as 127.0.0.1:9080");
  http.address = listen.substr(0, colon);
  if (http.address.starts_with('[') && http.address.ends_with(']')) {
    http.address = http.address.substr(1, http.address.size() - 2);
  }
  http.port = static_cast<std::uint16_t>(port);
  if (!http::parse_listen_address(http.address)) {
    reader.mistake("listen", "begins with \"" + http.address + "\", which is no IP address");
  }
}

/// What the server would refuse to do, said with the line of the file.
void check_exposure(TableReader& reader, const HttpConfig& http) {
  const auto address = http::parse_listen_address(http.address);
  const bool tls = !http.certificate_file.empty() || !http.key_file.empty();  // half of them is another mistake
  if (!address || reader.has_mistake("allow_plain_remote")) return;
  if (http::shows_tokens(*address, tls, http.allow_plain_remote)) {
    reader.mistake("listen", std::string(http::kShowsTokens));
  }
}

void read_limits(const toml::table* table, http::Limits& limits, Reading& reading) {
  TableReader reader(table, "http.limits.", reading.mistakes);
  const auto kib = [&](std::string_view key, std::uint64_t bytes, std::uint64_t most_kib) {
    return reader.number(key, bytes / 1024, 1, most_kib) * 1024;
  };
  const auto wait = [&](std::string_view key, milliseconds otherwise) {
    return milliseconds(reader.number(key, static_cast<std::uint64_t>(otherwise.count()), 10, 3'600'000));
  };
  limits.header_bytes_max = static_cast<std::uint32_t>(kib("header_kib_max", limits.header_bytes_max, 1024));
  limits.body_bytes_max = kib("body_kib_max", limits.body_bytes_max, 65'536);
  limits.batch_body_bytes_max = kib("batch_body_kib_max", limits.batch_body_bytes_max, 65'536);
  limits.batch_operations_max = reader.number("batch_operations_max", limits.batch_operations_max, 1, 16'384);
  limits.connections_max = reader.number("connections_max", limits.connections_max, 1, 100'000);
  limits.streams_max = reader.number("streams_max", limits.streams_max, 1, 10'000);
  limits.idle_timeout = wait("idle_timeout_ms", limits.idle_timeout);
  limits.header_timeout = wait("header_timeout_ms", limits.header_timeout);
  limits.body_timeout = wait("body_timeout_ms", limits.body_timeout);
  limits.answer_timeout = wait("answer_timeout_ms", limits.answer_timeout);
  limits.write_timeout = wait("write_timeout_ms", limits.write_timeout);
  limits.shutdown_grace = wait("shutdown_grace_ms", limits.shutdown_grace);
  reader.done();
  if (limits.batch_body_bytes_max < limits.body_bytes_max) {
    reader.mistake("batch_body_kib_max", "is below body_kib_max");
  }
}

void read_http(const toml::table* table, HttpConfig& http, Reading& reading) {
  TableReader reader(table, "http.", reading.mistakes);
  read_listen(reader, http);
  http.threads = static_cast<std::uint32_t>(reader.number("threads", http.threads, 0, 256));
  reader.flag("allow_plain_remote", http.allow_plain_remote);
  TableReader tls(reader.table("tls"), "http.tls.", reading.mistakes);
  tls.path("certificate_file", http.certificate_file, reading.directory);
  tls.path("key_file", http.key_file, reading.directory);
  tls.done();
  if (http.certificate_file.empty() != http.key_file.empty()) {
    tls.mistake(http.key_file.empty() ? "key_file" : "certificate_file", "is missing: TLS needs both files");
  }
  if (!tls.has_mistake("certificate_file") && !tls.has_mistake("key_file") && !reader.has_mistake("tls")) {
    check_exposure(reader, http);
  }
  read_limits(reader.table("limits"), http.limits, reading);
  reader.done();
}

void read_embedded(const toml::table* table, EmbeddedMesosConfig& embedded, Reading& reading) {
  TableReader reader(table, "mesos.embedded_mesos.", reading.mistakes);
  const auto number = [&](std::string_view key, std::uint32_t otherwise, std::uint64_t least, std::uint64_t most) {
    return static_cast<std::uint32_t>(reader.number(key, otherwise, least, most));
  };
  embedded.port = static_cast<std::uint16_t>(reader.number("port", embedded.port, 0, 65'535));
  embedded.agents = number("agents", embedded.agents, 1, 100);
  embedded.cpus_milli = number("cpus_milli", embedded.cpus_milli, 0, 1'000'000);
  embedded.mem_mib = number("mem_mib", embedded.mem_mib, 0, 16'777'216);
  embedded.disk_mib = number("disk_mib", embedded.disk_mib, 0, 1'073'741'824);
  embedded.revocable_cpus_milli = number("revocable_cpus_milli", embedded.revocable_cpus_milli, 0, 1'000'000);
  embedded.revocable_mem_mib = number("revocable_mem_mib", embedded.revocable_mem_mib, 0, 16'777'216);
  reader.text("first_agent_address", embedded.first_agent_address);
  embedded.first_port = number("first_port", embedded.first_port, 1024, 65'535);
  embedded.ports = number("ports", embedded.ports, 2, 60'000);
  embedded.racks = number("racks", embedded.racks, 1, 100);
  embedded.zones = number("zones", embedded.zones, 0, 100);
  reader.done();
  if (embedded.first_port + embedded.ports > 65'536) reader.mistake("ports", "go beyond port 65535");
  if (!embedded.first_agent_address.starts_with("127.")) {
    reader.mistake("first_agent_address", "is not in 127.0.0.0/8");
  }
}

/// Where the masters are, and whether what goes with it does.
void check_masters(TableReader& reader, MesosConfig& mesos, const Environment& environment) {
  auto parsed = mesos::parse_master_address(mesos.master);
  if (!parsed) return reader.mistake("master", "is wrong: " + parsed.error().detail);
  mesos.masters = std::move(*parsed);
  const mesos::ZookeeperGroup& group = mesos.masters.zookeeper;
  const bool password_given = !mesos.zookeeper_password_file.path.empty() || environment.zookeeper_password;
  if (!group.password.empty()) {
    return reader.mistake("master",
                          "holds a password: write zk://USER@HOST:PORT/PATH, and give the password by "
                          "zookeeper_password_file or in ESAAS_ZOOKEEPER_PASSWORD");
  }
  if (!group.user.empty() && !password_given) {
    reader.mistake("master", "names user \"" + group.user +
                                 "\" without a password: give it by zookeeper_password_file or in "
                                 "ESAAS_ZOOKEEPER_PASSWORD");
  }
  if (group.user.empty() && !mesos.zookeeper_password_file.path.empty()) {
    reader.mistake("zookeeper_password_file", "is given, but master names no user, as in zk://USER@HOST:PORT/PATH");
  }
  if (mesos.tls && !mesos.masters.in_zookeeper) {
    reader.mistake("tls", "is for masters that are found through ZooKeeper; a list says https://");
  }
  mesos.tls = mesos.tls || mesos.masters.tls;
}

/// One source for each secret.
void check_secrets(TableReader& reader, const MesosConfig& mesos, const Environment& environment) {
  if (mesos.embedded) return;  // it asks for none, and the environment may be that of several
  const bool principal = environment.mesos_principal.has_value();
  const bool secret = environment.mesos_secret.has_value();
  if (!mesos.credentials_file.path.empty() && (principal || secret)) {
    reader.mistake("credentials_file", std::string("is given, and so is ") +
                                           (principal ? "ESAAS_MESOS_PRINCIPAL" : "ESAAS_MESOS_SECRET") +
                                           " in the environment: only one of them may be");
  } else if (principal != secret) {
    reader.mistake("credentials_file", principal ? "is not given, and ESAAS_MESOS_PRINCIPAL is without "
                                                   "ESAAS_MESOS_SECRET in the environment"
                                                 : "is not given, and ESAAS_MESOS_SECRET is without "
                                                   "ESAAS_MESOS_PRINCIPAL in the environment");
  }
  if (principal && environment.mesos_principal->find(':') != std::string::npos) {
    reader.mistake("credentials_file",
                   "is not given, and ESAAS_MESOS_PRINCIPAL in the environment has a colon, which "
                   "HTTP basic authentication does not allow");
  }
  if (!mesos.zookeeper_password_file.path.empty() && environment.zookeeper_password) {
    reader.mistake("zookeeper_password_file",
                   "is given, and so is ESAAS_ZOOKEEPER_PASSWORD in the environment: only one of them may be");
  }
}

/// What becomes of that which Mesos holds for us and the log does not know.
void read_policies(TableReader& reader, MesosConfig& mesos) {
  std::string orphans(reconcile::name_of(mesos.orphans));
  reader.text("orphans", orphans);
  if (const auto policy = reconcile::orphan_policy_of(orphans)) {
    mesos.orphans = *policy;
  } else {
    reader.mistake("orphans", "is none of adopt, release and keep");
  }
  std::string unknown_tasks(reconcile::name_of(mesos.unknown_tasks));
  reader.text("unknown_tasks", unknown_tasks);
  if (const auto policy = reconcile::unknown_task_policy_of(unknown_tasks)) {
    mesos.unknown_tasks = *policy;
  } else {
    reader.mistake("unknown_tasks", "is none of adopt, report and kill");
  }
}

void read_mesos(const toml::table* table, MesosConfig& mesos, Reading& reading) {
  TableReader reader(table, "mesos.", reading.mistakes);
  const auto secret_file = [&](std::string_view key, SecretFile& file) {
    reader.path(key, file.path, reading.directory);
    const auto* node = table == nullptr ? nullptr : table->get(key);
    if (node != nullptr) file.line = static_cast<std::uint32_t>(node->source().begin.line);
  };
  reader.text("master", mesos.master);
  reader.flag("embedded", mesos.embedded);
  secret_file("credentials_file", mesos.credentials_file);
  secret_file("zookeeper_password_file", mesos.zookeeper_password_file);
  reader.flag("tls", mesos.tls);
  reader.path("ca_file", mesos.ca_file, reading.directory);
  reader.text("framework_name", mesos.framework_name);
  reader.text("framework_id", mesos.framework_id);
  read_policies(reader, mesos);
  reader.text("task_user", mesos.task_user);
  mesos.failover_timeout = std::chrono::seconds(
      reader.number("failover_timeout_s", static_cast<std::uint64_t>(mesos.failover_timeout.count()), 60, 31'536'000));
  read_embedded(reader.table("embedded_mesos"), mesos.embedded_mesos, reading);
  reader.done();
  if (mesos.embedded && !mesos.master.empty()) reader.mistake("master", "is given although embedded = true");
  if (!mesos.embedded && mesos.master.empty() && !reader.has_mistake("embedded")) {
    reader.mistake("master", "is missing: name the masters, or set embedded = true for a single machine");
  }
  if (!mesos.embedded && !mesos.master.empty()) check_masters(reader, mesos, reading.environment);
  check_secrets(reader, mesos, reading.environment);
  if (mesos.task_user == "root") reader.mistake("task_user", "is root: tasks run as another user");
}

void check_sha256(TableReader& reader, const std::string& sha256) {
  const bool hex = sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!sha256.empty() && (sha256.size() != 64 || !hex)) {
    reader.mistake("sha256", "is not 64 lower-case hexadecimal digits");
  }
}

void read_plugins(const toml::array* array, ArtifactConfig& artifact, Reading& reading) {
  if (array == nullptr) return;
  std::set<std::string> names;
  for (const auto& node : *array) {
    TableReader reader(node.as_table(), "elasticsearch.plugins.", reading.mistakes);
    PluginConfig plugin;
    reader.text("name", plugin.name);
    reader.text("uri", plugin.uri);
    reader.text("sha256", plugin.sha256);
    reader.done();
    if (plugin.name.empty()) reader.mistake("name", "is missing: as the archive's own description has it");
    if (plugin.uri.empty()) reader.mistake("uri", "is missing: where agents fetch the archive from");
    check_sha256(reader, plugin.sha256);
    if (!plugin.name.empty() && !names.insert(plugin.name).second) {
      reader.mistake("name", "is among the plugins of this version twice");
    }
    artifact.plugins.push_back(std::move(plugin));
  }
}

void read_artifacts(const toml::array* array, Config& config, Reading& reading) {
  if (array == nullptr) return;
  std::set<std::string> versions;
  for (const auto& node : *array) {
    TableReader reader(node.as_table(), "elasticsearch.", reading.mistakes);
    ArtifactConfig artifact;
    reader.text("version", artifact.version);
    reader.text("uri", artifact.uri);
    reader.text("sha256", artifact.sha256);
    reader.text("directory", artifact.directory);
    reader.text("java_home", artifact.java_home);
    std::string profile = "production";
    reader.text("profile", profile);
    reader.flag("allow_root", artifact.allow_root);
    reader.text("repository_root", artifact.repository_root);
    read_plugins(reader.tables("plugins"), artifact, reading);
    reader.done();
    if (artifact.allow_root && !artifact.version.starts_with("2.")) {
      reader.mistake("allow_root", "is for 2.x: later versions never run as root");
    }
    if (!artifact.repository_root.empty() && !artifact.repository_root.starts_with('/')) {
      reader.mistake("repository_root", "is not an absolute path");
    }
    artifact.small = profile == "small";
    if (profile != "small" && profile != "production") reader.mistake("profile", "is neither production nor small");
    if (artifact.version.empty()) reader.mistake("version", "is missing, such as \"2.3.3\"");
    if (artifact.uri.empty()) reader.mistake("uri", "is missing: where agents fetch the archive from");
    check_sha256(reader, artifact.sha256);
    if (!artifact.version.empty() && !versions.insert(artifact.version).second) {
      reader.mistake("version", "is in the catalogue twice");
    }
    config.artifacts.push_back(std::move(artifact));
  }
}

void read_kibanas(const toml::array* array, Config& config, Reading& reading) {
  if (array == nullptr) return;
  std::set<std::string> versions;
  std::set<std::string> defaults;
  for (const auto& node : *array) {
    TableReader reader(node.as_table(), "kibana.", reading.mistakes);
    KibanaConfig kibana;
    reader.text("version", kibana.version);
    reader.text("uri", kibana.uri);
    reader.text("sha256", kibana.sha256);
    reader.text("directory", kibana.directory);
    reader.text("node", kibana.node);
    reader.text("elasticsearch", kibana.elasticsearch);
    reader.done();
    if (kibana.version.empty()) reader.mistake("version", "is missing, such as \"5.1.1\"");
    if (kibana.uri.empty()) reader.mistake("uri", "is missing: where agents fetch the archive from");
    check_sha256(reader, kibana.sha256);
    if (!kibana.version.empty() && !versions.insert(kibana.version).second) {
      reader.mistake("version", "is there twice");
    }
    if (!kibana.elasticsearch.empty() && !model::kibana_works_with(kibana.version, kibana.elasticsearch)) {
      reader.mistake("elasticsearch",
                     "is " + kibana.elasticsearch + ", which Kibana " + kibana.version + " does not work with");
    }
    if (!kibana.elasticsearch.empty() && !defaults.insert(kibana.elasticsearch).second) {
      reader.mistake("elasticsearch", "has another Kibana already");
    }
    config.kibanas.push_back(std::move(kibana));
  }
}

void read_log(const toml::table* table, LogConfig& log, Reading& reading) {
  TableReader reader(table, "log.", reading.mistakes);
  std::string level = "info";
  std::string format = "text";
  reader.text("level", level);
  reader.text("format", format);
  reader.done();
  if (const auto parsed = log::parse_level(level)) {
    log.level = *parsed;
  } else {
    reader.mistake("level", "is none of debug, info, warning, error");
  }
  log.format = format == "json" ? log::Format::kJson : log::Format::kText;
  if (format != "json" && format != "text") reader.mistake("format", "is neither text nor json");
}

void read_backup(const toml::table* table, BackupConfig& backup, Reading& reading) {
  TableReader reader(table, "backup.", reading.mistakes);
  reader.path("directory", backup.folder, reading.directory);
  backup.period = std::chrono::seconds(reader.number("period_s", 0, 0, 31'536'000));
  backup.keep = reader.number("keep", backup.keep, 1, 10'000);
  reader.flag("with_secrets", backup.with_secrets);
  backup.kib_per_second_max = reader.number("kib_per_s_max", backup.kib_per_second_max, 0, 1'073'741'824);
  if (backup.folder.empty() && backup.period.count() != 0) {
    reader.mistake("period_s", "is given, and no backup.directory");
  }
  reader.done();
}

Config read_all(const toml::table& table, Reading& reading) {
  Config config;
  TableReader reader(&table, "", reading.mistakes);
  reader.path("data_dir", config.data_dir, reading.directory);
  if (config.data_dir.empty()) reader.mistake("data_dir", "is missing: where the event log is kept");
  read_http(reader.table("http"), config.http, reading);
  read_mesos(reader.table("mesos"), config.mesos, reading);
  read_artifacts(reader.tables("elasticsearch"), config, reading);
  TableReader haproxy(reader.table("haproxy"), "haproxy.", reading.mistakes);
  haproxy.text("program", config.haproxy_program);
  if (config.haproxy_program.empty()) haproxy.mistake("program", "is empty: a name on the agents' PATH, or a path");
  haproxy.done();
  read_kibanas(reader.tables("kibana"), config, reading);
  read_log(reader.table("log"), config.log, reading);
  TableReader store(reader.table("store"), "store.", reading.mistakes);
  config.snapshot_events = store.number("snapshot_events", config.snapshot_events, 100, 100'000'000);
  config.free_space_reserve_mib = store.number("free_space_reserve_mib", config.free_space_reserve_mib, 1, 1'048'576);
  store.done();
  TableReader digests(reader.table("digests"), "digests.", reading.mistakes);
  const auto period_s = static_cast<std::uint64_t>(config.digest_period.count());
  config.digest_period = std::chrono::seconds(digests.number("period_s", period_s, 0, 604'800));
  digests.done();
  TableReader controller(reader.table("controller"), "controller.", reading.mistakes);
  config.queued_commands_max = controller.number("queued_commands_max", config.queued_commands_max, 1, 1'000'000);
  const auto batch_max = config.http.limits.batch_operations_max;
  if (config.queued_commands_max < batch_max) {
    controller.mistake("queued_commands_max", "is below http.limits.batch_operations_max (" +
                                                  std::to_string(batch_max) + "): a full batch could never be taken");
  }
  controller.done();
  read_backup(reader.table("backup"), config.backup, reading);
  TableReader billing(reader.table("billing"), "billing.", reading.mistakes);
  config.budget_check = std::chrono::seconds(
      billing.number("budget_check_s", static_cast<std::uint64_t>(config.budget_check.count()), 1, 86'400));
  billing.done();
  reader.done();
  return config;
}

}  // namespace

std::string to_text(const std::vector<Mistake>& mistakes, std::string_view file) {
  std::string text;
  for (const auto& mistake : mistakes) {
    text += file;
    if (mistake.line != 0) text += ":" + std::to_string(mistake.line);
    text += ": ";
    if (!mistake.key.empty()) text += mistake.key + " ";
    text += mistake.detail + "\n";
  }
  return text;
}

Environment read_environment() {
  const auto value = [](const char* name) -> std::optional<std::string> {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return text;
  };
  return {.mesos_principal = value("ESAAS_MESOS_PRINCIPAL"),
          .mesos_secret = value("ESAAS_MESOS_SECRET"),
          .zookeeper_password = value("ESAAS_ZOOKEEPER_PASSWORD")};
}

std::expected<Config, std::vector<Mistake>> parse(std::string_view text, const std::filesystem::path& directory,
                                                  const Environment& environment) {
  const auto table = parse_masked(text);
  if (!table) return std::unexpected(std::vector{table.error()});
  Reading reading{directory, environment, {}};
  auto config = read_all(*table, reading);
  if (reading.mistakes.empty()) return config;
  std::ranges::stable_sort(reading.mistakes, {}, &Mistake::line);
  return std::unexpected(std::move(reading.mistakes));
}

std::expected<Config, std::vector<Mistake>> load(const std::filesystem::path& file, const Environment& environment) {
  const auto refuse = [](std::string detail) {
    return std::unexpected(std::vector{Mistake{0, "", std::move(detail)}});
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return refuse("is a folder, not a file");
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 4096> piece{};
  // `read` notes a failure in the stream, where an iterator over it would throw.
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kFileBytesMax) return refuse("is longer than a configuration can be");
  }
  if (!stream.is_open() || stream.bad()) return refuse("cannot be read");
  return parse(text, std::filesystem::absolute(file).parent_path(), environment);
}

}  // namespace esaas::api::config
