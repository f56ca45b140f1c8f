#include "core/spool.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace neural_focus::spool {
namespace fs = std::filesystem;
namespace {

constexpr const char* suffix = ".segment";

void check(const std::error_code& error, const fs::path& path) {
  if (error) throw std::system_error(error, path.string());
}

std::vector<std::byte> read_from(const fs::path& path, std::uint64_t offset) {
  std::error_code error;
  const auto file = File::open(path, File::Mode::read, error);
  check(error, path);
  std::vector<std::byte> bytes;
  check(file->read(offset, bytes), path);
  return bytes;
}

fs::path segment_path(const fs::path& folder, std::uint64_t ordinal) {
  char name[32];
  std::snprintf(name, sizeof name, "%012" PRIu64 "%s", ordinal, suffix);
  return folder / name;
}

std::uint64_t ordinal_of(const fs::path& path) { return std::strtoull(path.stem().string().c_str(), nullptr, 10); }

// Deletes a segment; returns how many records went with it: none if it was gone already.
std::uint64_t drop_segment(const fs::path& path) {
  SegmentContents contents;
  try {
    if (!read_segment(path, 0, 0, contents)) contents.next_sequence = contents.header.base_sequence;
  } catch (const std::system_error&) { return 0; }
  std::error_code gone;
  return fs::remove(path, gone) ? contents.next_sequence - contents.header.base_sequence : 0;
}

}  // namespace

std::vector<fs::path> segments(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == suffix) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

bool read_segment(const fs::path& path, std::uint64_t offset, std::uint64_t sequence, SegmentContents& contents) {
  contents.bytes = read_from(path, offset);
  contents.batches.clear();
  std::span<const std::byte> rest(contents.bytes);
  if (offset == 0) {
    try {
      if (!decode_header(rest, contents.header)) return false;
    } catch (const ForeignFormat& error) {
      throw ForeignFormat(path.string() + " is a spool segment that this version cannot read: " + error.what());
    }
    rest = rest.subspan(header_bytes);
    offset = header_bytes;
    sequence = contents.header.base_sequence;
  }
  while (!rest.empty()) {
    Batch batch = decode_batch(rest, sequence);
    if (batch.status != BatchStatus::whole) break;
    rest = rest.subspan(batch.size);
    offset += batch.size;
    sequence += batch.records.size() / sizeof(Event);
    contents.batches.push_back(std::move(batch));
  }
  contents.next_offset = offset;
  contents.next_sequence = sequence;
  contents.at_end = rest.empty();
  return true;
}

Writer::Writer(fs::path folder, const Id& machine_id, const Id& boot_id, const Limits& limits)
    : folder_(std::move(folder)), machine_id_(machine_id), boot_id_(boot_id), limits_(limits) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
  lock_folder();
  recover();
  enforce_limits();
  syncer_ = std::thread(&Writer::sync_loop, this);
}

Writer::~Writer() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  syncer_.join();
  sync();
}

void Writer::lock_folder() {
  std::error_code error;
  lock_ = FolderLock::take(folder_ / "lock", error);
  if (error == std::errc::resource_unavailable_try_again)
    throw Locked("another agent already writes to " + folder_.string());
  check(error, folder_ / "lock");
}

void Writer::recover() {
  for (const auto& path : segments(folder_)) {
    ordinal_ = std::max(ordinal_, ordinal_of(path));
    recover_segment(path);
  }
}

void Writer::recover_segment(const fs::path& path) {
  SegmentContents contents;
  const bool has_header = read_segment(path, 0, 0, contents);
  if (has_header) counters_.recovered += contents.next_sequence - contents.header.base_sequence;
  if (has_header && contents.at_end && !contents.batches.empty()) return;
  const std::uint64_t keep = has_header && !contents.batches.empty() ? contents.next_offset : 0;
  const std::span<const std::byte> rest = std::span(contents.bytes).subspan(keep);
  if (!rest.empty() && !(has_header && contents.at_end)) {  // a bare header is no loss
    const fs::path quarantine = folder_ / "quarantine";
    fs::create_directories(quarantine);
    const std::string name = path.filename().string() + "." + std::to_string(keep);
    fs::path copy = quarantine / name;
    std::error_code error;
    auto file = File::open(copy, File::Mode::create, error);
    // A segment of which nothing was left gave its number to another: what lies there already stays.
    for (int again = 2; error == std::errc::file_exists; ++again) {
      copy = quarantine / (name + "." + std::to_string(again));
      file = File::open(copy, File::Mode::create, error);
    }
    check(error, copy);
    check(file->write(rest, 0), copy);
    check(file->sync(), copy);
    sync_folder(quarantine);
    counters_.quarantined_bytes += rest.size();
  }
  if (keep == 0) {
    fs::remove(path);
  } else {
    fs::resize_file(path, keep);
  }
}

