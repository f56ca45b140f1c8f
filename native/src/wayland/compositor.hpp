// What a Wayland compositor tells of its own accord: windows by wlr-foreign-toplevel-management (Sway, Hyprland, Wayfire,
// labwc, COSMIC …), pauses by ext-idle-notify. GNOME and KDE keep the first to themselves. All on one thread.
//
// `ext-foreign-toplevel-list` has no states, so it cannot tell which window holds the focus: it is of no use here.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/recorder.hpp"

namespace neural_focus::wayland {

// The compositor cannot be reached, or this was built without libwayland.
struct CompositorError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class CompositorListener {
 public:
  virtual void focus(const FocusedWindow* window) = 0;  // nullptr: no window holds it
  virtual void minimized(const FocusedWindow& window) = 0;
  virtual void maximized(const FocusedWindow& window) = 0;
  virtual void idled() = 0;    // no input for `idle_after_ms`
  virtual void resumed() = 0;  // input again

 protected:
  ~CompositorListener() = default;
};

class Compositor {
 public:
  // `socket` as in WAYLAND_DISPLAY. Throws CompositorError.
  Compositor(const std::string& socket, unsigned idle_after_ms, CompositorListener& listener);
  Compositor(const Compositor&) = delete;
  Compositor& operator=(const Compositor&) = delete;
  ~Compositor();

  static bool built() noexcept;
  bool tells_windows() const noexcept;
  bool tells_idle() const noexcept;
  bool full_screen() const noexcept;  // whether the window that holds the focus fills the screen; any thread

  int descriptor() const noexcept;
  void before_poll();              // sends what is to be sent
  bool after_poll(bool readable);  // tells what came; false when the compositor is gone

 private:
  struct Connection;
  struct Callbacks;
  std::unique_ptr<Connection> connection_;
};

}  // namespace neural_focus::wayland
