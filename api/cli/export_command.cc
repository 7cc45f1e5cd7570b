// esaas export usage: use as a file, which goes on where it ends after a break.
//
// Beside FILE lies FILE.cursor while FILE is not whole: what was asked for, and the cursor that it began at. How far it
// came is in FILE itself: its whole records (of .zst: its whole frames), and what is behind them is cut off. Holds a
// piece of the answer in memory, not more.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "api/cli/commands.h"
#include "core/base/proto_json.h"
#include "store/export/usage_file.h"
#include "store/export/zstd_frames.h"

namespace esaas::api::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// A server that folds a long log says nothing until it comes to the range.
constexpr std::chrono::seconds kSilence{900};
constexpr std::size_t kChunkBytes = 1U << 20U;

struct ExportOptions {
  std::string format = "csv";
  std::string output, from, to, tenant, cluster;
  bool is_compressed = false;
  bool resumes = false;
};

std::string target_of(const ExportOptions& options) {
  return with_query("/v1/exports/usage", {{"format", options.format},
                                          {"compression", options.is_compressed ? "zstd" : ""},
                                          {"from", options.from},
                                          {"to", options.to},
                                          {"tenant", options.tenant},
                                          {"cluster", options.cluster}});
}

std::unexpected<Error> cannot(const std::string& what, const fs::path& path) {
  return fail(ErrorCode::kInternal, "cannot " + what + " " + path.string());
}

/// What FILE.cursor holds.
struct Begun {
  std::string target;
  std::string cursor;
};

fs::path state_path(const std::string& output) { return output + ".cursor"; }

Result<void> save(const Begun& begun, const std::string& output) {
  const fs::path path = state_path(output);
  const fs::path written = path.string() + ".new";
  std::ofstream file(written, std::ios::trunc);
  file << json::serialize(json::object{{"target", begun.target}, {"cursor", begun.cursor}}) << "\n";
  file.close();
  if (!file) return cannot("write", written);
  std::error_code error;
  fs::rename(written, path, error);
  if (error) return cannot("write", path);
  return {};
}

Result<Begun> load(const std::string& output) {
  std::ifstream file(state_path(output), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ESAAS_TRY(const auto value, parse_json(text));
  const auto* object = value.if_object();
  const auto text_of = [&](std::string_view name) {
    const auto* member = object == nullptr ? nullptr : object->if_contains(name);
    return member == nullptr || !member->is_string() ? std::string() : std::string(member->get_string());
  };
  Begun begun{text_of("target"), text_of("cursor")};
  if (begun.target.empty() || begun.cursor.empty()) return cannot("go on from", state_path(output));
  return begun;
}

/// How much of a file is whole.
struct Whole {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

Result<Whole> whole_lines(std::istream& file, bool has_header) {
  Whole whole;
  std::uint64_t lines = 0;
  std::uint64_t offset = 0;
  std::vector<char> chunk(kChunkBytes);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      ++offset;
      if (chunk[static_cast<std::size_t>(i)] != '\n') continue;
      ++lines;
      whole.bytes = offset;
    }
  }
  whole.records = lines > 0 && has_header ? lines - 1 : lines;
  // With no record there the server begins with the header again.
  if (whole.records == 0) whole.bytes = 0;
  return whole;
}

/// All frames but the last one, which may be the short one at the end.
Result<Whole> whole_frames(std::istream& file) {
  Whole whole;
  std::uint64_t last_size = 0;
  std::string bytes;
  std::vector<char> chunk(kChunkBytes);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
    bytes.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    for (;;) {
      ESAAS_TRY(const std::size_t size, store::zstd_frame_size(bytes));
      if (size == 0) break;
      whole.bytes += last_size;
      if (last_size != 0) whole.records += store::kRecordsPerFrame;
      last_size = size;
      bytes.erase(0, size);
    }
  }
  return whole;
}

Result<Whole> measure(const std::string& output, const std::string& target) {
  std::ifstream file(output, std::ios::binary);
  if (!file) return Whole{};
  if (target.find("compression=zstd") != std::string::npos) return whole_frames(file);
  const bool has_header =
      target.find("format=csv") != std::string::npos || target.find("format=focus") != std::string::npos;
  return whole_lines(file, has_header);
}