std::error_code Writer::open_segment() {
  const fs::path path = segment_path(folder_, ordinal_ + 1);
  std::error_code error;
  auto opened = File::open(path, File::Mode::create, error);
  if (error) return error;
  error = opened->write(encode_header({machine_id_, boot_id_, next_sequence_}), 0);
  if (error) {
    std::error_code none;
    fs::remove(path, none);
    return error;
  }
  segment_ = std::move(opened);
  ++ordinal_;
  size_ = header_bytes;
  opened_ = std::chrono::steady_clock::now();
  sync_folder(folder_);
  return {};
}

void Writer::retire_segment() {
  if (segment_ == nullptr) return;
  retired_.push_back(std::move(segment_));
  dirty_ = false;
  wake_.notify_all();
}

bool Writer::append(std::span<const std::byte> records, const Titles& titles) {
  const std::uint64_t count = records.size() / sizeof(Event);
  if (count == 0 && titles.empty()) return true;
  const std::lock_guard hold(mutex_);
  const auto bytes = encode_batch(records, next_sequence_, titles);
  const bool full = size_ + bytes.size() > limits_.segment_bytes && size_ > header_bytes;
  if (segment_ != nullptr && (full || std::chrono::steady_clock::now() - opened_ >= limits_.segment_age)) {
    retire_segment();
    enforce_limits();
  }
  std::error_code error = segment_ == nullptr ? open_segment() : std::error_code{};
  if (!error) error = write_batch(bytes);
  if (error) {
    counters_.refused += count;
    counters_.last_errno = error.value();
    return false;
  }
  next_sequence_ += count;
  counters_.appended += count;
  dirty_ = true;
  return true;
}

std::error_code Writer::write_batch(const std::vector<std::byte>& bytes) {
  const std::error_code error = segment_->write(bytes, size_);
  if (!error) {
    size_ += bytes.size();
  } else if (segment_->truncate(size_)) {
    // The half batch cannot be taken back: seal the segment, so that nothing is ever written behind it. Readers and
    // recovery stop at the half batch.
    retire_segment();
  }
  return error;
}

void Writer::enforce_limits() {
  struct Sealed {
    fs::path path;
    std::uint64_t size;
    fs::file_time_type written;
  };
  std::vector<Sealed> sealed;
  std::uint64_t total = 0;
  for (const auto& path : segments(folder_)) {
    if (segment_ != nullptr && path == segment_path(folder_, ordinal_)) continue;
    std::error_code gone;  // the shipper deletes what it has shipped, also between any two lines here
    const Sealed found{path, fs::file_size(path, gone), fs::last_write_time(path, gone)};
    if (gone) continue;
    total += found.size;
    sealed.push_back(found);
  }
  const auto oldest = fs::file_time_type::clock::now() - limits_.total_age;
  for (const Sealed& segment : sealed) {
    if (total <= limits_.total_bytes && segment.written >= oldest) break;
    counters_.dropped_over_limit += drop_segment(segment.path);
    total -= segment.size;
  }
}

void Writer::seal() {
  const std::lock_guard hold(mutex_);
  retire_segment();
}

void Writer::sync() {
  std::unique_lock hold(mutex_);
  std::vector<std::shared_ptr<File>> files = std::exchange(retired_, {});
  if (segment_ != nullptr && dirty_) files.push_back(segment_);
  dirty_ = false;
  hold.unlock();
  std::uint64_t failed = 0;
  int code = 0;
  for (const auto& file : files) {
    const std::error_code error = file->sync();
    if (!error) continue;
    ++failed;
    code = error.value();
  }
  hold.lock();
  counters_.syncs += files.size() - failed;
  counters_.failed_syncs += failed;
  if (failed > 0) counters_.last_errno = code;
}

void Writer::sync_loop() {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    wake_.wait_for(hold, limits_.sync_interval, [this] { return stopping_ || !retired_.empty(); });
    hold.unlock();
    sync();
    hold.lock();
  }
}

std::uint64_t Writer::next_sequence() const {
  const std::lock_guard hold(mutex_);
  return next_sequence_;
}

Counters Writer::counters() const {
  const std::lock_guard hold(mutex_);
  return counters_;
}

fs::path Writer::current() const {
  const std::lock_guard hold(mutex_);
  return segment_ == nullptr ? fs::path{} : segment_path(folder_, ordinal_);
}

}  // namespace neural_focus::spool
