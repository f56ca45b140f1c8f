// The crash-safe store between capture and the database: a folder of append-only segments.
//
//   folder/ lock                    flock'd by the one writer
//           000000000007.segment    sealed: rolled by size or age; the shipper reads and then deletes it
//           000000000008.segment    being written
//           quarantine/             what recovery cut off, for a person to look at
//
// Invariants
//  * A batch is acknowledged (`append` returns true) after its one pwrite: it survives the death of the process at once
//    and the death of the machine after the next fdatasync, at most `sync_interval` later, on a thread of its own.
//  * A batch is in a segment whole or not at all: what could not be written is cut off again before `append` returns.
//  * Recovery keeps the longest prefix of whole batches of every segment and moves the rest to quarantine.
//  * Over the limits of size or age, the oldest sealed segment goes (`WhenOverLimit::drop_oldest`), its records counted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/file.hpp"
#include "core/spool_format.hpp"

namespace neural_focus::spool {

enum class WhenOverLimit { drop_oldest };

struct Limits {
  std::uint64_t segment_bytes = 4U << 20;  // a segment is sealed at this size
  std::chrono::seconds segment_age{60};    // or this long after its first batch
  std::uint64_t total_bytes = 1ULL << 30;  // of all segments
  std::chrono::hours total_age{24 * 14};   // of a sealed segment, by its file's time
  std::chrono::milliseconds sync_interval{1000};
  static constexpr WhenOverLimit when_over_limit = WhenOverLimit::drop_oldest;
};

struct Counters {
  std::uint64_t appended = 0;            // records acknowledged
  std::uint64_t refused = 0;             // records not taken because the disk did not take them
  std::uint64_t dropped_over_limit = 0;  // records in segments that went because of the limits
  std::uint64_t recovered = 0;           // records found whole when the spool was opened
  std::uint64_t quarantined_bytes = 0;   // cut off when the spool was opened
  std::uint64_t syncs = 0;
  std::uint64_t failed_syncs = 0;
  int last_errno = 0;  // of the last refusal or failed sync
};

struct Locked : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::vector<std::filesystem::path> segments(const std::filesystem::path& folder);  // oldest first

// What one segment holds: decoded batches from `offset` on, until the end or the first batch that is not whole.
struct SegmentContents {
  SegmentHeader header;
  std::vector<std::byte> bytes;  // of the file, from `start`
  std::vector<Batch> batches;    // views into `bytes`
  std::uint64_t next_offset = 0;
  std::uint64_t next_sequence = 0;
  bool at_end = true;  // nothing follows the last whole batch
};

// Reads a segment, also while it is written. offset 0 reads from the start; else `offset` and `sequence` are the
// next_offset and next_sequence of the read before. False when there is no valid header. Throws ForeignFormat with
// the path in it, std::system_error when the file cannot be read.
bool read_segment(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t sequence,
                  SegmentContents& contents);

class Writer {
 public:
  // Locks and recovers the folder. Throws Locked, ForeignFormat, std::system_error.
  Writer(std::filesystem::path folder, const Id& machine_id, const Id& boot_id, const Limits& limits);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  // Appends n × 64 bytes of records with their titles. False: the disk did not take it, nothing of it is kept.
  bool append(std::span<const std::byte> records, const Titles& titles);
  void sync();  // now, on this thread
  void seal();  // the next append starts a new segment

  std::uint64_t next_sequence() const;
  Counters counters() const;
  std::filesystem::path current() const;  // empty when no segment is open

 private:
  void lock_folder();
  void recover();
  void recover_segment(const std::filesystem::path& path);
  std::error_code open_segment();
  void retire_segment();
  std::error_code write_batch(const std::vector<std::byte>& bytes);
  void enforce_limits();
  void sync_loop();

  const std::filesystem::path folder_;
  const Id machine_id_, boot_id_;
  const Limits limits_;
  std::unique_ptr<FolderLock> lock_;

  mutable std::mutex mutex_;       // guards all below; held for a write, never for a sync
  std::shared_ptr<File> segment_;  // shared with a sync that is under way
  std::uint64_t ordinal_ = 0, size_ = 0, next_sequence_ = 0;
  std::chrono::steady_clock::time_point opened_{};
  Counters counters_;
  std::vector<std::shared_ptr<File>> retired_;  // sealed segments that wait for their last sync
  bool dirty_ = false, stopping_ = false;
  std::condition_variable wake_;
  std::thread syncer_;
};

}  // namespace neural_focus::spool
