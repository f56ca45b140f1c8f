// The spool under threads (writer, its syncer, a reader that follows, a shipper that deletes) and after damage.
#include "core/spool.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

using namespace neural_focus;
namespace fs = std::filesystem;

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

std::vector<Event> numbered(std::uint64_t first, std::size_t count) {
  std::vector<Event> records(count, Event{});
  for (std::size_t index = 0; index < count; ++index) records[index].timestamp_us = first + index;
  return records;
}

std::span<const std::byte> bytes_of(const std::vector<Event>& records) { return std::as_bytes(std::span(records)); }

spool::Limits small() {
  spool::Limits limits;
  limits.segment_bytes = 64 << 10;
  limits.sync_interval = std::chrono::milliseconds(1);
  return limits;
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("neural-focus-spool-" + std::to_string(::getpid()));
  Folder() { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
};

// Reads segment after segment like the shipper does and deletes what is sealed and read.
void follow(const fs::path& folder, std::atomic<bool>& written, std::uint64_t total) {
  std::uint64_t next = 0, offset = 0, sequence = 0;
  fs::path current;
  while (next < total) {
    const bool last_look = written.load();
    const auto all = spool::segments(folder);
    if (all.empty()) continue;
    if (current != all.front()) {
      current = all.front();
      offset = sequence = 0;
    }
    const bool sealed = all.size() > 1;
    spool::SegmentContents contents;
    if (!spool::read_segment(current, offset, sequence, contents)) continue;  // its header is being written
    for (const spool::Batch& batch : contents.batches) {
      for (std::size_t at = 0; at < batch.records.size(); at += sizeof(Event)) {
        std::uint64_t stamp = 0;
        std::memcpy(&stamp, &batch.records[at], sizeof stamp);
        check(stamp == next++, "the reader sees every record once, in order");
      }
    }
    offset = contents.next_offset;
    sequence = contents.next_sequence;
    if (contents.batches.empty() && sealed) fs::remove(current);
    check(!(last_look && contents.batches.empty() && !sealed && next < total), "nothing is missing at the end");
  }
}

void is_read_while_it_is_written() {
  const Folder folder;
  constexpr std::uint64_t total = 60'000;
  spool::Writer writer(folder.path, {1}, {2}, small());
  std::atomic<bool> written{false};
  std::thread reader(follow, folder.path, std::ref(written), total);
  std::uint64_t next = 0;
  while (next < total) {
    const auto records = numbered(next, std::min<std::uint64_t>(1 + next % 37, total - next));
    check(writer.append(bytes_of(records), {{1, "title"}}), "the disk takes a batch");
    next += records.size();
  }
  written = true;
  reader.join();
  check(writer.counters().appended == total && writer.next_sequence() == total, "all are acknowledged");
}

void keeps_the_longest_sound_prefix() {
  const Folder folder;
  fs::path segment;
  {
    spool::Writer writer(folder.path, {1}, {2}, small());
    for (std::uint64_t batch = 0; batch < 10; ++batch) writer.append(bytes_of(numbered(batch * 10, 10)), {});
    segment = writer.current();
  }
  const auto size = fs::file_size(segment);
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2));
  file.put('\x5A');
  file.close();
  {
    const spool::Writer writer(folder.path, {1}, {3}, small());
    check(writer.counters().recovered == 50 - 50 % 10 || writer.counters().recovered == 40, "half of it is sound");
    check(fs::file_size(segment) + writer.counters().quarantined_bytes == size, "the rest is in quarantine");
  }
  bool locked = false;
  const spool::Writer first(folder.path, {1}, {4}, small());
  try {
    const spool::Writer second(folder.path, {1}, {5}, small());
  } catch (const spool::Locked&) { locked = true; }
  check(locked, "a second writer is refused");
}

}  // namespace

int main() {
  is_read_while_it_is_written();
  keeps_the_longest_sound_prefix();
  std::puts("spool: well");
}
