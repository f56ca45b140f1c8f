// Capture on Wayland, from what each side gives: one thread that pushes records into a ring.
//
//   /dev/input (evdev) ─► Keyboard (redacts) ─────────────┐
//   the compositor: windows, pauses (where it tells them) ─┼─► Recorder ─► Ring ─► drain
//   focus told by an extension of the desktop, over D-Bus ─┘
//
// Pauses come from the input where devices can be read, else from the compositor, else nobody knows of any. What the
// devices tell is not recorded while another virtual terminal than ours is shown: that is somebody else's input.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/recorder.hpp"
#include "wayland/compositor.hpp"
#include "wayland/devices.hpp"
#include "wayland/keyboard.hpp"

namespace neural_focus::wayland {

struct Options {
  std::string input_folder;  // empty: no devices
  std::string socket;        // of the compositor; empty: it is not asked
  std::string active_file;   // holds the name of the virtual terminal that is shown; empty: not looked at
  std::string own_terminal;  // such as tty2
  std::string own_app;       // windows of this app are ours
  std::uint32_t own_pid = 0;
  RecorderOptions recorder;
};

std::uint64_t boot_clock_us() noexcept;

class Capture final : InputListener, CompositorListener {
 public:
  explicit Capture(const Options& options);  // throws CompositorError
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { stop(); }

  void start();
  void stop();

  Recorder::Drained drain(std::size_t most) { return recorder_.drain(most); }

  // Any thread.
  void set_locked(bool locked);
  void set_engaged(bool engaged);  // somebody is there, whether there is input or not
  void expect_our_doing(unsigned milliseconds) noexcept {
    recorder_.expect_our_doing(boot_clock_us() + std::uint64_t{milliseconds} * 1000);
  }
  std::uint64_t newest_input_us() const noexcept { return recorder_.newest_input_us(); }
  bool full_screen() const noexcept { return compositor_ && compositor_->full_screen(); }
  std::uint64_t behind_lock() const noexcept { return recorder_.behind_lock(); }
  void set_focus(const std::optional<FocusedWindow>& window);  // told by the desktop's extension; none: no window
  bool alive() const noexcept { return alive_.load(std::memory_order_acquire); }
  bool tells_windows() const noexcept { return compositor_ && compositor_->tells_windows(); }
  bool tells_idle() const noexcept { return compositor_ && compositor_->tells_idle(); }
  InputCounts inputs() const;
  std::uint64_t missed_events() const noexcept { return missed_.load(std::memory_order_relaxed); }
  Ring::DropCounts dropped() const noexcept { return recorder_.dropped(); }
  std::uint64_t titles_lost() const noexcept { return recorder_.titles_lost(); }
  std::uint64_t captured() const noexcept { return recorder_.captured(); }
  std::uint64_t clamped() const noexcept { return recorder_.clamped(); }

 private:
  void run();
  void tick(std::uint64_t t_us);
  int wait_ms() const;
  void take_inputs(std::uint64_t now_us);
  void take_due();
  void take_told();
  void take_motion();
  bool is_elsewhere() const;
  bool input_tells_pauses() const noexcept { return counted_.keyboards + counted_.pointers > 0; }

  void key(unsigned code, int value) override;
  void click(unsigned button) override;
  void wheel(int delta) override;
  void motion(double right, double down) override;
  void touched() override;
  void missed() override;
  void focus(const FocusedWindow* window) override;
  void minimized(const FocusedWindow& window) override;
  void maximized(const FocusedWindow& window) override;
  void idled() override;
  void resumed() override;

  const Options options_;
  Recorder recorder_;
  Keyboard keyboard_;
  std::unique_ptr<Compositor> compositor_;
  std::unique_ptr<Devices> devices_;

  // Hook thread only.
  std::uint64_t now_us_ = 0;
  double x_ = 0, y_ = 0;
  bool elsewhere_ = false;  // another virtual terminal is shown

  int waker_ = -1;
  std::atomic<bool> stopping_{false}, alive_{false}, lock_wanted_{false}, engaged_wanted_{false};
  std::atomic<std::uint64_t> missed_{0};  // relaxed: a count to look at
  mutable std::mutex mutex_;              // of what follows
  InputCounts counted_;
  std::vector<std::optional<FocusedWindow>> told_;
  std::thread thread_;
};

}  // namespace neural_focus::wayland
