// esaas tenant ..., esaas token ...

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "api/cli/commands.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct AdminOptions {
  std::string name, tenant, role, description, expires_at, out;
};
using Options = std::shared_ptr<AdminOptions>;

/// Sends a change and gives the answer's object.
Result<json::object> change(const Session& session, std::string_view method, std::string target,
                            const json::object& body) {
  ESAAS_TRY(const auto client, session.connect());
  Query query{.method = method, .target = std::move(target), .body = body.empty() ? "" : json::serialize(body)};
  ESAAS_TRY(auto reply, client->send(query));
  ESAAS_TRY(const auto good, expect_success(std::move(reply)));
  return to_object(good);
}

/// A file that only its owner reads, with the token as its one line.
Result<void> write_token(const std::string& file, const std::string& token) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorCode::kInvalidArgument, "cannot make " + file + " (it must not be there)", "out");
  }
  const auto line = token + "\n";
  const bool written = ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(descriptor);
  if (!written) return fail(ErrorCode::kInternal, "cannot write " + file, "out");
  return {};
}

int issue(const Session& session, const AdminOptions& options) {
  json::object body{{"role", options.role}};
  if (!options.tenant.empty()) body["tenant"] = options.tenant;
  if (!options.description.empty()) body["description"] = options.description;
  if (!options.expires_at.empty()) body["expires_at"] = options.expires_at;
  auto answer = change(session, "POST", "/v1/tokens", body);
  if (!answer) return print_error(answer.error());
  if (!options.out.empty()) {
    const auto written = write_token(options.out, cell(*answer, "token"));
    if (!written) return print_error(written.error());
    answer->erase("token");
  }
  if (session.json) {
    std::cout << json::serialize(*answer) << "\n";
    return kSuccess;
  }
  std::cout << cell(*answer, "token_id") << " (" << cell(*answer, "role") << ") expires " << cell(*answer, "expires_at")
            << "\n";
  if (options.out.empty()) std::cout << cell(*answer, "token") << "\nIt is shown only now.\n";
  return kSuccess;
}

void add_tenants(CLI::App& app, Session& session, Action& action) {
  auto* tenant = app.add_subcommand("tenant", "List and create tenants, show and set their quotas");
  tenant->require_subcommand(1);
  add_quota_commands(*tenant, session, action);
  add_tenant_budget(*tenant, session, action);
  add_tenant_policies(*tenant, session, action);
  tenant->add_subcommand("list", "List the tenants")->callback([&session, &action] {
    action = [&session] { return session.print_list("/v1/tenants", 0, {{"NAME", "name"}}); };
  });
  auto options = std::make_shared<AdminOptions>();
  auto* create = tenant->add_subcommand("create", "Create a tenant");
  create->add_option("name", options->name, "Lower-case letters, digits and dashes")->required();
  create->callback([options, &session, &action] {
    action = [options, &session] {
      const auto answer = change(session, "POST", "/v1/tenants", {{"name", options->name}});
      if (!answer) return print_error(answer.error());
      std::cout << (session.json ? json::serialize(*answer) : "tenant " + options->name + " created") << "\n";
      return static_cast<int>(kSuccess);
    };
  });
}

}  // namespace

void add_admin_commands(CLI::App& app, Session& session, Action& action) {
  add_tenants(app, session, action);
  auto* token = app.add_subcommand("token", "List, issue and revoke API tokens");
  token->require_subcommand(1);
  token->add_subcommand("list", "List the tokens (never their secrets)")->callback([&session, &action] {
    action = [&session] {
      return session.print_list("/v1/tokens", 0,
                                {{"ID", "token_id"},
                                 {"ROLE", "role"},
                                 {"TENANT", "tenant"},
                                 {"EXPIRES", "expires_at"},
                                 {"DESCRIPTION", "description"}});
    };
  });

  auto issued = std::make_shared<AdminOptions>();
  auto* issue_command = token->add_subcommand("issue", "Issue a token; its secret is shown once");
  issue_command->add_option("role", issued->role, "viewer, operator, billing or admin")->required();
  issue_command->add_option("--tenant", issued->tenant, "Bound to this tenant; else of all tenants");
  issue_command->add_option("--description", issued->description, "What it is for");
  issue_command->add_option("--expires-at", issued->expires_at, "A date or an RFC 3339 time; in 90 days when absent");
  issue_command->add_option("--out", issued->out, "Write the token to this new file (mode 0600) and do not show it");
  issue_command->callback(
      [issued, &session, &action] { action = [issued, &session] { return issue(session, *issued); }; });

  auto revoked = std::make_shared<AdminOptions>();
  auto* revoke = token->add_subcommand("revoke", "Revoke a token at once");
  revoke->add_option("id", revoked->name, "The token's id, such as tok-1f2e3d4c5b6a")->required();
  revoke->callback([revoked, &session, &action] {
    action = [revoked, &session] {
      const auto answer = change(session, "DELETE", "/v1/tokens/" + http::percent_encode(revoked->name), {});
      if (!answer) return print_error(answer.error());
      std::cout << (session.json ? json::serialize(*answer) : revoked->name + " revoked") << "\n";
      return static_cast<int>(kSuccess);
    };
  });
}

}  // namespace esaas::api::cli
