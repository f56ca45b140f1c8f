#include "core/spool_format.hpp"

#include <bit>
#include <cstring>

#include "core/crc32c.hpp"

namespace neural_focus::spool {
namespace {

constexpr char magic[8] = {'N', 'F', 'S', 'P', 'O', 'O', 'L', '\n'};
constexpr std::uint32_t batch_magic = 0x48435442;  // "BTCH"

constexpr std::uint32_t swapped(std::uint32_t value) {
  return (value << 24) | ((value & 0xFF00) << 8) | ((value >> 8) & 0xFF00) | (value >> 24);
}

template <class T>
void put(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

template <class T>
T get(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

std::uint32_t batch_checksum(const std::byte* batch, std::size_t size) {
  const std::uint32_t head = crc32c(batch, batch_header_bytes - 4);
  return crc32c(batch + batch_header_bytes, size - batch_header_bytes, head);
}

bool decode_titles(std::span<const std::byte> bytes, std::uint32_t count, Titles& titles) {
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    if (bytes.size() - at < 8) return false;
    const auto id = get<std::uint32_t>(&bytes[at]);
    const auto length = get<std::uint32_t>(&bytes[at + 4]);
    at += 8;
    if (bytes.size() - at < length) return false;
    titles.emplace_back(id, std::string(reinterpret_cast<const char*>(bytes.data() + at), length));
    at += length;
  }
  return padded(at) == bytes.size();
}

}  // namespace

std::array<std::byte, header_bytes> encode_header(const SegmentHeader& header) {
  std::array<std::byte, header_bytes> bytes{};
  std::memcpy(&bytes[0], magic, sizeof magic);
  put(&bytes[8], byte_order_mark);
  put(&bytes[12], format_version);
  std::memcpy(&bytes[16], header.machine_id.data(), 16);
  std::memcpy(&bytes[32], header.boot_id.data(), 16);
  put(&bytes[48], header.base_sequence);
  put(&bytes[60], crc32c(bytes.data(), 60));
  return bytes;
}

bool decode_header(std::span<const std::byte> bytes, SegmentHeader& header) {
  if (bytes.size() < header_bytes || std::memcmp(bytes.data(), magic, sizeof magic) != 0) return false;
  const auto mark = get<std::uint32_t>(&bytes[8]);
  const bool foreign_order = mark == swapped(byte_order_mark);
  const auto stored = get<std::uint32_t>(&bytes[60]);
  if (crc32c(bytes.data(), 60) != (foreign_order ? swapped(stored) : stored)) return false;
  if (foreign_order) throw ForeignFormat("it is big-endian; little-endian is expected");
  if (mark != byte_order_mark) return false;
  const auto version = get<std::uint32_t>(&bytes[12]);
  if (version != format_version)
    throw ForeignFormat("it has format version " + std::to_string(version) + "; version " +
                        std::to_string(format_version) + " is expected");
  std::memcpy(header.machine_id.data(), &bytes[16], 16);
  std::memcpy(header.boot_id.data(), &bytes[32], 16);
  header.base_sequence = get<std::uint64_t>(&bytes[48]);
  return true;
}

std::vector<std::byte> encode_batch(std::span<const std::byte> records, std::uint64_t first_sequence,
                                    const Titles& titles) {
  std::size_t title_bytes = 0;
  for (const auto& [id, text] : titles) title_bytes += 8 + text.size();
  const std::size_t count = records.size() / sizeof(Event);
  if (count > most_records || title_bytes > most_title_bytes)
    throw std::invalid_argument("a batch of too many records");
  std::vector<std::byte> bytes(batch_header_bytes + records.size() + padded(title_bytes));
  put(&bytes[0], batch_magic);
  put(&bytes[4], static_cast<std::uint32_t>(count));
  put(&bytes[8], first_sequence);
  put(&bytes[16], static_cast<std::uint32_t>(padded(title_bytes)));
  put(&bytes[20], static_cast<std::uint32_t>(titles.size()));
  std::byte* at = bytes.data() + batch_header_bytes;
  if (!records.empty()) std::memcpy(at, records.data(), records.size());
  at += records.size();
  for (const auto& [id, text] : titles) {
    put(at, id);
    put(at + 4, static_cast<std::uint32_t>(text.size()));
    std::memcpy(at + 8, text.data(), text.size());
    at += 8 + text.size();
  }
  put(&bytes[28], batch_checksum(bytes.data(), bytes.size()));
  return bytes;
}

Batch decode_batch(std::span<const std::byte> bytes, std::uint64_t expected_sequence) {
  Batch batch;
  if (bytes.size() < batch_header_bytes) return batch;
  const auto count = get<std::uint32_t>(&bytes[4]);
  const auto title_bytes = get<std::uint32_t>(&bytes[16]);
  const auto title_count = get<std::uint32_t>(&bytes[20]);
  batch.first_sequence = get<std::uint64_t>(&bytes[8]);
  if (get<std::uint32_t>(&bytes[0]) != batch_magic || count > most_records || title_bytes > most_title_bytes ||
      batch.first_sequence != expected_sequence) {
    batch.status = BatchStatus::corrupt;
    return batch;
  }
  const std::size_t record_bytes = std::size_t{count} * sizeof(Event);
  batch.size = batch_header_bytes + record_bytes + title_bytes;
  if (bytes.size() < batch.size) return batch;
  batch.records = bytes.subspan(batch_header_bytes, record_bytes);
  const bool sound =
      batch_checksum(bytes.data(), batch.size) == get<std::uint32_t>(&bytes[28]) &&
      decode_titles(bytes.subspan(batch_header_bytes + record_bytes, title_bytes), title_count, batch.titles);
  batch.status = sound ? BatchStatus::whole : BatchStatus::corrupt;
  return batch;
}

}  // namespace neural_focus::spool
