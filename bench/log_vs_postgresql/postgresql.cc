#include "bench/log_vs_postgresql/postgresql.h"

#include <unistd.h>

#include <cstdlib>

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

void CopyRows::begin_row(std::uint16_t fields) { big_endian(fields); }

void CopyRows::null() { big_endian(std::int32_t{-1}); }

void CopyRows::add(std::int64_t value) {
  big_endian(std::int32_t{8});
  big_endian(value);
}

void CopyRows::add(std::int16_t value) {
  big_endian(std::int32_t{2});
  big_endian(value);
}

void CopyRows::add(const std::string& value) {
  big_endian(static_cast<std::int32_t>(value.size()));
  bytes_ += value;
}

void CopyRows::add(const std::vector<std::string>& values) {
  std::size_t size = 20;
  for (const std::string& value : values) size += 4 + value.size();
  big_endian(static_cast<std::int32_t>(size));
  for (const std::int32_t head : {std::int32_t{1}, std::int32_t{0}, kTextOid}) big_endian(head);
  big_endian(static_cast<std::int32_t>(values.size()));
  big_endian(std::int32_t{1});  // the first one's index
  for (const std::string& value : values) add(value);
}

const std::string& CopyRows::finish() {
  big_endian(std::int16_t{-1});
  return bytes_;
}

}  // namespace esaas::bench
