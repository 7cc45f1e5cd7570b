// How many durable operations a second over HTTP, and how long does one take, beside etcd on the same disk and cores?
//
// Measured: a label change of one cluster (PATCH .../labels; and 100 of them in one batch request) against an etcd put
// of 100 bytes, both answered only after fsync, by one closed-loop generator of one thread that shares the cores. Not
// the same work: ours decides, checks the token, and stores an event with index entries; etcd stores a key. The peer is
// etcd's put of version 3, asked over HTTP/1.1 as we are, through etcd's own JSON gateway. The put of version 2, an
// older store without revisions that etcd keeps for old clients, is shown beside it. gRPC would spare etcd the gateway;
// no gRPC client is among this project's packages. Budget: 2x etcd at 256 connections, 10x by the batch endpoint, no
// slower at 1.
//
// Usage: http_vs_etcd [PATH OF esaas]. Exit code 0 also when a budget is missed: figures are for reading, they are
// marked.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "bench/http_vs_etcd/peers.h"
#include "bench/smoke.h"

namespace esaas::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBatch = 100;

struct Way {
  const char* name;
  const Peer* peer;
  std::function<std::string(std::uint64_t)> request;
  std::uint64_t operations_per_request = 1;
};

Result<Figures> measure(const Way& way, std::size_t connections) {
  Load load;
  load.port = way.peer->port;
  load.connections = connections;
  load.warm_up = std::chrono::milliseconds{size_of_run(1000, 100)};
  load.duration = std::chrono::milliseconds{size_of_run(5000, 300)};
  load.request = way.request;
  load.operations_per_request = way.operations_per_request;
  return run_load(load);
}

Result<Figures> print(const Way& way, std::size_t connections) {
  auto figures = measure(way, connections);
  if (!figures) {
    figures.error().detail = std::string(way.name) + ": " + figures.error().detail;
    return figures;
  }
  fmt::print("{:<26} {:>5} {:>12.0f} {:>10.2f} {:>10.2f}\n", way.name, connections, figures->operations_per_second,
             static_cast<double>(figures->p50.count()) / 1000, static_cast<double>(figures->p99.count()) / 1000);
  return figures;
}

void verdict(const char* what, double ours, double theirs, double aim) {
  const double times = theirs > 0 ? ours / theirs : 0;
  fmt::print("{:<44} {:>6.2f}x etcd (aim {:.0f}x) {}\n", what, times, aim, times >= aim ? "met" : "MISSED");
}

Result<void> run(const fs::path& program, const fs::path& folder) {
  ESAAS_TRY(const Peer etcd, start_etcd(folder / "etcd"));
  ESAAS_TRY(const Peer esaas, start_esaas(program, folder / "esaas"));
  const Way ways[] = {
      {"esaas labels", &esaas, [&](std::uint64_t n) { return esaas_label(esaas, n); }},
      {"etcd v2 put", &etcd, [&](std::uint64_t n) { return etcd_put_v2(etcd, n); }},
      {"etcd v3 put (JSON gateway)", &etcd, [&](std::uint64_t n) { return etcd_put_v3(etcd, n); }},
  };
  const Way batch{"esaas batch of 100", &esaas, [&](std::uint64_t n) { return esaas_batch(esaas, n, kBatch); }, kBatch};
  fmt::print("{:<26} {:>5} {:>12} {:>10} {:>10}\n", "durable operations", "conns", "per second", "p50 ms", "p99 ms");
  double ours_one = 0, theirs_one = 0, ours_many = 0, theirs_many = 0, older_many = 0, older_one = 0;
  for (const std::size_t connections : {1UL, 64UL, 256UL}) {
    ESAAS_TRY(const Figures ours, print(ways[0], connections));
    ESAAS_TRY(const Figures v2, print(ways[1], connections));
    ESAAS_TRY(const Figures v3, print(ways[2], connections));
    ours_many = ours.operations_per_second;
    theirs_many = v3.operations_per_second;
    older_many = v2.operations_per_second;
    if (connections == 1) {
      ours_one = ours_many;
      theirs_one = theirs_many;
      older_one = older_many;
    }
  }
  ESAAS_TRY(const Figures batched, print(batch, 16));
  verdict("1 connection", ours_one, theirs_one, 1);
  verdict("256 connections", ours_many, theirs_many, 2);
  verdict("batches of 100, 16 connections", batched.operations_per_second, theirs_many, 10);
  fmt::print("beside version 2: {:.2f}x at 1 connection, {:.2f}x at 256, {:.2f}x in batches\n", ours_one / older_one,
             ours_many / older_many, batched.operations_per_second / older_many);
  return {};
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  const fs::path program =
      argc > 1 ? fs::path(argv[1]) : fs::read_symlink("/proc/self/exe").parent_path() / "../../api/esaas";
  std::string pattern = (fs::temp_directory_path() / "esaas-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return EXIT_FAILURE;
  const auto outcome = esaas::bench::run(program, pattern);
  fs::remove_all(pattern);
  if (outcome) return EXIT_SUCCESS;
  fmt::print(stderr, "{}\n", outcome.error().detail);
  return EXIT_FAILURE;
}
