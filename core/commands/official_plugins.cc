#include "core/commands/official_plugins.h"

#include <algorithm>
#include <array>

namespace esaas::command {
namespace {

/// From one major version to another, both included; there was none between 2 and 5.
struct Official {
  std::string_view name;
  unsigned from;
  unsigned to;
};

constexpr std::array kOfficial{
    Official{"analysis-icu", 2, 7},
    Official{"analysis-kuromoji", 2, 7},
    Official{"analysis-nori", 6, 7},
    Official{"analysis-phonetic", 2, 7},
    Official{"analysis-smartcn", 2, 7},
    Official{"analysis-stempel", 2, 7},
    Official{"analysis-ukrainian", 5, 7},
    Official{"cloud-aws", 2, 2},
    Official{"cloud-azure", 2, 2},
    Official{"cloud-gce", 2, 2},
    Official{"delete-by-query", 2, 2},
    Official{"discovery-azure-classic", 5, 7},
    Official{"discovery-ec2", 5, 7},
    Official{"discovery-file", 5, 6},
    Official{"discovery-gce", 5, 7},
    Official{"discovery-multicast", 2, 2},
    Official{"graph", 2, 2},
    Official{"ingest-attachment", 5, 7},
    Official{"ingest-geoip", 5, 6},
    Official{"ingest-user-agent", 5, 6},
    Official{"lang-javascript", 2, 5},
    Official{"lang-python", 2, 5},
    Official{"license", 2, 2},
    Official{"mapper-annotated-text", 6, 7},
    Official{"mapper-attachments", 2, 5},
    Official{"mapper-murmur3", 2, 7},
    Official{"mapper-size", 2, 7},
    Official{"marvel-agent", 2, 2},
    Official{"repository-azure", 5, 7},
    Official{"repository-gcs", 5, 7},
    Official{"repository-hdfs", 5, 7},
    Official{"repository-s3", 5, 7},
    Official{"shield", 2, 2},
    Official{"store-smb", 5, 7},
    Official{"transport-nio", 7, 7},
    Official{"watcher", 2, 2},
    Official{"x-pack", 5, 6},
};

}  // namespace

bool is_official_plugin(std::string_view name, unsigned major) {
  const auto found = std::ranges::find(kOfficial, name, &Official::name);
  return found != kOfficial.end() && major >= found->from && major <= found->to;
}

bool is_official_plugin(std::string_view name) {
  return std::ranges::find(kOfficial, name, &Official::name) != kOfficial.end();
}

}  // namespace esaas::command
