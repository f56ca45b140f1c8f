// Capture on X11: one thread that reads raw input and the window manager's properties and pushes records into a ring.
//
//   XInput2 raw events ─► Keyboard (redacts) ─┐
//   Pointer, at most `motion_hz` times a s  ──┼─► emit: stamp, app, window ─► Ring ─► drain
//   _NET_ACTIVE_WINDOW, names, states ────────┘          titles ─► TextShelf ───┘
//
// What becomes a record, and with which stamp, is `core/recorder.hpp`'s matter.
#pragma once

#include <atomic>
#include <bitset>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/recorder.hpp"
#include "x11/events.hpp"
#include "x11/keyboard.hpp"
#include "x11/pointer.hpp"
#include "x11/windows.hpp"

namespace neural_focus::x11 {

struct Options {
  std::string display;
  std::uint32_t own_pid = 0;
  RecorderOptions recorder;
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

  Recorder::Drained drain(std::size_t most) { return recorder_.drain(most); }

  // Any thread.
  void set_locked(bool locked);
  void set_engaged(bool engaged);  // somebody is there, whether there is input or not
  bool full_screen() const noexcept { return full_screen_.load(std::memory_order_relaxed); }
  std::uint64_t behind_lock() const noexcept { return recorder_.behind_lock(); }
  void ignore(Window window);  // a window of ours that tells no process
  // A screen of ours lies over everything: no switch, no input; `gone_ms`: when it went, on the server's clock.
  void set_covered(bool covered, std::optional<std::uint32_t> gone_ms);
  void expect_our_doing(unsigned milliseconds) noexcept;
  std::uint64_t newest_input_us() const noexcept { return recorder_.newest_input_us(); }
  bool alive() const noexcept { return alive_.load(std::memory_order_acquire); }
  Ring::DropCounts dropped() const noexcept { return recorder_.dropped(); }
  std::uint64_t titles_lost() const noexcept { return recorder_.titles_lost(); }
  std::uint64_t captured() const noexcept { return recorder_.captured(); }
  std::uint64_t clamped() const noexcept { return recorder_.clamped(); }

 private:
  void select_keyboard_news();
  void run();
  void tick();
  int wait_ms() const;
  void take_events();
  void take(const Told& told);
  void take_keyboard_news();
  void take_due();
  void take_cover();
  void on_key(const Told& told, bool pressed);
  void on_button(const Told& told);
  void on_motion(const Told& told);
  void ask_pointer();
  void take_pointer(bool wait);
  void on_property(Window window, Atom property);
  void refresh_focus();
  void refresh_title();
  void refresh_state(Window window);
  void note_full_screen();
  bool wake(const Told& told);  // input came; false when it is not to be recorded
  bool meant_for_cover(const Told& told) const;
  std::optional<Pointer::Place> pointer_now();
  bool is_ours(const WindowInfo& info) const;
  bool is_ours(Window window) const;

  const Options options_;
  Connection x_;
  Windows windows_;
  Keyboard keyboard_;
  Events events_;
  Pointer pointer_;
  int xkb_event_ = 0;
  Recorder recorder_;

  // Hook thread only.
  std::unordered_map<Window, WindowState> states_;
  std::uint64_t now_us_ = 0, last_poll_us_ = 0, asked_us_ = 0;
  unsigned long looked_at_ = 0;
  bool manager_tells_ = false, covered_ = false;
  std::int64_t cover_ = no_cover;
  std::uint64_t uncovered_us_ = 0;
  std::bitset<256> not_recorded_;  // keys by code whose press was not recorded

  int waker_ = -1;
  std::atomic<bool> stopping_{false}, alive_{false}, lock_wanted_{false}, engaged_wanted_{false}, full_screen_{false};
  // When our screen went, ms on the server's clock, or one of these. Relaxed: nothing else is read with it.
  static constexpr std::int64_t no_cover = -1, covered_now = -2;
  std::atomic<std::int64_t> cover_wanted_{no_cover};
  mutable std::mutex ours_mutex_;
  std::set<Window> ours_;
  std::thread thread_;
};

}  // namespace neural_focus::x11
