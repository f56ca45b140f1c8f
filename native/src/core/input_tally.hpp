// How much was typed, moved and clicked, second by second over the last quarter of an hour: a window of w seconds is
// what there is at its end without what there was w seconds before.
//
// What was put in during the second of a switch counts for the stay that it ended: the click or the keys that bring a
// window to the front come before it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/exact.hpp"
#include "core/exact_math.hpp"
#include "core/input.hpp"
#include "core/mouse_window.hpp"

namespace neural_focus {

class InputTally {
 public:
  static constexpr std::int64_t kept_s = 1'024;
  static constexpr std::int64_t longest_age_s = 3'600;  // an age beyond, and that of what never came, is told as this

  // All that was ever put in, modulo 2^32 where only differences are read.
  struct Note {
    std::uint32_t presses, moves, clicks;
    std::uint32_t typing_seconds;   // with a press in them
    std::uint64_t pressed_squares;  // Σ n² of the n presses of each second
    std::uint64_t path_low;         // the pointer's way in units of 2^-24 px
    std::uint32_t path_high, reserved;
  };
  struct Ages {
    std::int64_t press, move, click;  // seconds since the last one
  };

  // The end of a second, the next one after the last that was closed or skipped.
  void close(std::int64_t second, std::uint64_t presses, std::uint64_t moves, std::uint32_t clicks,
             const WideSum& path) {
    if (notes_.empty()) notes_.resize(static_cast<std::size_t>(kept_s));
    Note& note = at(second);
    const Note& before = at(second - 1);
    const auto pressed = static_cast<std::uint32_t>(presses) - before.presses;
    note = {static_cast<std::uint32_t>(presses),
            static_cast<std::uint32_t>(moves),
            clicks,
            before.typing_seconds + (pressed > 0 ? 1U : 0U),
            before.pressed_squares + std::uint64_t{pressed} * pressed,
            path.low,
            static_cast<std::uint32_t>(path.high),
            0};
  }

  // Nothing came in the seconds [from, to).
  void skip(std::int64_t from, std::int64_t to) {
    if (notes_.empty()) return;
    const Note last = at(from - 1);
    for (auto second = std::max(from, to - kept_s); second < to; ++second) at(second) = last;
  }

  // An event came late, for a second before `open`: totals at the ends of the seconds since then.
  void put_right(std::int64_t second, std::int64_t open, std::uint64_t presses, std::uint64_t moves,
                 std::uint32_t clicks, const WideSum& path) {
    if (notes_.empty()) return;
    const auto first = std::max(second, open - (kept_s - 2));
    close(first, presses, moves, clicks, path);
    skip(first + 1, open);
  }

  // A stay in an app begins with the end of this second.
  void begin_stay(std::int64_t second) { stay_ = at(second); }

  void write(float* row, std::int64_t second, std::int64_t stay_s, const Ages& ages) const noexcept;

  template <typename Archive>
  void archive(Archive& archive) {
    auto count = static_cast<std::uint64_t>(notes_.size());
    archive(stay_, count);
    archive.check(count == 0 || count == static_cast<std::uint64_t>(kept_s));
    notes_.resize(static_cast<std::size_t>(count));
    archive.array(notes_.data(), notes_.size());
  }

 private:
  static constexpr std::size_t kinds = 3;
  static constexpr std::array<std::int64_t, 7> count_windows_s{3, 10, 30, 60, 120, 300, 900};
  static constexpr std::array<std::int64_t, 5> typing_windows_s{10, 30, 60, 120, 300};
  static constexpr std::array<std::int64_t, 8> path_windows_s{1, 3, 10, 30, 60, 120, 300, 900};

  [[nodiscard]] Note& at(std::int64_t second) noexcept { return notes_[static_cast<std::size_t>(second & 1'023)]; }
  [[nodiscard]] const Note& at(std::int64_t second) const noexcept {
    return notes_[static_cast<std::size_t>(second & 1'023)];
  }

  Note stay_ = {};
  std::vector<Note> notes_;  // kept_s of them from the first second on
};

}  // namespace neural_focus
