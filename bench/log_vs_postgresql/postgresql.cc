#include "bench/log_vs_postgresql/postgresql.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/assert.h"

namespace esaas::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kTextOid = 25;

/// PostgreSQL refuses to run as root.
std::string as_its_user(const std::string& command) {
  return ::geteuid() == 0 ? "runuser -u postgres -- " + command : command;
}

void shell(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): fixed programs and a folder of this run
  ESAAS_ASSERT(status == 0, command + ": " + std::to_string(status));
}

}  // namespace

bool PostgreSql::is_installed() { return fs::exists(fs::path(kPrograms) / "initdb"); }

PostgreSql::PostgreSql(fs::path folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
  const std::string data = (folder_ / "data").string();
  if (::geteuid() == 0) {
    for (fs::path above = folder_; above != above.root_path(); above = above.parent_path()) {
      fs::permissions(above, fs::perms::others_exec, fs::perm_options::add);
    }
    shell("chown postgres " + folder_.string());
  }
  const std::string programs = std::string(kPrograms) + "/";
  shell(as_its_user(programs + "initdb -D " + data + " -U bench -A trust -E UTF8 --no-locale > /dev/null"));
  shell(as_its_user(programs + "pg_ctl -D " + data + " -w -l " + (folder_ / "log").string() +
                    " -o \"-c listen_addresses= -c unix_socket_directories=" + folder_.string() +
                    " -c shared_buffers=1GB -c max_wal_size=8GB\" start > /dev/null"));
  connection_.reset(PQconnectdb(("host=" + folder_.string() + " user=bench dbname=postgres").c_str()));
  ESAAS_ASSERT(PQstatus(connection_.get()) == CONNECTION_OK, PQerrorMessage(connection_.get()));
}

PostgreSql::~PostgreSql() {
  connection_.reset();
  shell(as_its_user(std::string(kPrograms) + "/pg_ctl -D " + (folder_ / "data").string() +
                    " -w -m immediate stop > /dev/null"));
}

void PostgreSql::run(const std::string& sql) {
  PGresult* result = PQexec(connection_.get(), sql.c_str());
  const auto status = PQresultStatus(result);
  PQclear(result);
  ESAAS_ASSERT(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(connection_.get()));
}

std::string PostgreSql::ask(const std::string& sql) {
  PGresult* result = PQexec(connection_.get(), sql.c_str());
  ESAAS_ASSERT(PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0, PQerrorMessage(connection_.get()));
  std::string answer = PQgetvalue(result, 0, 0);
  PQclear(result);
  return answer;
}

void PostgreSql::prepare(const std::string& name, const std::string& sql) {
  PGresult* result = PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr);
  ESAAS_ASSERT(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(connection_.get()));
  PQclear(result);
}

std::size_t PostgreSql::execute(const std::string& name, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& one : parameters) values.push_back(one.c_str());
  PGresult* result = PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()), values.data(),
                                    nullptr, nullptr, 1);
  ESAAS_ASSERT(PQresultStatus(result) == PGRES_TUPLES_OK, PQerrorMessage(connection_.get()));
  const auto rows = static_cast<std::size_t>(PQntuples(result));
  PQclear(result);
  return rows;
}

void PostgreSql::copy(const std::string& table, const std::string& rows) {
  PGresult* begun = PQexec(connection_.get(), ("COPY " + table + " FROM STDIN (FORMAT binary)").c_str());
  ESAAS_ASSERT(PQresultStatus(begun) == PGRES_COPY_IN, PQerrorMessage(connection_.get()));
  PQclear(begun);
  ESAAS_ASSERT(PQputCopyData(connection_.get(), rows.data(), static_cast<int>(rows.size())) == 1,
               PQerrorMessage(connection_.get()));
  ESAAS_ASSERT(PQputCopyEnd(connection_.get(), nullptr) == 1, PQerrorMessage(connection_.get()));
  while (PGresult* ended = PQgetResult(connection_.get())) {
    ESAAS_ASSERT(PQresultStatus(ended) == PGRES_COMMAND_OK, PQerrorMessage(connection_.get()));
    PQclear(ended);
  }
}

