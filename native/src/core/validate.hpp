// Which records are good. A bad one is counted by its first reason and put aside; its neighbours pass. A name that is
// no text makes no record bad: whoever reads it reads it repaired (RecordView::app).
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/record_view.hpp"

namespace neural_focus {

enum class Fault : std::uint8_t { none, unknown_type, timestamp_out_of_range };

inline constexpr std::size_t fault_count = 3;
inline constexpr std::array<std::string_view, fault_count> fault_names{"none", "unknown_type",
                                                                       "timestamp_out_of_range"};

[[nodiscard]] inline Fault find_fault(RecordView record) noexcept {
  if (record.type() - 1U >= event_type_count - 1U) { return Fault::unknown_type; }
  if (record.timestamp_us() - min_timestamp_us >= max_timestamp_us - min_timestamp_us) {
    return Fault::timestamp_out_of_range;
  }
  return Fault::none;
}

// A good record but for its byte order: the container it came from was written on, or for, a big-endian machine.
[[nodiscard]] bool is_big_endian(RecordView record) noexcept;

// Judges `count` records of 64 bytes each: good[i] becomes 1 or 0. Returns how many have each fault.
std::array<std::uint64_t, fault_count> validate(const std::byte* records, std::size_t count, bool* good) noexcept;

}  // namespace neural_focus
