#include "core/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace neural_focus::spool {
namespace fs = std::filesystem;
namespace {

constexpr const char* suffix = ".segment";

[[noreturn]] void throw_errno(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

// A rename or a new name is only durable when the folder is.
void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number >= 0) ::fsync(descriptor.number);
}

std::vector<std::byte> read_from(const fs::path& path, std::uint64_t offset) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) throw_errno(path.string());
  struct stat status {};
  if (::fstat(file.number, &status) != 0) throw_errno(path.string());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::vector<std::byte> bytes(size > offset ? size - offset : 0);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(file.number, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(path.string());
    if (got == 0) break;  // truncated since: the writer took back what a full disk did not take whole
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

// Writes all or returns false with errno set.
bool write_all(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    if (put == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return true;
}

fs::path segment_path(const fs::path& folder, std::uint64_t ordinal) {
  char name[32];
  std::snprintf(name, sizeof name, "%012" PRIu64 "%s", ordinal, suffix);
  return folder / name;
}

std::uint64_t ordinal_of(const fs::path& path) { return std::strtoull(path.stem().c_str(), nullptr, 10); }

std::uint64_t records_in(const fs::path& path) {
  SegmentContents contents;
  return read_segment(path, 0, 0, contents) ? contents.next_sequence - contents.header.base_sequence : 0;
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
  try {
    recover();
    enforce_limits();
  } catch (...) {
    ::close(lock_);
    throw;
  }
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
  if (segment_ >= 0) ::close(segment_);
  ::close(lock_);
}

void Writer::lock_folder() {
  lock_ = ::open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) throw_errno((folder_ / "lock").string());
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(lock_);
  if (error == EWOULDBLOCK) throw Locked("another agent already writes to " + folder_.string());
  throw std::system_error(error, std::generic_category(), folder_.string());
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
    const fs::path copy = quarantine / (path.filename().string() + "." + std::to_string(keep));
    const Descriptor file(::open(copy.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.number < 0 || !write_all(file.number, rest, 0)) throw_errno(copy.string());
    ::fsync(file.number);
    sync_folder(quarantine);
    counters_.quarantined_bytes += rest.size();
  }
  if (keep == 0) {
    fs::remove(path);
  } else {
    fs::resize_file(path, keep);
  }
}

bool Writer::open_segment() {
  const fs::path path = segment_path(folder_, ordinal_ + 1);
  const int opened = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (opened < 0) return false;
  if (!write_all(opened, encode_header({machine_id_, boot_id_, next_sequence_}), 0)) {
    const int error = errno;
    ::close(opened);
    ::unlink(path.c_str());
    errno = error;
    return false;
  }
  segment_ = opened;
  ++ordinal_;
  size_ = header_bytes;
  opened_ = std::chrono::steady_clock::now();
  sync_folder(folder_);
  return true;
}

void Writer::retire_segment() {
  if (segment_ < 0) return;
  retired_.push_back(segment_);
  segment_ = -1;
  dirty_ = false;
  wake_.notify_all();
}

bool Writer::append(std::span<const std::byte> records, const Titles& titles) {
  const std::uint64_t count = records.size() / sizeof(Event);
  if (count == 0 && titles.empty()) return true;
  const std::lock_guard hold(mutex_);
  const auto bytes = encode_batch(records, next_sequence_, titles);
  const bool full = size_ + bytes.size() > limits_.segment_bytes && size_ > header_bytes;
  if (segment_ >= 0 && (full || std::chrono::steady_clock::now() - opened_ >= limits_.segment_age)) {
    retire_segment();
    enforce_limits();
  }
  if ((segment_ < 0 && !open_segment()) || !write_batch(bytes)) {
    counters_.refused += count;
    counters_.last_errno = errno;
    return false;
  }
  next_sequence_ += count;
  counters_.appended += count;
  dirty_ = true;
  return true;
}

bool Writer::write_batch(const std::vector<std::byte>& bytes) {
  if (write_all(segment_, bytes, size_)) {
    size_ += bytes.size();
    return true;
  }
  const int error = errno;
  if (::ftruncate(segment_, static_cast<off_t>(size_)) != 0) {
    // The half batch cannot be taken back: seal the segment, so that nothing is ever written behind it. Readers and
    // recovery stop at the half batch.
    retire_segment();
  }
  errno = error;
  return false;
}

void Writer::enforce_limits() {
  auto all = segments(folder_);
  if (segment_ >= 0) std::erase(all, segment_path(folder_, ordinal_));
  std::uint64_t total = 0;
  std::error_code none;
  for (const auto& path : all) total += fs::file_size(path, none);
  const auto oldest = fs::file_time_type::clock::now() - limits_.total_age;
  for (const auto& path : all) {
    if (total <= limits_.total_bytes && fs::last_write_time(path, none) >= oldest) break;
    const std::uint64_t size = fs::file_size(path, none);
    const std::uint64_t lost = records_in(path);
    if (!fs::remove(path, none)) continue;
    total -= std::min(size, total);
    counters_.dropped_over_limit += lost;
  }
}

void Writer::seal() {
  const std::lock_guard hold(mutex_);
  retire_segment();
}

void Writer::sync() {
  std::unique_lock hold(mutex_);
  std::vector<int> descriptors = std::exchange(retired_, {});
  // A duplicate, for the segment may be retired and closed while we wait for the disk.
  if (segment_ >= 0 && dirty_) descriptors.push_back(::dup(segment_));
  dirty_ = false;
  hold.unlock();
  std::uint64_t synced = 0, failed = 0;
  int error = 0;
  for (const int descriptor : descriptors) {
    if (descriptor >= 0 && ::fdatasync(descriptor) == 0) {
      ++synced;
    } else {
      ++failed;
      error = errno;
    }
    if (descriptor >= 0) ::close(descriptor);
  }
  hold.lock();
  counters_.syncs += synced;
  counters_.failed_syncs += failed;
  if (failed > 0) counters_.last_errno = error;
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
  return segment_ < 0 ? fs::path{} : segment_path(folder_, ordinal_);
}

}  // namespace neural_focus::spool
