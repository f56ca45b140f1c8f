// Which records are good. A bad one is counted by its first reason and put aside; its neighbours pass.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/record_view.hpp"

namespace neural_focus {

enum class Fault : std::uint8_t { none, unknown_type, timestamp_out_of_range, invalid_utf8 };

inline constexpr std::size_t fault_count = 4;
inline constexpr std::array<std::string_view, fault_count> fault_names{"none", "unknown_type", "timestamp_out_of_range",
                                                                       "invalid_utf8"};

// Strict UTF-8 (no overlong forms, no surrogates) up to the first NUL.
[[nodiscard]] bool is_utf8(std::span<const std::byte> text) noexcept;

[[nodiscard]] inline bool is_ascii(const std::byte* name) noexcept {
  const auto high = load<std::uint64_t>(name) | load<std::uint64_t>(name + 8) | load<std::uint64_t>(name + 16) |
                    load<std::uint64_t>(name + 24);
  return (high & 0x8080'8080'8080'8080U) == 0;
}

[[nodiscard]] inline Fault find_fault(RecordView record) noexcept {
  if (record.type() - 1U >= event_type_count - 1U) { return Fault::unknown_type; }
  if (record.timestamp_us() - min_timestamp_us >= max_timestamp_us - min_timestamp_us) {
    return Fault::timestamp_out_of_range;
  }
  if (!is_ascii(record.app_bytes()) && !is_utf8({record.app_bytes(), sizeof(AppName)})) { return Fault::invalid_utf8; }
  return Fault::none;
}

// A good record but for its byte order: the container it came from was written on, or for, a big-endian machine.
[[nodiscard]] bool is_big_endian(RecordView record) noexcept;

// Judges `count` records of 64 bytes each: good[i] becomes 1 or 0. Returns how many have each fault.
std::array<std::uint64_t, fault_count> validate(const std::byte* records, std::size_t count, bool* good) noexcept;

}  // namespace neural_focus
