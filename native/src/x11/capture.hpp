// Capture on X11: one thread that reads raw input and the window manager's properties and pushes records into a ring.
//
//   XInput2 raw events ─► Keyboard (redacts) ─┐
//   pointer, at most `motion_hz` times a s  ──┼─► emit: stamp, app, window ─► Ring ─► drain
//   _NET_ACTIVE_WINDOW, names, states ────────┘          titles ─► TextShelf ───┘
//
//  * A stamp is the boot clock plus an offset that was fixed when the agent started, never before the record before
//    it: a clock that was set back cannot turn the records around.
//  * Focus on no window or on a window of ours emits nothing, and input into ours is not recorded.
//  * While the screen is locked no input is recorded.
#pragma once

#include <X11/extensions/XInput2.h>

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/ring.hpp"
#include "x11/keyboard.hpp"
#include "x11/text_shelf.hpp"
#include "x11/windows.hpp"

namespace neural_focus::x11 {

struct Options {
  std::string display;
  std::int64_t offset_us = 0;  // Unix time minus boot clock
  std::uint64_t floor_us = 0;  // no stamp is earlier
  std::uint32_t own_pid = 0;
  std::size_t ring_capacity = 1U << 15;
  unsigned motion_hz = 125;
  unsigned idle_after_ms = 5000;
};

std::uint64_t boot_clock_us() noexcept;

class Capture {
 public:
  explicit Capture(const Options& options);  // throws DisplayError
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { stop(); }

  void start();
  void stop();

  struct Drained {
    std::vector<Event> records;
    std::vector<std::pair<std::size_t, std::string>> texts;  // index of a focus or title record, its window's title
  };
  Drained drain(std::size_t most);

  // Any thread.
  void set_locked(bool locked);
  void ignore(Window window);  // a window of ours that tells no process
  bool alive() const noexcept { return alive_.load(std::memory_order_acquire); }
  Ring::DropCounts dropped() const noexcept { return ring_.dropped(); }
  std::uint64_t captured() const noexcept { return captured_.load(std::memory_order_relaxed); }
  std::uint64_t clamped() const noexcept { return clamped_.load(std::memory_order_relaxed); }

 private:
  void select_events();
  void run();
  int wait_ms() const;
  void take_events();
  void take_due();
  void on_raw(const XIRawEvent& raw);
  void on_key(const XIRawEvent& raw, bool pressed);
  void on_button(unsigned number);
  void on_motion();
  void emit_motion();
  void on_property(const XPropertyEvent& event);
  void refresh_focus();
  void refresh_title(bool announced);
  void refresh_state(Window window);
  bool wake();  // input came; false when it is not to be recorded
  bool pointer_at(int& x, int& y) const;
  bool is_ours(const WindowInfo& info) const;

  Event make(EventType type) const;
  void emit(Event& record);

  const Options options_;
  const std::uint64_t motion_gap_us_, idle_after_us_;
  Connection x_;
  Windows windows_;
  Keyboard keyboard_;
  int xi_opcode_ = 0, xkb_event_ = 0;
  Ring ring_;
  TextShelf shelf_;

  // Hook thread only.
  WindowInfo focus_;       // the window that the last focus change told of
  bool in_ours_ = false;   // a window of ours holds the focus now
  bool in_none_ = true;    // no window holds it now
  std::string title_;
  std::unordered_map<Window, WindowState> states_;
  std::uint64_t now_us_ = 0, last_stamp_us_ = 0, last_input_us_ = 0, last_motion_us_ = 0, last_poll_us_ = 0;
  bool motion_due_ = false, idle_ = false, locked_ = false, manager_tells_ = false;
  Event last_move_{};

  int waker_ = -1;
  std::atomic<bool> stopping_{false}, alive_{false}, lock_wanted_{false};
  std::atomic<std::uint64_t> captured_{0}, clamped_{0};
  mutable std::mutex ours_mutex_;
  std::set<Window> ours_;
  std::thread thread_;
};

}  // namespace neural_focus::x11
