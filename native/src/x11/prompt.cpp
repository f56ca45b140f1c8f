#include "x11/prompt.hpp"

#include <X11/Xutil.h>

#include <algorithm>

namespace neural_focus::x11 {
namespace {

constexpr int margin = 16, line_height = 20, button_width = 120, button_height = 32, gap = 12;
constexpr unsigned long background = 0xFFFFF0, ink = 0x202020, button_color = 0x2F6FDE, button_ink = 0xFFFFFF;

}  // namespace

int Prompt::text_width(const std::string& text) const {
  return font_ == nullptr ? static_cast<int>(text.size()) * 7
                          : XTextWidth(font_, text.data(), static_cast<int>(text.size()));
}

Window Prompt::show(const std::vector<std::string>& lines,
                    const std::vector<std::pair<std::string, std::string>>& buttons) {
  hide();
  Display* display = x_.get();
  if (x_.lost()) throw DisplayError("the connection to the X server is lost");
  for (const char* name : {"-*-helvetica-medium-r-normal-*-14-*-*-*-*-*-iso8859-1", "fixed"})
    if (font_ == nullptr) font_ = XLoadQueryFont(display, name);
  lines_ = lines;
  const int count = static_cast<int>(buttons.size());
  width_ = 2 * margin + count * button_width + std::max(0, count - 1) * gap;
  for (const auto& line : lines_) width_ = std::max(width_, 2 * margin + text_width(line));
  height_ = 2 * margin + static_cast<int>(lines_.size()) * line_height + gap + button_height;
  left_ = std::max(0, DisplayWidth(display, DefaultScreen(display)) - width_ - 2 * margin);
  top_ = 2 * margin;

  XSetWindowAttributes attributes{};
  attributes.override_redirect = True;  // no window manager moves it, focuses it or tells it as active
  attributes.background_pixel = background;
  // Presses, too: else a window manager that listens for them on the root window gets the whole click.
  attributes.event_mask = ExposureMask | ButtonPressMask | ButtonReleaseMask;
  window_ = XCreateWindow(display, x_.root(), left_, top_, static_cast<unsigned>(width_),
                          static_cast<unsigned>(height_), 1, CopyFromParent, InputOutput, CopyFromParent,
                          CWOverrideRedirect | CWBackPixel | CWEventMask, &attributes);
  XStoreName(display, window_, "Neural Focus");
  context_ = XCreateGC(display, window_, 0, nullptr);
  if (font_ != nullptr) XSetFont(display, context_, font_->fid);
  buttons_.clear();
  for (int index = 0; index < count; ++index) {
    const auto& [answer, label] = buttons[static_cast<std::size_t>(index)];
    buttons_.push_back({answer, label, left_ + margin + index * (button_width + gap) + button_width / 2,
                        top_ + height_ - margin - button_height / 2});
  }
  XMapRaised(display, window_);
  XSync(display, False);
  return window_;
}

void Prompt::draw() {
  Display* display = x_.get();
  XSetForeground(display, context_, ink);
  int baseline = margin + 14;
  for (const auto& line : lines_) {
    XDrawString(display, window_, context_, margin, baseline, line.data(), static_cast<int>(line.size()));
    baseline += line_height;
  }
  for (const Button& button : buttons_) {
    const int x = button.x - left_ - button_width / 2, y = button.y - top_ - button_height / 2;
    XSetForeground(display, context_, button_color);
    XFillRectangle(display, window_, context_, x, y, button_width, button_height);
    XSetForeground(display, context_, button_ink);
    XDrawString(display, window_, context_, x + (button_width - text_width(button.label)) / 2, y + 21,
                button.label.data(), static_cast<int>(button.label.size()));
  }
  XFlush(display);
}

std::optional<std::string> Prompt::poll() {
  std::optional<std::string> answer;
  while (window_ != None && !x_.lost() && XPending(x_.get()) > 0) {
    XEvent event;
    XNextEvent(x_.get(), &event);
    if (event.type == Expose && event.xexpose.count == 0) draw();
    if (event.type != ButtonRelease) continue;
    for (const Button& button : buttons_)
      if (std::abs(event.xbutton.x_root - button.x) <= button_width / 2 &&
          std::abs(event.xbutton.y_root - button.y) <= button_height / 2)
        answer = button.answer;
  }
  return answer;
}

void Prompt::hide() {
  if (window_ != None && !x_.lost()) {
    XFreeGC(x_.get(), context_);
    XDestroyWindow(x_.get(), window_);
    XFlush(x_.get());
  }
  window_ = None;
  context_ = nullptr;
  buttons_.clear();
}

}  // namespace neural_focus::x11
