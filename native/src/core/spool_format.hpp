// How records lie in a spool segment, without any I/O: what the fuzzer feeds.
//
//   segment = header (64 bytes) batch*
//   header  = magic "NFSPOOL\n" | byte order mark u32 | format version u32 | machine id 16 | boot id 16
//             | base sequence u64 | 0 u32 | CRC32C of the 60 bytes before u32
//   batch   = magic "BTCH" u32 | records u32 | first sequence u64 | bytes of titles u32 | titles u32 | 0 u32
//             | CRC32C u32 of the 28 bytes before and of all that follows
//             | records × 64 bytes | titles: (id u32, bytes u32, UTF-8)* padded with zeros to 8 bytes
//
// Little-endian. Sequence numbers in a segment are contiguous: a batch starts where the one before ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/record.hpp"

namespace neural_focus::spool {

using Id = std::array<std::uint8_t, 16>;
using Titles = std::vector<std::pair<std::uint32_t, std::string>>;

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t byte_order_mark = 0x0A0B0C0D;
inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t batch_header_bytes = 32;
// A batch that claims more was not written by us.
inline constexpr std::uint32_t most_records = 1U << 16;
inline constexpr std::uint32_t most_title_bytes = 1U << 24;

struct SegmentHeader {
  Id machine_id{};
  Id boot_id{};
  std::uint64_t base_sequence = 0;
};

// A whole header of another version or byte order: readable by someone else, so neither guessed at nor thrown away.
struct ForeignFormat : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::array<std::byte, header_bytes> encode_header(const SegmentHeader& header);

// False when the bytes are no header at all (short, foreign magic, broken checksum). Throws ForeignFormat.
bool decode_header(std::span<const std::byte> bytes, SegmentHeader& header);

std::vector<std::byte> encode_batch(std::span<const std::byte> records, std::uint64_t first_sequence,
                                    const Titles& titles);

enum class BatchStatus { whole, incomplete, corrupt };

struct Batch {
  BatchStatus status = BatchStatus::incomplete;
  std::uint64_t first_sequence = 0;
  std::span<const std::byte> records;  // a view into the bytes given
  Titles titles;
  std::size_t size = 0;  // bytes of the whole batch
};

// The batch at the start of `bytes`; `expected_sequence` is where it has to begin.
Batch decode_batch(std::span<const std::byte> bytes, std::uint64_t expected_sequence);

}  // namespace neural_focus::spool
