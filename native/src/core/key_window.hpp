// Key presses of the last 30 s.
//
// Each press adds its interval d to cumulative sums. The first press of every second notes the sums as they are
// after it; a window starts at its first press, so "now minus noted" holds exactly the intervals whose two
// presses both lie in the window, whatever came before.
//
//   seconds   |   s-29    |  …  |     s     |
//   presses      x   x  x          x     x
//                ^ noted here: d(x) excluded, every later d included
#pragma once

#include <bit>
#include <cstdint>

#include "core/engine_time.hpp"

namespace neural_focus {

inline constexpr std::uint32_t short_window_mask = (1U << short_window_s) - 1;

struct KeyWindow {
  struct Note {
    std::uint64_t presses, time_us, squares, indexed;
  };
  struct Sums {
    std::uint64_t presses, span_us, squares, indexed;  // Σd is the span from the first press to the last
  };

  std::uint64_t presses = 0, last_us = 0, squares = 0, indexed = 0;
  std::uint64_t seconds = 0;  // bit k: the second k before the open one has a press
  Note notes[32] = {};

  // `age`: how many seconds before the open one the press lies; 0 but for late ones.
  void press(std::int64_t time_us, std::int64_t second, unsigned age) noexcept {
    const auto now = static_cast<std::uint64_t>(time_us);
    const std::uint64_t interval = now - last_us;
    squares += interval * interval;
    indexed += interval * presses;
    ++presses;
    last_us = now;
    const std::uint64_t bit = std::uint64_t{1} << age;
    if ((seconds & bit) == 0) {
      seconds |= bit;
      notes[second & 31] = {presses, now, squares, indexed};
    }
  }

  // Sums over the window that ends with the open second `second`.
  [[nodiscard]] Sums window(std::int64_t second) const noexcept {
    const auto inside = static_cast<std::uint32_t>(seconds) & short_window_mask;
    if (inside == 0) return {};
    const Note& first = notes[(second - (31 - std::countl_zero(inside))) & 31];
    const std::uint64_t span = last_us - first.time_us;
    return {presses - first.presses + 1, span, squares - first.squares, indexed - first.indexed - first.presses * span};
  }
};

}  // namespace neural_focus
