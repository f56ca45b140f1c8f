// What the X server tells by itself, in its order: raw input of all windows, properties and ends of watched windows.
//
// It is read through XCB on a connection of its own. Xlib would spend more on such an event, 125 a second while the
// mouse moves, than all the rest of capture: copies of the event, of its valuators, and a dozen locks.
#pragma once

#include <xcb/xcb.h>

#include <cstdint>
#include <string>

#include "x11/display.hpp"

namespace neural_focus::x11 {

struct Told {
  enum class Kind : std::uint8_t { other, key_press, key_release, button, motion, property, destroyed };
  Kind kind = Kind::other;
  std::uint32_t detail = 0;     // a key's code, a button's number
  std::uint32_t server_ms = 0;  // of raw input, on the server's clock
  bool repeated = false;        // the server marked the key as repeating by itself
  Window window = None;         // whose property changed, or that is no more
  Atom property = None;
};

class Events {
 public:
  explicit Events(const std::string& display);  // throws DisplayError
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events();

  int descriptor() const noexcept { return xcb_get_file_descriptor(connection_); }
  bool lost() const noexcept { return xcb_connection_has_error(connection_) != 0; }

  // Its properties and its end are told from now on. A window that is no more is left out.
  void watch(Window window);

  // Calls `visit(const Told&)` for all that is there, reading from the socket once. Never waits.
  template <class Visit>
  void take(Visit&& visit) {
    for (auto* event = xcb_poll_for_event(connection_); event != nullptr;
         event = xcb_poll_for_queued_event(connection_))
      visit(understood(event));
  }

 private:
  void select_input();
  Told understood(xcb_generic_event_t* event) const;  // and frees it

  xcb_window_t root_ = XCB_WINDOW_NONE;  // before the connection, whose making fills it in
  xcb_connection_t* connection_;
  std::uint8_t xinput_ = 0;  // the extension's number on this server
};

// A connection and the root window of its screen. Throws DisplayError.
xcb_connection_t* connect(const std::string& display, xcb_window_t& root);

}  // namespace neural_focus::x11
