// Time in the engine: µs since the epoch (UTC) for events, whole seconds for snapshots. Second s holds the
// events of (s - 1, s], so the windows (t - 30, t] and (t - 300, t] are made of whole seconds.
#pragma once

#include <cstdint>

namespace neural_focus {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t short_window_s = 30;
inline constexpr std::int64_t long_window_s = 300;
inline constexpr std::int64_t break_us = 300 * second_us;
inline constexpr std::int64_t session_gap_us = 900 * second_us;

// The second whose snapshot is the first to see an event at `time_us`.
[[nodiscard]] constexpr std::int64_t second_of(std::int64_t time_us) noexcept {
  return (time_us + second_us - 1) / second_us;
}

}  // namespace neural_focus
