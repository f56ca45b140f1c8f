#include "core/validate.hpp"

namespace neural_focus {
namespace {

struct Lead {
  std::size_t continuation;  // bytes that follow; 0 with `valid` false marks a byte that cannot lead
  unsigned low, high;        // allowed range of the first continuation byte
  bool valid;
};

// Table 3-7 of the Unicode standard: well-formed byte sequences.
Lead classify(unsigned byte) noexcept {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF, true};
  if (byte == 0xE0) return {2, 0xA0, 0xBF, true};
  if (byte == 0xED) return {2, 0x80, 0x9F, true};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF, true};
  if (byte == 0xF0) return {3, 0x90, 0xBF, true};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF, true};
  if (byte == 0xF4) return {3, 0x80, 0x8F, true};
  return {0, 0, 0, false};
}

}  // namespace

bool is_utf8(std::span<const std::byte> text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] != std::byte{0}) {
    const auto byte = std::to_integer<unsigned>(text[at++]);
    if (byte < 0x80) continue;
    const Lead lead = classify(byte);
    if (!lead.valid || at + lead.continuation > text.size()) return false;
    unsigned low = lead.low;
    unsigned high = lead.high;
    for (std::size_t i = 0; i < lead.continuation; ++i) {
      const auto next = std::to_integer<unsigned>(text[at++]);
      if (next < low || next > high) return false;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

bool is_big_endian(RecordView record) noexcept {
  if (find_fault(record) != Fault::unknown_type) return false;
  const std::uint64_t time_us = __builtin_bswap64(record.timestamp_us());
  return __builtin_bswap32(record.type()) - 1U < event_type_count - 1U && time_us >= min_timestamp_us &&
         time_us < max_timestamp_us;
}

std::array<std::uint64_t, fault_count> validate(const std::byte* records, std::size_t count, bool* good) noexcept {
  std::array<std::uint64_t, fault_count> faults{};
  for (std::size_t i = 0; i < count; ++i) {
    const Fault fault = find_fault(RecordView{records + i * sizeof(Event)});
    good[i] = fault == Fault::none;
    ++faults[static_cast<std::size_t>(fault)];
  }
  return faults;
}

}  // namespace neural_focus
