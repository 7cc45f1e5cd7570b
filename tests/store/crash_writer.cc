// A process to be killed: appends samples to the log in DIRECTORY for ever, through the writer that groups commits, and
// says on standard output, eight bytes each, up to which seq it was told that they are durable.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "store/log/log_writer.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/sample_events.h"

int main(int argc, char** argv) {
  using namespace esaas;
  if (argc != 3) return 2;
  auto log = store::open_rocksdb_log({.directory = argv[1], .index_tail_events = 200});
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().detail.c_str());
    return 1;
  }
  store::testing::SampleEvents samples(static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)), 4);
  const auto writer = store::make_group_commit_writer(**log, {.queued_events_max = 400, .assign_seq = true});
  const std::int64_t begin_us = (*log)->last_time_at_us();
  for (std::size_t size = 1;; size = size % 37 + 1) {
    auto batch = samples.batch(size);
    for (auto& event : batch.events) event.set_time_at_us(begin_us + event.time_at_us() % 1'000'000'000);
    std::int64_t latest = begin_us;
    for (auto& event : batch.events) event.set_time_at_us(latest = std::max(latest, event.time_at_us()));
    for (auto& event : batch.events) event.set_time_at_us(latest);
    const auto submitted = writer->submit(std::move(batch), [](Result<std::uint64_t> seq) {
      if (!seq) std::_Exit(3);
      if (::write(STDOUT_FILENO, &*seq, sizeof *seq) != sizeof *seq) std::_Exit(4);
    });
    while (!submitted && writer->room() < 40) ::usleep(100);
  }
}
