#include "bench/http_vs_etcd/peers.h"

#include <fmt/format.h>

#include <fstream>

namespace esaas::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartMax{30};

const std::string& value_of_100_bytes() {
  static const std::string kValue(100, 'v');
  return kValue;
}

/// Base64 of what the v3 gateway gets; lengths divisible by three need no padding.
std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const auto group = static_cast<std::uint32_t>((static_cast<unsigned char>(bytes[i]) << 16U) |
                                                  (static_cast<unsigned char>(bytes[i + 1]) << 8U) |
                                                  static_cast<unsigned char>(bytes[i + 2]));
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += kDigits[(group >> shift) & 63U];
  }
  return text;
}

}  // namespace

Result<Peer> start_etcd(const fs::path& folder) {
  fs::create_directories(folder);
  Peer peer{"etcd", free_port(), "", nullptr};
  const std::string client = fmt::format("http://127.0.0.1:{}", peer.port);
  const std::string server = fmt::format("http://127.0.0.1:{}", free_port());
  ESAAS_TRY(auto process,
            ServerProcess::start({"etcd", "--name", "bench", "--data-dir", (folder / "data").string(), "--enable-v2",
                                  "--listen-client-urls", client, "--advertise-client-urls", client,
                                  "--listen-peer-urls", server, "--initial-advertise-peer-urls", server,
                                  "--initial-cluster", "bench=" + server, "--log-level", "error"},
                                 folder / "output.log"));
  peer.process = std::make_unique<ServerProcess>(std::move(process));
  ESAAS_CHECK(peer.process->wait_until(
      [&] { return ask_once(peer.port, http_request("GET", "/health", "")).has_value(); }, kStartMax));
  return peer;
}

std::string etcd_put_v2(const Peer&, std::uint64_t n) {
  const std::string body = "value=" + value_of_100_bytes();
  return fmt::format(
      "PUT /v2/keys/bench/{:03} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: {}\r\n\r\n{}",
      n % 1000, body.size(), body);
}

std::string etcd_put_v3(const Peer&, std::uint64_t n) {
  static const std::string kValue = base64(value_of_100_bytes().substr(0, 99));
  const std::string key = base64(fmt::format("bench/{:03}", n % 1000));
  return http_request("POST", "/v3/kv/put", fmt::format(R"({{"key":"{}","value":"{}"}})", key, kValue));
}

namespace {

/// There is no Mesos behind this master's address: what is measured is the API, `decide` and the log.
void write_config(const fs::path& file, const fs::path& data, std::uint16_t port) {
  std::ofstream(file) << fmt::format(
      "data_dir = \"{}\"\n[http]\nlisten = \"127.0.0.1:{}\"\n[mesos]\nmaster = \"http://127.0.0.1:1\"\n"
      "[[elasticsearch]]\nversion = \"2.3.3\"\nuri = \"file:///none.tar.gz\"\n[log]\nlevel = \"error\"\n",
      data.string(), port);
}

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

constexpr const char* kCreate =
    R"({"name":"bench","tenant":"bench","spec":{"version":"2.3.3","node_groups":[{"name":"data","roles":["master","data"],)"
    R"("count":3,"resources":{"cpus_milli":1000,"mem_mib":1024,"disk_mib":1024}}]}})";

}  // namespace

Result<Peer> start_esaas(const fs::path& program, const fs::path& folder) {
  fs::create_directories(folder);
  Peer peer{"esaas", free_port(), "", nullptr};
  write_config(folder / "esaas.toml", folder / "data", peer.port);
  ESAAS_TRY(auto process,
            ServerProcess::start({program.string(), "serve", "--config", (folder / "esaas.toml").string()},
                                 folder / "output.log"));
  peer.process = std::make_unique<ServerProcess>(std::move(process));
  ESAAS_CHECK(peer.process->wait_until(
      [&] { return ask_once(peer.port, http_request("GET", "/healthz", "")).has_value(); }, kStartMax));
  peer.headers = "Authorization: Bearer " + first_line(folder / "data" / "admin-token") + "\r\n";
  ESAAS_CHECK(ask_once(peer.port, http_request("POST", "/v1/tenants", R"({"name":"bench"})", peer.headers)));
  ESAAS_CHECK(ask_once(peer.port, http_request("POST", "/v1/clusters", kCreate, peer.headers)));
  return peer;
}

std::string esaas_label(const Peer& peer, std::uint64_t n) {
  return http_request("PATCH", "/v1/clusters/bench/labels",
                      fmt::format(R"({{"labels":[{{"key":"k{}","value":"{:06}"}}]}})", n % 10, n), peer.headers);
}

std::string esaas_batch(const Peer& peer, std::uint64_t n, std::size_t size) {
  std::string body = R"({"operations":[)";
  for (std::size_t i = 0; i < size; ++i) {
    fmt::format_to(std::back_inserter(body),
                   R"({}{{"cluster":"bench","request":{{"label":{{"labels":[{{"key":"k{}","value":"{:06}"}}]}}}}}})",
                   i == 0 ? "" : ",", i % 10, n * size + i);
  }
  return http_request("POST", "/v1/operations/batch", body + "]}", peer.headers);
}

}  // namespace esaas::bench
