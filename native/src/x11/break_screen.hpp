// A screen over all others that says why there is a break and how long it lasts; Escape or its button leaves it.
//
// It grabs nothing: a screen locker has to be able to take the keyboard at any time. It takes the input focus, so that
// nobody types into what they cannot see, and gives it back. It goes with this process, however that ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "x11/display.hpp"

namespace neural_focus::x11 {

class BreakScreen {
 public:
  explicit BreakScreen(const std::string& display);  // throws DisplayError
  BreakScreen(const BreakScreen&) = delete;
  BreakScreen& operator=(const BreakScreen&) = delete;
  ~BreakScreen() { hide(); }

  // The first line is large. Returns the window, to be left out of capture. Throws DisplayError.
  Window show(const std::vector<std::string>& lines, const std::string& leave);
  void write(const std::vector<std::string>& lines);  // other lines on the screen that is shown
  // Draws what is to be drawn, keeps the focus; whether the person left. Never waits, and tells no key.
  bool poll();
  // When it went, ms on the server's clock: what was pressed before was meant for it. None where that is not known.
  std::optional<std::uint32_t> hide();
  bool lost() const noexcept { return x_.lost(); }

 private:
  void draw();
  void draw_centered(const std::string& text, XFontStruct* font, int baseline);
  void keep_focus();
  bool is_on_button(int x, int y) const;

  Connection x_;
  Window window_ = None, focused_before_ = None;
  GC context_ = nullptr;
  XFontStruct *large_ = nullptr, *small_ = nullptr;
  int width_ = 0, height_ = 0, button_top_ = 0;
  std::vector<std::string> lines_;
  std::string leave_;
};

}  // namespace neural_focus::x11
