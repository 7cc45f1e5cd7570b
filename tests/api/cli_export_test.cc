// esaas export usage, against a whole API, and esaas bill verify, on a data directory and on exports of its log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "api/cli/cli.h"
#include "api/cli/output.h"
#include "api/config/layout.h"
#include "core/base/proto_json.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/export/zstd_frames.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/api/run_words.h"
#include "tests/api/test_api.h"
#include "tests/store/stretched_log.h"

namespace esaas::api::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::HasSubstr;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Folder : public ::testing::Test {
 protected:
  Folder() {
    char pattern[] = "/tmp/esaas-cli-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Folder() override { fs::remove_all(folder_); }
  fs::path folder_;
};

class CliExport : public Folder {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "token") << api_.admin_token << "\n";
    for (int i = 0; i < 60; ++i) {
      api_.front.later = std::chrono::hours{i};
      api_.create_cluster("search-" + std::to_string(i));
    }
    api_.front.later = std::chrono::hours{100};
    api_.add_noise(1);
  }
  Ran esaas(std::vector<std::string> words) {
    words.insert(words.begin(), {"--server", "http://127.0.0.1:" + std::to_string(api_.server().port()), "--token-file",
                                 (folder_ / "token").string()});
    return run_words(std::move(words));
  }
  std::vector<std::string> words(const std::string& format, const fs::path& file) {
    return {"export", "usage", "--from", "2016-10-01", "--to", "2036-11-01", "--format", format, "-o", file.string()};
  }
  /// What a break leaves: the file so far, and where it was begun.
  void leave(const fs::path& file, const std::string& bytes, const std::string& target) {
    std::ofstream(file, std::ios::binary) << bytes;
    const auto head = api_.connect()->request("GET", target);
    std::ofstream(file.string() + ".cursor")
        << json::serialize(json::object{{"target", target}, {"cursor", head.headers.at("esaas-cursor")}});
  }

  TestApi api_;
};

TEST_F(CliExport, WritesAFileThatGoesOnWhereItEnds) {
  for (const char* format : {"csv", "jsonl", "cloudevents", "focus"}) {
    const fs::path file = folder_ / format;
    ASSERT_EQ(esaas(words(format, file)).code, kSuccess);
    EXPECT_FALSE(fs::exists(file.string() + ".cursor")) << "it is whole";
    const std::string whole = text_of(file);
    ASSERT_GT(std::ranges::count(whole, '\n'), 50);
    auto resumed = words(format, file);
    resumed.emplace_back("--resume");
    EXPECT_THAT(esaas(resumed).err, HasSubstr("is whole"));
    const std::string target = std::string("/v1/exports/usage?format=") + format + "&from=2016-10-01&to=2036-11-01";
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, whole.find('\n'), whole.find('\n') + 1,
                                   whole.size() / 3, whole.size() / 2, whole.size() - 1, whole.size()}) {
      leave(file, whole.substr(0, size), target);
      const auto ran = esaas({"export", "usage", "-o", file.string(), "--resume"});
      ASSERT_EQ(ran.code, kSuccess) << ran.err;
      EXPECT_EQ(text_of(file), whole) << format << " cut at " << size;
      EXPECT_FALSE(fs::exists(file.string() + ".cursor"));
    }
  }
}

TEST_F(CliExport, GoesOnWithCompressedFiles) {
  const fs::path file = folder_ / "usage.zst";
  auto compressed = words("cloudevents", file);
  compressed.emplace_back("--zstd");
  ASSERT_EQ(esaas(compressed).code, kSuccess);
  const std::string whole = text_of(file);
  const std::size_t first = *store::zstd_frame_size(whole);
  ASSERT_LT(first, whole.size()) << "more than one frame";
  const std::string target = "/v1/exports/usage?format=cloudevents&compression=zstd&from=2016-10-01&to=2036-11-01";
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, first - 1, first, first + 1, whole.size()}) {
    leave(file, whole.substr(0, size), target);
    const auto ran = esaas({"export", "usage", "-o", file.string(), "--resume"});
    ASSERT_EQ(ran.code, kSuccess) << ran.err;
    EXPECT_EQ(text_of(file), whole) << "cut at " << size;
  }
}

