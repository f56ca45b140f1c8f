// What the desktop says about its windows. Any of them may die while it is being read: then there is no window.
#pragma once

#include <optional>
#include <string>

#include "x11/display.hpp"

namespace neural_focus::x11 {

struct WindowInfo {
  Window window = None;
  std::uint32_t pid = 0;
  std::string app;  // the class of WM_CLASS, else the name of its process; may be empty
};

struct WindowState {
  bool minimized = false, maximized = false, full_screen = false;
};

class Windows {
 public:
  explicit Windows(const Connection& x);

  // The window that holds the focus, as the window manager says it; where none says so, the window with the input
  // focus or the first above it that names its app. None when no window holds it.
  Window active() const;
  bool manager_tells() const;  // whether _NET_ACTIVE_WINDOW is there to be watched

  std::optional<WindowInfo> describe(Window window) const;
  std::string title(Window window) const;  // empty when it has none
  WindowState state(Window window) const;

  bool is_active_property(Atom property) const { return property == active_; }
  bool is_title_property(Atom property) const { return property == name_ || property == old_name_; }
  bool is_state_property(Atom property) const { return property == state_; }

 private:
  Window focused_by_input() const;

  const Connection& x_;
  const Atom active_, name_, state_, pid_, hidden_, maximized_vert_, maximized_horz_, full_screen_;
  const Atom old_name_, class_;
};

}  // namespace neural_focus::x11
