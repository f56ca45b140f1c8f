#include "x11/break_screen.hpp"

#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>

#include <cstdlib>

namespace neural_focus::x11 {
namespace {

constexpr int large_height = 64, small_height = 30, button_width = 240, button_height = 40;
constexpr unsigned long background = 0x16302B, ink = 0xF2F2E6, button_color = 0x2F6FDE;

XFontStruct* first_font(Display* display, const std::vector<const char*>& names) {
  for (const char* name : names)
    if (XFontStruct* font = XLoadQueryFont(display, name)) return font;
  return nullptr;
}

}  // namespace

BreakScreen::BreakScreen(const std::string& display) : x_(display) {
  large_ = first_font(x_.get(), {"-*-helvetica-bold-r-normal-*-34-*-*-*-*-*-iso8859-1", "10x20", "fixed"});
  small_ = first_font(x_.get(), {"-*-helvetica-medium-r-normal-*-18-*-*-*-*-*-iso8859-1", "9x15", "fixed"});
}

Window BreakScreen::show(const std::vector<std::string>& lines, const std::string& leave) {
  hide();
  Display* display = x_.get();
  if (x_.lost()) throw DisplayError("the connection to the X server is lost");
  lines_ = lines;
  leave_ = leave;
  width_ = DisplayWidth(display, DefaultScreen(display));  // of all monitors together
  height_ = DisplayHeight(display, DefaultScreen(display));
  button_top_ = height_ - 3 * button_height;
  XSetWindowAttributes attributes{};
  attributes.override_redirect = True;  // over every window and every monitor, whatever manages them
  attributes.background_pixel = background;
  attributes.event_mask = ExposureMask | KeyPressMask | ButtonPressMask | ButtonReleaseMask;  // presses: see prompt.cpp
  window_ = XCreateWindow(display, x_.root(), 0, 0, static_cast<unsigned>(width_), static_cast<unsigned>(height_), 0,
                          CopyFromParent, InputOutput, CopyFromParent, CWOverrideRedirect | CWBackPixel | CWEventMask,
                          &attributes);
  XStoreName(display, window_, "Neural Focus: a break");
  context_ = XCreateGC(display, window_, 0, nullptr);
  int revert = 0;
  XGetInputFocus(display, &focused_before_, &revert);
  XMapRaised(display, window_);
  XSync(display, False);
  keep_focus();
  return window_;
}

void BreakScreen::write(const std::vector<std::string>& lines) {
  if (window_ == None || x_.lost() || lines == lines_) return;
  lines_ = lines;
  XClearWindow(x_.get(), window_);
  draw();
}

bool BreakScreen::poll() {
  bool left = false;
  while (window_ != None && !x_.lost() && XPending(x_.get()) > 0) {
    XEvent event;
    XNextEvent(x_.get(), &event);
    if (event.type == Expose && event.xexpose.count == 0) draw();
    if (event.type == KeyPress && XLookupKeysym(&event.xkey, 0) == XK_Escape) left = true;
    if (event.type == ButtonRelease && is_on_button(event.xbutton.x, event.xbutton.y)) left = true;
  }
  if (window_ != None && !x_.lost()) keep_focus();
  return left;
}

std::optional<std::uint32_t> BreakScreen::hide() {
  std::optional<std::uint32_t> gone_ms;
  if (window_ != None && !x_.lost()) {
    XFreeGC(x_.get(), context_);
    Window now = None;
    int revert = 0;
    XGetInputFocus(x_.get(), &now, &revert);
    if (now == window_ && focused_before_ != None)
      XSetInputFocus(x_.get(), focused_before_, RevertToPointerRoot, CurrentTime);
    XSelectInput(x_.get(), window_, PropertyChangeMask);
    // Nothing is added to its name: that is how a client asks the server for the time.
    XChangeProperty(x_.get(), window_, XA_WM_NAME, XA_STRING, 8, PropModeAppend, nullptr, 0);
    XDestroyWindow(x_.get(), window_);
    XSync(x_.get(), False);
    XEvent event;
    if (!x_.lost() && XCheckTypedWindowEvent(x_.get(), window_, PropertyNotify, &event))
      gone_ms = static_cast<std::uint32_t>(event.xproperty.time);
  }
  window_ = focused_before_ = None;
  context_ = nullptr;
  return gone_ms;
}

void BreakScreen::keep_focus() {
  Window now = None;
  int revert = 0;
  XGetInputFocus(x_.get(), &now, &revert);
  if (now != window_) XSetInputFocus(x_.get(), window_, RevertToPointerRoot, CurrentTime);
  XFlush(x_.get());
}

bool BreakScreen::is_on_button(int x, int y) const {
  return std::abs(x - width_ / 2) <= button_width / 2 && y >= button_top_ && y <= button_top_ + button_height;
}

void BreakScreen::draw() {
  Display* display = x_.get();
  int baseline = height_ / 3;
  XSetForeground(display, context_, ink);
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    draw_centered(lines_[line], line == 0 ? large_ : small_, baseline);
    baseline += line == 0 ? large_height : small_height;
  }
  XSetForeground(display, context_, button_color);
  XFillRectangle(display, window_, context_, width_ / 2 - button_width / 2, button_top_, button_width, button_height);
  XSetForeground(display, context_, ink);
  draw_centered(leave_, small_, button_top_ + button_height / 2 + 6);
  XFlush(display);
}

void BreakScreen::draw_centered(const std::string& text, XFontStruct* font, int baseline) {
  const int count = static_cast<int>(text.size());
  if (font != nullptr) XSetFont(x_.get(), context_, font->fid);
  const int wide = font == nullptr ? count * 7 : XTextWidth(font, text.data(), count);
  XDrawString(x_.get(), window_, context_, (width_ - wide) / 2, baseline, text.data(), count);
}

}  // namespace neural_focus::x11
