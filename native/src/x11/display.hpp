// One connection to an X server: opened, watched and closed in one place, with the property readers built on it.
//
// Xlib's defaults end the process on any error. Here a request's error is counted on the thread that met it (windows
// die while they are being read; that is ordinary), and a lost connection sets `lost()` instead of calling exit().
// A connection is used by one thread at a time.
#pragma once

#include <X11/Xlib.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace neural_focus::x11 {

// The server cannot be reached, or went away.
struct DisplayError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Connection {
 public:
  // Throws DisplayError when the display cannot be opened.
  explicit Connection(const std::string& name);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  Display* get() const noexcept { return display_; }
  Window root() const noexcept { return DefaultRootWindow(display_); }
  bool lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  Atom atom(const char* name) const { return XInternAtom(display_, name, False); }

  // 32-bit items of a property of any type; nothing when the window or the property is not there.
  std::optional<std::vector<unsigned long>> longs(Window window, Atom property, long most = 64) const;
  // Text of a property of any type as UTF-8; nothing when it is not there.
  std::optional<std::string> text(Window window, Atom property) const;

 private:
  Display* display_;
  std::atomic<bool> lost_{false};
};

// Whether the server is Xwayland, which sees only what X programs get.
bool is_xwayland(const std::string& name);

// Errors that X reported to this thread since it started.
std::uint64_t thread_errors() noexcept;

}  // namespace neural_focus::x11
