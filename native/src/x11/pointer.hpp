// Where the pointer is, asked for without waiting: the question goes out when the pointer moves, and the answer is
// picked up when the hook thread is awake anyway. It has a connection of its own, so that an answer wakes nobody.
#pragma once

#include <xcb/xcb.h>

#include <optional>
#include <string>

#include "x11/events.hpp"

namespace neural_focus::x11 {

class Pointer {
 public:
  struct Place {
    int x = 0, y = 0;
    Window child = None;  // the top-level window it is over
  };

  explicit Pointer(const std::string& display);  // throws DisplayError
  Pointer(const Pointer&) = delete;
  Pointer& operator=(const Pointer&) = delete;
  ~Pointer();

  void ask();
  bool asked() const noexcept { return asked_; }
  // Where it was when `ask` was called; nothing while there is no answer, or when the server is lost. `wait`: an answer
  // that is still on its way is waited for.
  std::optional<Place> answer(bool wait);

 private:
  xcb_window_t root_ = XCB_WINDOW_NONE;
  xcb_connection_t* connection_;
  xcb_query_pointer_cookie_t cookie_{};
  bool asked_ = false;
};

}  // namespace neural_focus::x11
