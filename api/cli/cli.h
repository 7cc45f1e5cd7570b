#pragma once
// The command line as a whole.

#include <functional>
#include <string>
#include <vector>

namespace esaas::api::cli {

/// What the binary brings along besides the client: the server and the two hidden helpers of the embedded Mesos.
struct Programs {
  std::function<int(const std::string& config_file, bool check_only)> serve;
  std::function<int(const std::vector<std::string>& arguments)> embedded_mesos;
  std::function<int(int argc, char** argv)> task_supervisor;
  std::string version;
};

/// Parses and runs. The exit code is one of output.h's, or what the program answered.
int run(int argc, char** argv, const Programs& programs);

}  // namespace esaas::api::cli
