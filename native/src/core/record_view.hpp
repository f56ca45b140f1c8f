// Reads the fields of a record in place: the buffer may start at any address, so nothing is cast to Event.
#pragma once

#include <cstring>

#include "core/record.hpp"
#include "core/utf8.hpp"

namespace neural_focus {

template <typename T>
[[nodiscard]] inline T load(const std::byte* address) noexcept {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

// An app's name as four words, repaired and zero after its end: names that are stored as the same text have equal words.
struct AppName {
  std::uint64_t words[4];

  friend bool operator==(const AppName&, const AppName&) = default;
};

class RecordView {
 public:
  explicit RecordView(const std::byte* record) noexcept : record_{record} {}

  [[nodiscard]] std::uint64_t timestamp_us() const noexcept { return load<std::uint64_t>(record_); }
  [[nodiscard]] std::uint32_t type() const noexcept {
    return load<std::uint32_t>(record_ + offsetof(Event, event_type));
  }
  // One of the three 32-bit words whose meaning depends on the type.
  [[nodiscard]] std::uint32_t word(std::size_t index) const noexcept {
    return load<std::uint32_t>(record_ + offsetof(Event, data) + 4 * index);
  }
  [[nodiscard]] const std::byte* app_bytes() const noexcept { return record_ + offsetof(Event, app_name); }

  [[nodiscard]] AppName app() const noexcept {
    char text[sizeof(AppName)] = {};
    repair_text({reinterpret_cast<const char*>(app_bytes()), sizeof text}, text, sizeof text);
    return std::bit_cast<AppName>(text);
  }

 private:
  const std::byte* record_;
};

}  // namespace neural_focus
