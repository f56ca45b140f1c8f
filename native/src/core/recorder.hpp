// From what a platform's hooks tell to records in the ring: stamps, the app that holds the focus, pauses, motion.
//
// One hook thread calls everything but `drain`, `dropped` and the counts. It sets the clock with `at` before it tells
// what happened then; `due` says when it wants to be called again without any event.
//
//  * A stamp is the boot clock plus an offset that was fixed when the agent started, never before the record before
//    it: a clock that was set back cannot turn the records around.
//  * Input while the screen is locked, or into a window of ours, is not recorded.
//  * Somebody may be there without any input: a film in full screen, a call, a game played with a gamepad. Then no pause
//    begins, and a lone IDLE_END each minute says that they are there: to the engine it is a sign of life and no more,
//    while five minutes without any event are a break.
//  * A window that we put away or bring back moves the focus: that is no switch of the person's. The title that is
//    announced then says what they are on from now on; the app that they switched to last stays.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/ring.hpp"
#include "core/text_shelf.hpp"

namespace neural_focus {

struct RecorderOptions {
  std::int64_t offset_us = 0;  // Unix time minus boot clock
  std::uint64_t floor_us = 0;  // no stamp is earlier
  std::size_t ring_capacity = 1U << 15;
  unsigned motion_hz = 125;
  unsigned idle_after_ms = 5000;
};

struct FocusedWindow {
  std::uint32_t window = 0;
  std::uint32_t pid = 0;
  std::string app;    // may be empty
  std::string title;  // UTF-8
};

class Recorder {
 public:
  explicit Recorder(const RecorderOptions& options)
      : options_(options), motion_gap_us_(1'000'000 / std::max(options.motion_hz, 1U)),
        idle_after_us_(std::uint64_t{options.idle_after_ms} * 1000), ring_(options.ring_capacity),
        last_stamp_us_(options.floor_us) {}

  void at(std::uint64_t boot_clock_us) {
    now_us_ = boot_clock_us;
    if (last_input_us_ == 0) last_input_us_ = last_record_us_ = boot_clock_us;
  }

  std::uint64_t due() const;  // boot clock
  void take_due();

  // Input came. False when it is not to be recorded.
  bool wake();
  bool idle() const { return idle_; }
  std::uint64_t last_input_us() const { return last_input_us_; }

  void key(bool pressed, const KeyData& redacted);
  void click(int x, int y, unsigned button);
  void wheel(int x, int y, int delta);
  // The pointer moved. Its place is only asked for when a record is wanted: asking may cost a round trip.
  void moved() { motion_due_ = true; }
  bool motion_wanted() const { return motion_due_ && now_us_ >= next_motion_us_; }
  void motion(int x, int y) {  // where it is now
    motion_asked();
    moved_to(x, y);
  }
  // For a place that is asked for and told later, at the time of the question (`at` may go back to it).
  void motion_asked();
  void moved_to(int x, int y);
  void focus(const FocusedWindow& window);           // also tells its title
  void focus_ours() { place_ = Place::ours; }        // a window of ours: no switch, its input is not recorded
  void focus_nowhere() { place_ = Place::nowhere; }  // no window: no switch
  void title(const std::string& title);              // of the window that holds the focus
  // `window` is the focused one or another.
  void minimized(const FocusedWindow& window) {
    if (!our_doing()) tell(EventType::window_minimize, window);
  }
  void maximized(const FocusedWindow& window) {
    if (!our_doing()) tell(EventType::window_maximize, window);
  }
  void lock(bool locked);
  void engage(bool engaged);  // somebody is there, whether there is input or not
  void touched();             // input of which there is no record

  const FocusedWindow& focused() const { return focus_; }
  bool on_a_window() const { return place_ == Place::window; }

  struct Drained {
    std::vector<Event> records;
    std::vector<std::pair<std::size_t, std::string>> texts;  // index of a focus or title record, its window's title
  };
  Drained drain(std::size_t most);  // the drain's thread

  // Any thread.
  void expect_our_doing(std::uint64_t until_us) noexcept { ours_until_us_.store(until_us, std::memory_order_relaxed); }
  std::uint64_t newest_input_us() const noexcept { return input_us_.load(std::memory_order_relaxed); }  // boot clock
  Ring::DropCounts dropped() const noexcept { return ring_.dropped(); }
  std::uint64_t titles_lost() const noexcept { return shelf_.lost(); }
  std::uint64_t captured() const noexcept { return captured_.load(std::memory_order_relaxed); }
  std::uint64_t clamped() const noexcept { return clamped_.load(std::memory_order_relaxed); }
  std::uint64_t behind_lock() const noexcept { return behind_lock_.load(std::memory_order_relaxed); }  // inputs

 private:
  std::uint64_t stamp() const {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(now_us_) + options_.offset_us);
  }
  Event make(EventType type) const;
  void emit(const Event& record);
  void emit_title(bool announced);
  void tell(EventType type, const FocusedWindow& window);
  void give_sign();
  bool our_doing() const noexcept { return now_us_ < ours_until_us_.load(std::memory_order_relaxed); }
  bool there() const { return engaged_ && !locked_; }
  std::uint64_t sign_due_us() const { return last_record_us_ + sign_us; }

  static constexpr std::uint64_t sign_us = 60'000'000;
  const RecorderOptions options_;
  const std::uint64_t motion_gap_us_, idle_after_us_;
  Ring ring_;
  TextShelf shelf_;

  FocusedWindow focus_;
  enum class Place { nowhere, ours, window } place_ = Place::nowhere;
  std::uint64_t now_us_ = 0, last_stamp_us_ = 0, last_input_us_ = 0, next_motion_us_ = 0;
  std::uint64_t last_record_us_ = 0;
  bool motion_due_ = false, idle_ = false, locked_ = false, engaged_ = false;
  Event last_move_{};

  // Relaxed: a lone number, looked at once a second. Input into windows of ours and behind the lock counts here.
  std::atomic<std::uint64_t> input_us_{0};
  // Relaxed: set before the request that changes a window is sent, and read when the server has told of the change.
  std::atomic<std::uint64_t> ours_until_us_{0};
  std::atomic<std::uint64_t> captured_{0}, clamped_{0}, behind_lock_{0};  // relaxed: counts to look at
};

}  // namespace neural_focus
