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

Result<Settings> read_settings(const std::vector<std::string>& words) {
  constexpr std::string_view kProgram = "/bin/elasticsearch";
  constexpr std::string_view kOption = "-Des.";
  if (words.size() < 2 || words[0] != "exec" || !words[1].ends_with(kProgram)) {
    return bad("the last command does not exec bin/elasticsearch");
  }
  Settings settings;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto equals = word.find('=');
    if (!word.starts_with(kOption) || equals == std::string::npos) return bad("the argument " + word);
    std::string key = word.substr(kOption.size(), equals - kOption.size());
    if (!settings.emplace(key, word.substr(equals + 1)).second) return bad(key + " is set twice");
  }
  return settings;
}

Result<std::vector<std::string>> seeds(const Settings& settings) {
  ESAAS_TRY(const std::string text, required(settings, "discovery.zen.ping.unicast.hosts"));
  std::vector<std::string> hosts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    std::string host = text.substr(begin, end - begin);
    if (host.find(':') == std::string::npos) return bad("the seed host \"" + host + "\" has no port");
    hosts.push_back(std::move(host));
    begin = end + 1;
  }
  return hosts;
}

Result<std::uint32_t> heap(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("ES_HEAP_SIZE");
  if (found == environment.end()) return bad("ES_HEAP_SIZE is missing");
  std::uint32_t value = 0;
  const std::string& text = found->second;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{} || std::string_view(end.ptr) != "m" || value == 0) return bad("ES_HEAP_SIZE=" + text);
  return value;
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
      if (word.compare(dollar, 4, "$PWD") != 0 && !word.ends_with(".path.data=$volume") &&
          !word.starts_with("$home/")) {
        return bad("an expansion in " + word);
      }
    }
  }
  return words;
}

Result<ElasticsearchLaunch> parse_launch(std::string_view command,
                                         const std::map<std::string, std::string>& environment) {
  ESAAS_TRY(const auto words, words_of_last_command(command));
  ESAAS_TRY(const Settings settings, read_settings(words));
  ElasticsearchLaunch launch;
  ESAAS_TRY(launch.cluster, required(settings, "cluster.name"));
  ESAAS_TRY(launch.node, required(settings, "node.name"));
  ESAAS_TRY(launch.host, required(settings, "network.host"));
  ESAAS_TRY(launch.http_port, number(settings, "http.port"));
  ESAAS_TRY(launch.transport_port, number(settings, "transport.tcp.port"));
  ESAAS_TRY(launch.master_eligible, flag(settings, "node.master"));
  ESAAS_TRY(launch.holds_data, flag(settings, "node.data"));
  ESAAS_TRY(launch.seed_hosts, seeds(settings));
  ESAAS_TRY(launch.minimum_master_nodes, number(settings, "discovery.zen.minimum_master_nodes"));
  ESAAS_TRY(launch.heap_mib, heap(environment));
  ESAAS_CHECK(must_be(settings, "path.data", "$volume"));
  ESAAS_CHECK(must_be(settings, "discovery.zen.ping.multicast.enabled", "false"));
  ESAAS_CHECK(must_be(settings, "node.max_local_storage_nodes", "1"));
  if (launch.http_port == launch.transport_port) return bad("HTTP and transport share a port");
  if (launch.minimum_master_nodes == 0) return bad("discovery.zen.minimum_master_nodes is 0");
  return launch;
}

Result<ElasticsearchLaunch> parse_launch(const model::LaunchSpec& spec) {
  std::map<std::string, std::string> environment;
  for (const auto& variable : spec.environment()) environment[variable.name()] = variable.value();
  return parse_launch(spec.command(), environment);
}

}  // namespace esaas::simulation
