// Other programs' windows put away and brought back through the window manager (EWMH), never closed.
#pragma once

#include <vector>

#include "x11/windows.hpp"

namespace neural_focus::x11 {

struct ListedWindow {
  WindowInfo info;
  bool away = false;  // minimised
};

class Minimizer {
 public:
  explicit Minimizer(const std::string& display);  // throws DisplayError

  // The window manager's name; empty where none runs that lists windows and can minimise them.
  std::string manager() const;
  std::vector<ListedWindow> windows() const;
  void minimize(Window window);
  // Shows minimised windows again; the window that is active is so afterwards.
  void bring_back(const std::vector<Window>& windows);
  Window active() const { return windows_.active(); }
  bool lost() const noexcept { return x_.lost(); }

 private:
  void ask(Window window, Atom what, long first, long second = 0);
  bool is_away(Window window) const;

  Connection x_;
  Windows windows_;
  const Atom active_, change_state_, state_, clients_, check_, supported_, hidden_, name_;
};

}  // namespace neural_focus::x11
