// Which app holds the focus, and which held it in the last 300 s.
#pragma once

#include <cstdint>

#include "core/record_view.hpp"
#include "core/ring_queue.hpp"

namespace neural_focus {

class AppHistory {
 public:
  // More apps in 5 min than this are possible only for a machine; the one that was left first is forgotten.
  static constexpr std::size_t max_apps = 256;

  // Before the first focus change the app of the first event holds the focus.
  void hold(const AppName& app) noexcept { current_ = app; }

  // True if `app` differs from the one that held the focus: a context switch.
  bool focus(const AppName& app, std::int64_t time_us) {
    if (app == current_) return false;
    if (left_.full()) {
      left_.pop_front();
      ++forgotten_;
    }
    left_.push_back({current_, time_us});
    for (std::size_t i = left_.size(); i-- > 0;) {
      if (left_[i].app == app) {
        left_.erase(i);
        break;
      }
    }
    current_ = app;
    return true;
  }

  // Distinct apps that held the focus after `from_us`; forgets the others.
  [[nodiscard]] std::uint64_t count_since(std::int64_t from_us) noexcept {
    while (!left_.empty() && left_.front().left_us <= from_us) left_.pop_front();
    return left_.size() + 1;
  }

  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

  template <typename Archive>
  void archive(Archive& archive) {
    archive(current_, forgotten_);
    archive.queue(left_);
  }

 private:
  struct Left {
    AppName app;
    std::int64_t left_us;
  };

  AppName current_ = {};
  std::uint64_t forgotten_ = 0;
  RingQueue<Left, max_apps> left_;  // without the current one, in the order in which they were left
};

}  // namespace neural_focus
