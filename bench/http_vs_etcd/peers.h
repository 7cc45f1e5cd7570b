#pragma once
// The two servers under load, each started on loopback with its data in a folder of its own, and what one durable
// operation is on each.

#include <filesystem>
#include <memory>
#include <string>

#include "bench/http_vs_etcd/load.h"
#include "bench/http_vs_etcd/server_process.h"

namespace esaas::bench {

struct Peer {
  std::string name;
  std::uint16_t port = 0;
  std::string headers = {};  ///< that every request carries, each ended by CRLF
  std::unique_ptr<ServerProcess> process;
};

/// `esaas serve` with a tenant and one cluster. It has no Mesos, so nothing but the operations happens.
Result<Peer> start_esaas(const std::filesystem::path& program, const std::filesystem::path& folder);
/// etcd with its v2 API and v3 JSON gateway.
Result<Peer> start_etcd(const std::filesystem::path& folder);

/// The nth `PATCH /v1/clusters/bench/labels`: decided, sequenced, in the log with its index entries, synced, answered.
std::string esaas_label(const Peer& peer, std::uint64_t n);
/// The nth `POST /v1/operations/batch` of `size` label changes.
std::string esaas_batch(const Peer& peer, std::uint64_t n, std::size_t size);
/// A put of a value of 100 bytes under one of 1,000 keys, by each of etcd's two HTTP ways.
std::string etcd_put_v2(const Peer& peer, std::uint64_t n);
std::string etcd_put_v3(const Peer& peer, std::uint64_t n);

}  // namespace esaas::bench