namespace {

/// What a process has had of the processor, and the children that it has seen end; proc(5).
struct ProcessTimes {
  int parent = 0;
  double seconds = 0;
};

ProcessTimes times_of(const fs::path& process) {
  std::ifstream file(process / "stat");
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  ProcessTimes times;
  if (stat.rfind(')') == std::string::npos) return times;  // it has ended meanwhile
  std::istringstream rest(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  double user = 0;
  double system = 0;
  double ended_user = 0;
  double ended_system = 0;
  rest >> skipped >> times.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  rest >> user >> system >> ended_user >> ended_system;
  times.seconds = (user + system + ended_user + ended_system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return times;
}

}  // namespace

double PostgreSql::cpu_seconds() const {
  int server = 0;
  std::ifstream(folder_ / "data" / "postmaster.pid") >> server;
  double seconds = times_of("/proc/" + std::to_string(server)).seconds;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const ProcessTimes times = times_of(entry.path());
    if (times.parent == server) seconds += times.seconds;
  }
  return seconds;
}

void PostgreSql::insert(const std::string& statement, const CopyRows& rows) {
  run("BEGIN");
  ESAAS_ASSERT(PQenterPipelineMode(connection_.get()) == 1, PQerrorMessage(connection_.get()));
  const std::size_t width = rows.fields_of_a_row();
  std::vector<const char*> values(width);
  std::vector<int> lengths(width);
  const std::vector<int> formats(width, 1);
  for (std::size_t at = 0; at < rows.fields().size(); at += width) {
    for (std::size_t i = 0; i < width; ++i) {
      const auto& field = rows.fields()[at + i];
      values[i] = field.size < 0 ? nullptr : rows.bytes().data() + field.at;
      lengths[i] = std::max(field.size, 0);
    }
    ESAAS_ASSERT(PQsendQueryPrepared(connection_.get(), statement.c_str(), static_cast<int>(width), values.data(),
                                     lengths.data(), formats.data(), 1) == 1,
                 PQerrorMessage(connection_.get()));
  }
  ESAAS_ASSERT(PQpipelineSync(connection_.get()) == 1, PQerrorMessage(connection_.get()));
  for (bool is_synced = false; !is_synced;) {
    PGresult* result = PQgetResult(connection_.get());
    if (result == nullptr) continue;  // between the answers of two statements
    const auto status = PQresultStatus(result);
    PQclear(result);
    is_synced = status == PGRES_PIPELINE_SYNC;
    ESAAS_ASSERT(is_synced || status == PGRES_COMMAND_OK, PQerrorMessage(connection_.get()));
  }
  ESAAS_ASSERT(PQexitPipelineMode(connection_.get()) == 1, PQerrorMessage(connection_.get()));
  run("COMMIT");
}

template <typename T>
void CopyRows::big_endian(T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    bytes_ += static_cast<char>((value >> shift) & 0xff);
  }
}

CopyRows::CopyRows() : bytes_("PGCOPY\n\xff\r\n\0", 11) {
  big_endian(std::int32_t{0});
  big_endian(std::int32_t{0});
}

void CopyRows::begin_row(std::uint16_t fields) {
  fields_of_a_row_ = fields;
  big_endian(fields);
}

void CopyRows::begin_field(std::size_t size) {
  big_endian(static_cast<std::int32_t>(size));
  fields_.push_back({bytes_.size(), static_cast<std::int32_t>(size)});
}

void CopyRows::null() {
  big_endian(std::int32_t{-1});
  fields_.emplace_back();
}

void CopyRows::add(std::int64_t value) {
  begin_field(8);
  big_endian(value);
}

void CopyRows::add(std::int16_t value) {
  begin_field(2);
  big_endian(value);
}

void CopyRows::add(const std::string& value) {
  begin_field(value.size());
  bytes_ += value;
}

void CopyRows::add(const std::vector<std::string>& values) {
  std::size_t size = 20;
  for (const std::string& value : values) size += 4 + value.size();
  begin_field(size);
  for (const std::int32_t head : {std::int32_t{1}, std::int32_t{0}, kTextOid}) big_endian(head);
  big_endian(static_cast<std::int32_t>(values.size()));
  big_endian(std::int32_t{1});  // the first one's index
  for (const std::string& value : values) {
    big_endian(static_cast<std::int32_t>(value.size()));
    bytes_ += value;
  }
}

const std::string& CopyRows::finish() {
  big_endian(std::int16_t{-1});
  return bytes_;
}

}  // namespace esaas::bench
