// A small window that asks one question and has a button for each answer. It takes no focus and no keys: it must not
// be what breaks the focus, and nobody answers it by typing on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "x11/display.hpp"

namespace neural_focus::x11 {

struct Button {
  std::string answer, label;
  int x = 0, y = 0;  // its middle on the screen, in pixels
};

class Prompt {
 public:
  explicit Prompt(const std::string& display) : x_(display) {}
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;
  ~Prompt() { hide(); }

  // Returns the window, to be left out of capture. A second `show` replaces the first.
  Window show(const std::vector<std::string>& lines, const std::vector<std::pair<std::string, std::string>>& buttons);
  const std::vector<Button>& buttons() const noexcept { return buttons_; }
  // Draws what is to be drawn; the answer that was clicked since. Never waits.
  std::optional<std::string> poll();
  void hide();

 private:
  void draw();
  int text_width(const std::string& text) const;

  Connection x_;
  Window window_ = None;
  XFontStruct* font_ = nullptr;
  GC context_ = nullptr;
  int left_ = 0, top_ = 0, width_ = 0, height_ = 0;
  std::vector<std::string> lines_;
  std::vector<Button> buttons_;
};

}  // namespace neural_focus::x11
