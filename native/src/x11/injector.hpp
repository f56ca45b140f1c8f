// Real input for tests and the demo person: keys, pointer and windows through the X server (XTest), so that whoever
// captures sees what a person's devices would cause. Where no window manager runs, it plays a minimal one: it sets
// _NET_ACTIVE_WINDOW and _NET_WM_STATE itself.
#pragma once

#include <string>
#include <tuple>
#include <utility>

#include "x11/display.hpp"

namespace neural_focus::x11 {

class Injector {
 public:
  explicit Injector(const std::string& display) : x_(display) { require_xtest(); }

  // Keys by keysym name ("a", "Return", "BackSpace"). Throws std::invalid_argument for a name without a key.
  void press(const std::string& keysym) { key(keysym, true); }
  void release(const std::string& keysym) { key(keysym, false); }
  void tap(const std::string& keysym);
  void type_text(const std::string& utf8);

  void move(int x, int y);
  void move_by(int dx, int dy);
  void button(unsigned number, bool down);  // X's numbers: 1 left, 2 middle, 3 right
  void wheel(int notches);                  // positive away from the user
  std::pair<int, int> pointer() const;
  std::pair<int, int> screen_size() const;

  Window open_window(const std::string& app, const std::string& title, int x, int y, unsigned width, unsigned height,
                     unsigned long pid);
  void set_title(Window window, const std::string& title);
  void activate(Window window);  // 0: no window has the focus
  // As on a desktop whose window manager tells nothing.
  void focus_input(Window window);
  void forget_active_window();
  void minimize(Window window, bool on);
  void maximize(Window window, bool on);
  void fill_screen(Window window, bool on);
  void close_window(Window window);
  Window active_window() const;
  bool window_manager_runs() const;
  void sync() const;

 private:
  void require_xtest() const;
  KeyCode keycode_of(KeySym keysym, const std::string& name, bool& shifted) const;
  void key(const std::string& keysym, bool down);
  void tap_keysym(KeySym keysym, const std::string& name);
  void change_state(Window window, bool on, const char* first, const char* second);
  void ask_state(Window window, bool on, const char* first, const char* second);

  Connection x_;
};

}  // namespace neural_focus::x11