TEST_F(CliExport, StaysWhatItWasBegunAsThoughTheLogGrows) {
  const fs::path file = folder_ / "usage.csv";
  ASSERT_EQ(esaas(words("csv", file)).code, kSuccess);
  const std::string whole = text_of(file);
  leave(file, whole.substr(0, 700), "/v1/exports/usage?format=csv&from=2016-10-01&to=2036-11-01");
  api_.front.later = std::chrono::hours{200};
  api_.create_cluster("later");
  EXPECT_EQ(esaas({"export", "usage", "-o", file.string(), "--resume"}).code, kSuccess);
  EXPECT_EQ(text_of(file), whole);
  leave(file, whole.substr(0, 700), "/v1/exports/usage?format=csv");
  EXPECT_EQ(esaas({"export", "usage", "--format", "focus", "-o", file.string(), "--resume"}).code, kRefused)
      << "another export";
}

TEST_F(CliExport, LeavesWhatThereIsWhenItIsRefused) {
  const fs::path file = folder_ / "usage.csv";
  std::ofstream(file) << "mine\n";
  EXPECT_EQ(esaas({"export", "usage", "--from", "soon", "-o", file.string()}).code, kRefused);
  EXPECT_EQ(text_of(file), "mine\n");
  EXPECT_THAT(esaas({"export", "usage", "--format", "focus"}).out, HasSubstr("BilledCost"));
}

TEST_F(CliExport, BillsAreShownInTheTerminal) {
  const fs::path prices = folder_ / "prices.json";
  std::ofstream(prices) << R"({"currency":"CNY","minor_digits":2,"prices":{"cluster_hour_nanos":1000000000}})";
  api_.front.later = std::chrono::hours{100};
  const auto published = esaas({"prices", "publish", prices.string()});
  EXPECT_EQ(published.code, kSuccess) << published.err;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"prices", "list"}, {"bill", "show"}, {"bill", "rate"}, {"bill", "list"}}) {
    const auto ran = esaas(words);
    EXPECT_EQ(ran.code, kSuccess) << words[1] << ran.err;
  }
  EXPECT_THAT(esaas({"prices", "list"}).out, HasSubstr("CNY"));
  EXPECT_THAT(esaas({"bill", "rate"}).out, HasSubstr("shop"));
}

