#include "core/validate.hpp"

namespace neural_focus {
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
