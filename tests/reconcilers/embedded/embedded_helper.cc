// The two sub-commands of the embedded Mesos as a program of their own, as the tests start them.
#include <cstdio>
#include <string_view>

#include "reconcilers/embedded/main_loop.h"

int main(int argc, char** argv) {
  using namespace esaas::embedded;
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "task-supervisor") return run_task_supervisor(argc - 1, argv + 1);
  if (command != "embedded-mesos") return 2;
  const auto config = parse_arguments({argv + 2, argv + argc});
  if (config) return run_embedded_mesos(*config);
  std::fprintf(stderr, "%s\n", config.error().detail.c_str());
  return config.error().rule == "help" ? 0 : 2;
}