/// Appends the answer to the file. `on_head` says where it begins.
Result<void> download(const Session& session, const std::string& target, const std::string& output,
                      std::ios::openmode mode, const std::function<Result<void>(const Reply&)>& on_head) {
  ESAAS_TRY(const auto client, session.connect());
  std::ofstream file;
  Result<void> written;
  const auto begin = [&](const Reply& head) {
    if (head.status != 200) return;
    if (on_head) written = on_head(head);
    if (!written) return;
    file.open(output, std::ios::binary | mode);
    if (!file) written = cannot("write", output);
  };
  const auto take = [&](std::string_view piece) {
    if (written && !file.write(piece.data(), static_cast<std::streamsize>(piece.size()))) {
      written = cannot("write", output);
    }
    return written.has_value();
  };
  auto reply = client->stream({.target = target, .on_head = begin}, take, kSilence);
  file.close();
  ESAAS_CHECK(written);
  if (!reply) return std::unexpected(std::move(reply).error());
  ESAAS_TRY(reply, expect_success(std::move(*reply)));
  if (!file) return cannot("write", output);
  std::error_code error;
  fs::remove(state_path(output), error);
  return {};
}

Result<void> begin(const Session& session, const ExportOptions& options) {
  const std::string target = target_of(options);
  return download(session, target, options.output, std::ios::trunc,
                  [&](const Reply& head) { return save({target, head.cursor}, options.output); });
}

Result<void> go_on(const Session& session, const ExportOptions& options) {
  ESAAS_TRY(const Begun begun, load(options.output));
  const std::string asked = target_of(options);
  if (asked != target_of({}) && asked != begun.target) {
    return fail(ErrorCode::kInvalidArgument,
                "resume: " + options.output + " was begun as " + begun.target + ", and this is " + asked, "resume",
                "same_export");
  }
  ESAAS_TRY(const Whole whole, measure(options.output, begun.target));
  std::error_code error;
  if (fs::exists(options.output, error)) fs::resize_file(options.output, whole.bytes, error);
  if (error) return cannot("cut", options.output);
  std::cerr << "goes on after " << whole.records << " records\n";
  return download(session, begun.target + "&cursor=" + begun.cursor + "&skip=" + std::to_string(whole.records),
                  options.output, std::ios::app, nullptr);
}

int run(const Session& session, const ExportOptions& options) {
  if (options.output.empty()) return print_stream(session, target_of(options));
  const bool is_begun = fs::exists(state_path(options.output));
  if (options.resumes && !is_begun && fs::exists(options.output)) {
    std::cerr << options.output << " is whole\n";
    return kSuccess;
  }
  const auto done = options.resumes && is_begun ? go_on(session, options) : begin(session, options);
  if (done) return kSuccess;
  const int code = print_error(done.error());
  if (fs::exists(state_path(options.output))) {
    std::cerr << options.output << " is not whole: the same with --resume goes on where it ends\n";
  }
  return code;
}

}  // namespace

void add_export_commands(CLI::App& app, const Session& session, Action& action) {
  auto* exports = app.add_subcommand("export", "Files for other programs");
  exports->require_subcommand(1);
  auto options = std::make_shared<ExportOptions>();
  auto* command = exports->add_subcommand("usage", "What was used, as CSV, JSON lines, CloudEvents or FOCUS");
  command->add_option("--format", options->format, "csv, jsonl, cloudevents or focus")->capture_default_str();
  command->add_option("--output,-o", options->output, "Where to; standard output when absent");
  command->add_flag("--resume", options->resumes, "Go on where the file ends");
  command->add_flag("--zstd", options->is_compressed, "Compressed, as a .zst file");
  command->add_option("--from", options->from, "A date or an RFC 3339 time; 30 days before --to when absent");
  command->add_option("--to", options->to, "Exclusive; now when absent");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_option("--cluster", options->cluster, "Only this cluster's");
  command->callback([options, &session, &action] { action = [options, &session] { return run(session, *options); }; });
}

}  // namespace esaas::api::cli
