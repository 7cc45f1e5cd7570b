#pragma once
// PostgreSql: a PostgreSQL server with its data in a folder of this run, on a socket in that folder alone, and one
// connection to it. One thread at a time. What fails ends the bench.

#include <libpq-fe.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace esaas::bench {

class PostgreSql {
 public:
  /// Where Debian has its programs.
  static constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin";

  static bool is_installed();

  /// Makes the data and starts the server: durable commits, 1 GiB of shared buffers, room for 8 GiB of WAL, else as it
  /// comes. `folder` is made; the server does not run as root.
  explicit PostgreSql(std::filesystem::path folder);
  ~PostgreSql();
  PostgreSql(const PostgreSql&) = delete;
  PostgreSql& operator=(const PostgreSql&) = delete;

  void run(const std::string& sql);
  /// The first column of the first row.
  std::string ask(const std::string& sql);

  void prepare(const std::string& name, const std::string& sql);
  /// In binary; gives the number of rows, all of which were fetched.
  std::size_t execute(const std::string& name, const std::vector<std::string>& parameters);

  /// COPY ... FROM STDIN (FORMAT binary), in a transaction of its own; durable when it returns.
  void copy(const std::string& table, const std::string& rows);

 private:
  std::filesystem::path folder_;
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_{nullptr, &PQfinish};
};

/// The rows of a binary COPY (PostgreSQL's manual, COPY, "Binary Format").
class CopyRows {
 public:
  CopyRows();
  void begin_row(std::uint16_t fields);
  void null();
  void add(std::int64_t value);
  void add(std::int16_t value);
  void add(const std::string& value);                ///< text or bytea
  void add(const std::vector<std::string>& values);  ///< text[]
  /// Ends it; nothing may be added any more.
  const std::string& finish();

 private:
  template <typename T>
  void big_endian(T value);

  std::string bytes_;
};

}  // namespace esaas::bench
