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

class CopyRows;

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
  /// One prepared INSERT a row, sent without waiting for the answers, in one transaction; durable when it returns. The
  /// statement was prepared with a parameter for each field.
  void insert(const std::string& statement, const CopyRows& rows);

  /// Of the processor, by all processes of the server since it started.
  [[nodiscard]] double cpu_seconds() const;

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

  struct Field {
    std::size_t at = 0;      ///< in bytes()
    std::int32_t size = -1;  ///< below zero: null
  };
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// Of all rows, one after the other.
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  [[nodiscard]] std::size_t fields_of_a_row() const { return fields_of_a_row_; }

 private:
  template <typename T>
  void big_endian(T value);
  void begin_field(std::size_t size);

  std::string bytes_;
  std::vector<Field> fields_;
  std::size_t fields_of_a_row_ = 0;
};

}  // namespace esaas::bench
