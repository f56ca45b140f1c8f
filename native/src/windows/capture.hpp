// Capture on Windows: one thread with low-level hooks and a message loop that pushes records into a ring.
//
//   WH_KEYBOARD_LL ─► Keyboard (redacts) ─┐
//   WH_MOUSE_LL ──────────────────────────┼─► Recorder ─► Ring ─► drain
//   SetWinEventHook, and a poll ──────────┤
//   GetLastInputInfo, session lock ───────┘
//
//  * The system calls a low-level hook on the thread that set it and makes all input wait for it: the hooks do nothing
//    but classify and push.
//  * Not every system fires foreground and name events (Wine does not); the poll every 100 ms sees what they missed.
#pragma once

#include <windows.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/recorder.hpp"
#include "windows/keyboard.hpp"

namespace neural_focus::windows {

std::uint64_t boot_clock_us() noexcept;

class Capture {
 public:
  explicit Capture(const RecorderOptions& options) : recorder_(options) {}
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { stop(); }

  void start();  // throws std::runtime_error when Windows refuses the hooks; one capture a process
  void stop();
  const Recorder& recorder() const { return recorder_; }
  Recorder::Drained drain(std::size_t most) { return recorder_.drain(most); }

 private:
  void run(std::promise<void> started);
  bool set_hooks();
  void release_hooks();
  void tick();
  void on_timer();
  bool wake();
  void on_key(WPARAM message, const KBDLLHOOKSTRUCT& key);
  void on_mouse(WPARAM message, const MSLLHOOKSTRUCT& mouse);
  void refresh_focus();
  void tell_minimized(HWND window);
  void refresh_maximized(const FocusedWindow& window);

  static LRESULT CALLBACK keyboard_hook(int code, WPARAM message, LPARAM data);
  static LRESULT CALLBACK mouse_hook(int code, WPARAM message, LPARAM data);
  static void CALLBACK window_event(HWINEVENTHOOK hook, DWORD event, HWND window, LONG object, LONG child, DWORD thread,
                                    DWORD time);
  static LRESULT CALLBACK session_message(HWND window, UINT message, WPARAM what, LPARAM data);

  Recorder recorder_;
  Keyboard keyboard_;
  HHOOK keyboard_hook_ = nullptr, mouse_hook_ = nullptr;
  HWINEVENTHOOK event_hooks_[3] = {};
  HWND messages_ = nullptr;
  HWND focused_ = nullptr, minimized_ = nullptr;  // of others, last; the second was told
  POINT pointer_{};
  DWORD last_input_tick_ = 0;
  bool was_maximized_ = false;
  std::atomic<DWORD> thread_id_{0};
  std::thread thread_;
};

}  // namespace neural_focus::windows
