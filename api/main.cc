// The one binary: `serve`, the client commands, and the two helpers of the embedded Mesos.

#include <iostream>

#include "api/cli/cli.h"
#include "api/serve/serve.h"
#include "reconcilers/embedded/main_loop.h"

namespace {

constexpr const char* kVersion = ESAAS_VERSION;

int embedded_mesos(const std::vector<std::string>& arguments) {
  const auto config = esaas::embedded::parse_arguments(arguments);
  if (config) return esaas::embedded::run_embedded_mesos(*config);
  const bool help = config.error().rule == "help";
  (help ? std::cout : std::cerr) << config.error().detail << "\n";
  return help ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  return esaas::api::cli::run(
      argc, argv,
      {.serve = [](const std::string& config_file,
                   bool check_only) { return esaas::api::serve(config_file, check_only, kVersion); },
       .embedded_mesos = embedded_mesos,
       .task_supervisor = esaas::embedded::run_task_supervisor,
       .version = kVersion});
}
