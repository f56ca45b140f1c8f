// Mouse moves of the last 30 s, the same way as KeyWindow: sums over pairs are noted after a second's first move
// (its pair reaches outside the window), sums over single moves before it.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/exact.hpp"
#include "core/key_window.hpp"

namespace neural_focus {

// Distances are summed in units of 2^-24 px: even a window of 1 px steps is right to a fraction of a float32 ulp.
inline constexpr double distance_unit = 16'777'216.0;

struct MouseWindow {
  struct Totals {
    std::uint64_t moves, speed;
    std::uint64_t speed_change, change_us;  // Σ|Δspeed| and ΣΔt over pairs at most 1 s apart
    WideSum speed_squares, distance;
  };
  struct Sums {
    std::uint64_t moves, speed, speed_change, change_us;
    uint128 speed_squares, distance;
  };

  Totals total = {};
  std::uint64_t last_us = 0;
  std::uint64_t seconds = 0;  // bit k: the second k before the open one has a move
  std::int32_t last_x = 0, last_y = 0;
  std::uint32_t last_speed = 0, reserved = 0;
  Totals notes[32] = {};

  void move(std::int64_t time_us, std::int32_t x, std::int32_t y, std::uint32_t speed, std::int64_t second,
            unsigned age) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << age;
    const bool first = (seconds & bit) == 0;
    Totals& note = notes[second & 31];
    if (first) {
      note.moves = total.moves;
      note.speed = total.speed;
      note.speed_squares = total.speed_squares;
    }
    if (total.moves == 0) [[unlikely]]
      last_x = x, last_y = y;  // the first move has no way behind it
    add_pair(time_us, x, y, speed);
    ++total.moves;
    total.speed += speed;
    total.speed_squares.add(std::uint64_t{speed} * speed);
    if (first) {
      seconds |= bit;
      note.distance = total.distance;
      note.speed_change = total.speed_change;
      note.change_us = total.change_us;
    }
  }

  [[nodiscard]] Sums window(std::int64_t second) const noexcept {
    const auto inside = static_cast<std::uint32_t>(seconds) & short_window_mask;
    if (inside == 0) return {};
    const Totals& first = notes[(second - (31 - std::countl_zero(inside))) & 31];
    return {total.moves - first.moves,
            total.speed - first.speed,
            total.speed_change - first.speed_change,
            total.change_us - first.change_us,
            total.speed_squares - first.speed_squares,
            total.distance - first.distance};
  }

 private:
  // What this move and the one before it make together.
  void add_pair(std::int64_t time_us, std::int32_t x, std::int32_t y, std::uint32_t speed) noexcept {
    const double dx = static_cast<double>(std::int64_t{x} - last_x);
    const double dy = static_cast<double>(std::int64_t{y} - last_y);
    const double length = std::sqrt(dx * dx + dy * dy);
    total.distance.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(length * distance_unit + 0.5)));
    const std::uint64_t step_us = static_cast<std::uint64_t>(time_us) - last_us;
    const std::uint64_t change = speed > last_speed ? speed - last_speed : last_speed - speed;
    const std::uint64_t near = step_us <= static_cast<std::uint64_t>(second_us) ? ~std::uint64_t{0} : 0;
    total.speed_change += change & near;
    total.change_us += step_us & near;
    last_us = static_cast<std::uint64_t>(time_us);
    last_x = x;
    last_y = y;
    last_speed = speed;
  }
};

}  // namespace neural_focus
