#pragma once
// `esaas serve`: one process from a configuration file. Everything is built in the order in which it depends on each
// other, and taken down in the opposite one.

#include <string>

namespace esaas::api {

/// Serves until SIGTERM or SIGINT. The exit code of the process: 0 after a signal, 1 when it could not start (the
/// reason is logged), 2 for a configuration with mistakes, 70 when a commit failed. With `check_only` nothing is
/// opened but the files with secrets.
int serve(const std::string& config_file, bool check_only, const std::string& version);

}  // namespace esaas::api
