#include "tests/simulation/elasticsearch_launch.h"

#include <charconv>
#include <optional>
#include <set>

namespace esaas::simulation {
namespace {

using Settings = std::map<std::string, std::string, std::less<>>;

std::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "Elasticsearch would not start as it is meant: " + what);
}

Result<std::string> required(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  if (found == settings.end() || found->second.empty()) return bad(key + " is missing");
  return found->second;
}

Result<std::uint32_t> number(const Settings& settings, const std::string& key) {
  ESAAS_TRY(const std::string text, required(settings, key));
  std::uint32_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return bad(key + "=" + text + " is no number");
  return value;
}

Result<bool> flag(const Settings& settings, const std::string& key) {
  ESAAS_TRY(const std::string text, required(settings, key));
  if (text != "true" && text != "false") return bad(key + "=" + text + " is neither true nor false");
  return text == "true";
}

Result<void> must_be(const Settings& settings, const std::string& key, const std::string& value) {
  ESAAS_TRY(const std::string text, required(settings, key));
  if (text != value) return bad(key + " is " + text + ", not " + value);
  return {};
}

/// The version that is unpacked: "elasticsearch-7.17.28" is where the program is.
Result<model::Version> version_of(std::string_view line) {
  constexpr std::string_view kHome = "home=$(readlink -f 'elasticsearch-";
  const auto begin = line.find(kHome);
  if (begin == std::string_view::npos) return bad("nothing says where the program is");
  const std::string_view rest = line.substr(begin + kHome.size());
  const std::string_view text = rest.substr(0, rest.find('\''));
  const auto version = model::parse_version(text);
  if (!version) return bad("\"" + std::string(text) + "\" is no version");
  return *version;
}

Result<Settings> read_settings(const std::vector<std::string>& words, std::string_view option) {
  constexpr std::string_view kProgram = "/bin/elasticsearch";
  if (words.size() < 2 || words[0] != "exec" || !words[1].ends_with(kProgram)) {
    return bad("the last command does not exec bin/elasticsearch");
  }
  Settings settings;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto equals = word.find('=');
    if (!word.starts_with(option) || equals == std::string::npos) return bad("the argument " + word);
    std::string key = word.substr(option.size(), equals - option.size());
    if (!settings.emplace(key, word.substr(equals + 1)).second) return bad(key + " is set twice");
  }
  return settings;
}

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Result<std::vector<std::string>> seeds(const Settings& settings, const std::string& key) {
  ESAAS_TRY(const std::string text, required(settings, key));
  std::vector<std::string> hosts = list_of(text);
  for (const std::string& host : hosts) {
    if (host.find(':') == std::string::npos) return bad("the seed host \"" + host + "\" has no port");
  }
  return hosts;
}

/// From 5 on, of the options of the Java virtual machine: as large at the beginning as at the most.
Result<std::uint32_t> heap_of_options(std::string_view line) {
  const auto size_of = [&](std::string_view option) -> std::uint32_t {
    const auto at = line.find(option);
    std::uint32_t value = 0;
    if (at == std::string_view::npos) return value;
    const char* begin = line.data() + at + option.size();
    const auto end = std::from_chars(begin, line.data() + line.size(), value);
    return end.ec == std::errc{} && std::string_view(end.ptr, 2) == "m'" ? value : 0;
  };
  const std::uint32_t value = size_of("'-Xms");
  if (value == 0 || value != size_of("'-Xmx")) return bad("-Xms and -Xmx are not one size");
  return value;
}

Result<std::uint32_t> heap_of_environment(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("ES_HEAP_SIZE");
  if (found == environment.end()) return bad("ES_HEAP_SIZE is missing");
  std::uint32_t value = 0;
  const std::string& text = found->second;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{} || std::string_view(end.ptr) != "m" || value == 0) return bad("ES_HEAP_SIZE=" + text);
  return value;
}