class CliBillVerify : public Folder {
 protected:
  void SetUp() override {
    fs::create_directories(config::log_directory(folder_));
    const auto log = *store::open_rocksdb_log({.directory = config::log_directory(folder_)});
    store::testing::StretchedLog fleet(*log, 5, 10, 2'000);
    fleet.grow(300);
    fleet.publish(700'000'001);
    fleet.grow(3'000);
    const auto month = *billing::Month::parse("2016-10");
    fleet.close(*store::closing_invoice(*log, "team-1", month));
    invoice_ = (*store::closed_invoices(*log, "team-1", {})).back();
    auto wrong = *store::closing_invoice(*log, "team-2", month);
    ASSERT_GT(wrong.lines_size(), 1);
    wrong.mutable_lines(1)->set_amount_minor(wrong.lines(1).amount_minor() + 12'345);
    wrong.set_total_minor(wrong.total_minor() + 12'345);
    fleet.close(wrong);
    wrong_ = (*store::closed_invoices(*log, "team-2", {})).back();
  }
  Ran verify(std::vector<std::string> more) {
    std::vector<std::string> words{"bill", "verify", "--data-dir", folder_.string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_words(std::move(words));
  }
  Ran verify_exports(std::vector<std::string> more, const std::vector<fs::path>& files) {
    std::vector<std::string> words{"bill", "verify"};
    words.insert(words.end(), more.begin(), more.end());
    words.emplace_back("--log-export");
    for (const fs::path& file : files) words.push_back(file.string());
    return run_words(std::move(words));
  }
  static std::uint64_t seq_of(const model::Invoice& invoice) { return std::stoull(invoice.id().substr(4)); }
  fs::path exported(const std::string& name, std::uint64_t first, std::uint64_t last) {
    const fs::path path = folder_ / name;
    const auto ran = run_words({"log", "export", "--data-dir", folder_.string(), "--from", std::to_string(first),
                                "--to", std::to_string(last), "--output", path.string()});
    EXPECT_EQ(ran.code, kSuccess) << ran.err;
    return path;
  }
  std::string copy_of(const model::Invoice& invoice) {
    const fs::path path = folder_ / "copy.json";
    std::ofstream(path) << json::serialize(esaas::to_json(invoice));
    return path.string();
  }

  model::Invoice invoice_;
  model::Invoice wrong_;
};

TEST_F(CliBillVerify, SaysThatAnInvoiceIsWhatTheLogComesTo) {
  const auto ran = verify({invoice_.id()});
  EXPECT_EQ(ran.code, kSuccess) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("is what events 1 to " + std::to_string(invoice_.last_seq()) + " come to"));
  EXPECT_EQ(verify({"--invoice", invoice_.id()}).code, kSuccess);
  EXPECT_EQ(verify({"--copy", copy_of(invoice_)}).code, kSuccess);
}

TEST_F(CliBillVerify, DerivesAnInvoiceFromExportsOfTheLogAlone) {
  const std::uint64_t end = seq_of(wrong_);
  const auto whole = exported("whole", 1, end);
  const auto first = exported("first", 1, 1'000);
  const auto second = exported("second", 1'001, end);
  fs::rename(config::log_directory(folder_), folder_ / "gone");
  fs::create_directory(folder_ / "tmp");
  ::setenv("TMPDIR", (folder_ / "tmp").c_str(), 1);
  const auto right = verify_exports({invoice_.id()}, {whole});
  EXPECT_EQ(right.code, kSuccess) << right.out << right.err;
  EXPECT_THAT(right.out, HasSubstr("is what events 1 to " + std::to_string(invoice_.last_seq()) + " come to"));
  EXPECT_EQ(verify_exports({"--copy", copy_of(invoice_)}, {first, second}).code, kSuccess);
  const auto wrong = verify_exports({wrong_.id()}, {first, second});
  EXPECT_EQ(wrong.code, kOperationFailed);
  EXPECT_THAT(wrong.out, HasSubstr("is NOT what the log comes to"));
  EXPECT_TRUE(fs::is_empty(folder_ / "tmp")) << "what was unpacked is gone";
  ::unsetenv("TMPDIR");
}

TEST_F(CliBillVerify, TakesNoExportsThatAreBrokenOrNotEnough) {
  const std::uint64_t end = seq_of(wrong_);
  const auto first = exported("first", 1, 1'000);
  const auto second = exported("second", 1'001, end);
  const auto early = verify_exports({invoice_.id()}, {first});
  EXPECT_EQ(early.code, kRefused);
  EXPECT_THAT(early.err, HasSubstr("which ends with event 1000, has no invoice"));
  EXPECT_THAT(verify_exports({invoice_.id()}, {second}).err, HasSubstr("begins with event 1001, and event 1 is next"));
  std::string bytes = text_of(first);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(first, std::ios::binary) << bytes;
  EXPECT_NE(verify_exports({invoice_.id()}, {first, second}).code, kSuccess);
  EXPECT_EQ(run_words({"bill", "verify", invoice_.id()}).code, kUsage) << "where is the log?";
}

TEST_F(CliBillVerify, WantsADigestWhereAKeyIsNamed) {
  const auto ran = verify({invoice_.id(), "--public-key", std::string(64, 'a')});
  EXPECT_EQ(ran.code, kOperationFailed);
  EXPECT_THAT(ran.out, HasSubstr("names no digest, and nothing of it is signed"));
  EXPECT_EQ(verify({invoice_.id(), "--public-key", "xyz"}).code, kRefused);
}

TEST_F(CliBillVerify, ShowsBothFiguresOfWhatDiffers) {
  const auto ran = verify({wrong_.id()});
  EXPECT_EQ(ran.code, kOperationFailed);
  EXPECT_THAT(ran.out, HasSubstr("is NOT what the log comes to"));
  EXPECT_THAT(ran.out, HasSubstr("    billed  "));
  EXPECT_THAT(ran.out, HasSubstr("    derived "));
  std::vector<std::string> words{"--json", "bill", "verify", wrong_.id(), "--data-dir", folder_.string()};
  const auto shown = json::parse(run_words(words).out).as_object();
  EXPECT_FALSE(shown.at("right").as_bool());
  const auto& line = shown.at("differences").as_array().at(0);
  EXPECT_EQ(line.at("billed").at("amount_minor").to_number<std::int64_t>() -
                line.at("derived").at("amount_minor").to_number<std::int64_t>(),
            12'345);
}

TEST_F(CliBillVerify, FindsACopyThatSomebodyChanged) {
  model::Invoice copy = invoice_;
  copy.set_total_minor(1);
  const auto ran = verify({"--copy", copy_of(copy)});
  EXPECT_EQ(ran.code, kOperationFailed);
  EXPECT_THAT(ran.out, HasSubstr("not the invoice of the log"));
  EXPECT_EQ(verify({"inv-1"}).code, kRefused);
  EXPECT_EQ(verify({}).code, kRefused);
}

}  // namespace
}  // namespace esaas::api::cli
