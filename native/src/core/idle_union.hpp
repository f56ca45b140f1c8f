// Idle: the union of IDLE_START…IDLE_END and SCREEN_LOCK…UNLOCK, as maximal half-open intervals [start, end).
//
//   IDLE      ├──reaches back──┤start════════end
//   LOCK                               lock═══════════════unlock
//   union     [═══════════════════════════════════════════)        touching parts are one
//
// At most one interval is open and it is the last. Intervals that ended 300 s ago are forgotten.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/engine_time.hpp"
#include "core/ring_queue.hpp"

namespace neural_focus {

struct IdleInterval {
  std::int64_t start_us, end_us;
};

enum class IdleSource : std::uint32_t { input = 1, screen = 2 };

class IdleUnion {
 public:
  // More idle intervals in 5 min than this are possible only for a machine; the two oldest then become one.
  static constexpr std::size_t max_intervals = 1024;

  struct Summary {
    std::int64_t short_us;    // overlap with the last 30 s
    std::int64_t longest_us;  // longest part without idle
    std::uint64_t intervals;  // that overlap the last 300 s, or are open
  };

  [[nodiscard]] bool open() const noexcept { return sources_ != 0; }
  [[nodiscard]] std::int64_t open_start_us() const noexcept { return open_start_us_; }

  // A repeated start is ignored: false.
  bool start(IdleSource source, std::int64_t start_us) noexcept {
    const auto bit = static_cast<std::uint32_t>(source);
    if ((sources_ & bit) != 0) return false;
    open_start_us_ = open() ? std::min(open_start_us_, start_us) : start_us;
    sources_ |= bit;
    while (!closed_.empty() && closed_.back().end_us >= open_start_us_) {
      open_start_us_ = std::min(open_start_us_, closed_.back().start_us);
      closed_.pop_back();
    }
    return true;
  }

  // A lone end is ignored. Returns the length of the interval that this end completed, else 0.
  std::int64_t end(IdleSource source, std::int64_t end_us) {
    const auto bit = static_cast<std::uint32_t>(source);
    if ((sources_ & bit) == 0) return 0;
    sources_ &= ~bit;
    return open() ? 0 : complete(end_us);
  }

  // Input, or the agent's start: whatever is open ends.
  std::int64_t end_all(std::int64_t end_us) {
    if (!open()) return 0;
    sources_ = 0;
    return complete(end_us);
  }

  void forget_before(std::int64_t time_us) noexcept {
    while (!closed_.empty() && closed_.front().end_us <= time_us) closed_.pop_front();
  }

  // `active_from_us`: where the search for the longest part without idle begins. Needs forget_before(now - 300 s).
  [[nodiscard]] Summary summarize(std::int64_t now_us, std::int64_t active_from_us) const noexcept {
    if (closed_.empty() && !open()) return {0, std::max<std::int64_t>(now_us - active_from_us, 0), 0};
    const std::int64_t short_from = now_us - short_window_s * second_us;
    Summary summary{0, 0, closed_.size() + (open() ? 1U : 0U)};
    std::int64_t active_since = active_from_us;
    const auto cover = [&](std::int64_t start_us, std::int64_t end_us) noexcept {
      summary.short_us += std::max<std::int64_t>(end_us - std::max(start_us, short_from), 0);
      summary.longest_us = std::max(summary.longest_us, start_us - active_since);
      active_since = std::max(active_since, end_us);
    };
    for (std::size_t i = 0; i < closed_.size(); ++i) cover(closed_[i].start_us, closed_[i].end_us);
    if (open()) {
      cover(open_start_us_, now_us);
    } else {
      cover(now_us, now_us);
    }
    return summary;
  }

  [[nodiscard]] std::uint64_t merged() const noexcept { return merged_; }

  template <typename Archive>
  void archive(Archive& archive) {
    archive(sources_, reserved_, open_start_us_, merged_);
    archive.queue(closed_);
  }

 private:
  std::int64_t complete(std::int64_t end_us) {
    const std::int64_t length = end_us - open_start_us_;
    if (length <= 0) return 0;
    if (closed_.full()) {
      closed_[1].start_us = closed_[0].start_us;
      closed_.pop_front();
      ++merged_;
    }
    closed_.push_back({open_start_us_, end_us});
    return length;
  }

  std::uint32_t sources_ = 0, reserved_ = 0;
  std::int64_t open_start_us_ = 0;
  std::uint64_t merged_ = 0;
  RingQueue<IdleInterval, max_intervals> closed_;
};

}  // namespace neural_focus