/// What each version has its own names for.
Result<void> read_discovery(const Settings& settings, ElasticsearchLaunch& launch) {
  if (launch.version.major >= 7) {
    ESAAS_TRY(launch.transport_port, number(settings, "transport.port"));
    ESAAS_TRY(launch.seed_hosts, seeds(settings, "discovery.seed_hosts"));
    const auto first = settings.find("cluster.initial_master_nodes");
    if (first != settings.end()) launch.initial_master_nodes = list_of(first->second);
    if (settings.contains("discovery.zen.minimum_master_nodes")) return bad("masters are counted in 7.x");
    return {};
  }
  ESAAS_TRY(launch.transport_port, number(settings, "transport.tcp.port"));
  ESAAS_TRY(launch.seed_hosts, seeds(settings, "discovery.zen.ping.unicast.hosts"));
  ESAAS_TRY(launch.minimum_master_nodes, number(settings, "discovery.zen.minimum_master_nodes"));
  if (launch.minimum_master_nodes == 0) return bad("discovery.zen.minimum_master_nodes is 0");
  if (launch.version.major < 5) ESAAS_CHECK(must_be(settings, "discovery.zen.ping.multicast.enabled", "false"));
  return must_be(settings, "node.max_local_storage_nodes", "1");
}

/// Reads one word from the front of `line`; nothing at its end.
class WordReader {
 public:
  explicit WordReader(std::string_view line) : line_(line) {}

  Result<std::optional<std::string>> next() {
    while (!line_.empty() && line_.front() == ' ') line_.remove_prefix(1);
    if (line_.empty()) return std::nullopt;
    std::string word;
    while (!line_.empty() && line_.front() != ' ') {
      const char c = line_.front();
      if (c == '\'' || c == '"') {
        const auto end = line_.find(c, 1);
        if (end == std::string_view::npos) return bad("a quote is open");
        word += line_.substr(1, end - 1);
        line_.remove_prefix(end + 1);
      } else if (c == '\\' && line_.size() > 1) {
        word += line_[1];
        line_.remove_prefix(2);
      } else {
        word += c;
        line_.remove_prefix(1);
      }
    }
    return word;
  }

 private:
  std::string_view line_;
};

}  // namespace

Result<std::vector<std::string>> words_of_last_command(std::string_view line) {
  std::vector<std::string> words;
  WordReader reader(line);
  while (true) {
    ESAAS_TRY(std::optional<std::string> word, reader.next());
    if (!word) break;
    if (*word == "&&") {
      words.clear();
    } else {
      words.push_back(std::move(*word));
    }
  }
  for (const std::string& word : words) {
    for (auto dollar = word.find('$'); dollar != std::string::npos; dollar = word.find('$', dollar + 1)) {
      if (word.compare(dollar, 4, "$PWD") != 0 && !word.ends_with("path.data=$volume") && !word.starts_with("$home/")) {
        return bad("an expansion in " + word);
      }
    }
  }
  return words;
}

Result<ElasticsearchLaunch> parse_launch(std::string_view command,
                                         const std::map<std::string, std::string>& environment) {
  ESAAS_TRY(const auto words, words_of_last_command(command));
  ElasticsearchLaunch launch;
  ESAAS_TRY(launch.version, version_of(command));
  const bool is_old = launch.version.major < 5;
  ESAAS_TRY(const Settings settings, read_settings(words, is_old ? "-Des." : "-E"));
  ESAAS_TRY(launch.cluster, required(settings, "cluster.name"));
  ESAAS_TRY(launch.node, required(settings, "node.name"));
  ESAAS_TRY(launch.host, required(settings, "network.host"));
  ESAAS_TRY(launch.http_port, number(settings, "http.port"));
  ESAAS_TRY(launch.master_eligible, flag(settings, "node.master"));
  ESAAS_TRY(launch.holds_data, flag(settings, "node.data"));
  ESAAS_CHECK(read_discovery(settings, launch));
  ESAAS_TRY(launch.heap_mib, is_old ? heap_of_environment(environment) : heap_of_options(command));
  ESAAS_CHECK(must_be(settings, "path.data", "$volume"));
  if (launch.http_port == launch.transport_port) return bad("HTTP and transport share a port");
  return launch;
}

Result<ElasticsearchLaunch> parse_launch(const model::LaunchSpec& spec) {
  std::map<std::string, std::string> environment;
  for (const auto& variable : spec.environment()) environment[variable.name()] = variable.value();
  return parse_launch(spec.command(), environment);
}

}  // namespace esaas::simulation
