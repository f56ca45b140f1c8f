#include "x11/minimizer.hpp"

#include <X11/Xutil.h>

#include <algorithm>

namespace neural_focus::x11 {
namespace {

constexpr long most_windows = 2048;
constexpr long from_a_pager = 2;  // of EWMH's sources: window managers do as it says

}  // namespace

Minimizer::Minimizer(const std::string& display)
    : x_(display), windows_(x_), active_(x_.atom("_NET_ACTIVE_WINDOW")), change_state_(x_.atom("WM_CHANGE_STATE")),
      state_(x_.atom("WM_STATE")), clients_(x_.atom("_NET_CLIENT_LIST")), check_(x_.atom("_NET_SUPPORTING_WM_CHECK")),
      supported_(x_.atom("_NET_SUPPORTED")), hidden_(x_.atom("_NET_WM_STATE_HIDDEN")), name_(x_.atom("_NET_WM_NAME")) {}

std::string Minimizer::manager() const {
  const auto check = x_.longs(x_.root(), check_);
  if (!check || check->empty()) return "";
  const auto itself = x_.longs((*check)[0], check_);  // a manager that is gone leaves only the root's property
  if (!itself || itself->empty() || (*itself)[0] != (*check)[0]) return "";
  const auto able = x_.longs(x_.root(), supported_, most_windows).value_or(std::vector<unsigned long>{});
  for (const Atom needed : {active_, clients_, hidden_})
    if (std::find(able.begin(), able.end(), needed) == able.end()) return "";
  const auto name = x_.text((*check)[0], name_);
  return name && !name->empty() ? *name : "a window manager";
}

std::vector<ListedWindow> Minimizer::windows() const {
  std::vector<ListedWindow> found;
  for (const Window window : x_.longs(x_.root(), clients_, most_windows).value_or(std::vector<unsigned long>{}))
    if (const auto info = windows_.describe(window)) found.push_back({*info, is_away(window)});
  return found;
}

void Minimizer::minimize(Window window) {
  ask(window, change_state_, IconicState);
  XSync(x_.get(), False);
}

void Minimizer::bring_back(const std::vector<Window>& windows) {
  const Window active_before = windows_.active();                    // managers give the focus to what is mapped
  for (const Window window : windows) XMapWindow(x_.get(), window);  // ICCCM 4.1.4: from Iconic to Normal
  if (active_before != None) ask(active_before, active_, from_a_pager, CurrentTime);
  XSync(x_.get(), False);
}

void Minimizer::ask(Window window, Atom what, long first, long second) {
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = window;
  event.xclient.message_type = what;
  event.xclient.format = 32;
  event.xclient.data.l[0] = first;
  event.xclient.data.l[1] = second;
  XSendEvent(x_.get(), x_.root(), False, SubstructureRedirectMask | SubstructureNotifyMask, &event);
}

bool Minimizer::is_away(Window window) const {
  const auto state = x_.longs(window, state_);
  return state && !state->empty() && (*state)[0] == IconicState;
}

}  // namespace neural_focus::x11
