// libFuzzer: whatever lies in a spool folder, recovery keeps whole batches, puts the rest into quarantine byte by byte,
// finds nothing to do the next time, and the spool goes on.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/spool.hpp"

using namespace neural_focus;
namespace fs = std::filesystem;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

fs::path scratch() {
  const char* shared = "/dev/shm";
  return (fs::exists(shared) ? fs::path(shared) : fs::temp_directory_path()) /
         ("neural-focus-fuzz-" + std::to_string(::getpid()));
}

void write(const fs::path& path, std::span<const std::uint8_t> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t total = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.is_regular_file()) total += entry.file_size();
  return total;
}

std::uint64_t records_in(const fs::path& folder) {
  std::uint64_t total = 0;
  for (const auto& path : spool::segments(folder)) {
    spool::SegmentContents contents;
    expect(spool::read_segment(path, 0, 0, contents) && contents.at_end && !contents.batches.empty());
    for (const auto& batch : contents.batches) total += batch.records.size() / sizeof(Event);
  }
  return total;
}

// The first byte cuts the input into two segments: the second one's damage must not touch the first.
void recover(const fs::path& folder, std::span<const std::uint8_t> data) {
  const std::size_t cut = data.empty() ? 0 : std::min<std::size_t>(data.size(), std::size_t{data[0]} * 32);
  write(folder / "000000000001.segment", data.first(cut));
  write(folder / "000000000002.segment", data.subspan(cut));
  std::uint64_t kept = 0;
  {
    spool::Writer writer(folder, {1}, {2}, {});
    kept = writer.counters().recovered;
    expect(records_in(folder) == kept);
    expect(bytes_in(folder / "quarantine") == writer.counters().quarantined_bytes);
    expect(bytes_in(folder) + writer.counters().quarantined_bytes <= data.size());
    const std::vector<Event> more(3);
    expect(writer.append(std::as_bytes(std::span(more)), {{1, "title"}}));
  }
  const spool::Writer again(folder, {1}, {3}, {});
  expect(again.counters().recovered == kept + 3 && again.counters().quarantined_bytes == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fs::path folder = scratch();
  fs::remove_all(folder);
  fs::create_directories(folder);
  try {
    recover(folder, {data, size});
  } catch (const spool::ForeignFormat&) {}
  fs::remove_all(folder);
  return 0;
}
