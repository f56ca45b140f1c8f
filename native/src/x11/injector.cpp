#include "x11/injector.hpp"

#include <X11/XKBlib.h>
#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace neural_focus::x11 {
namespace {

constexpr unsigned long input_hint_only = InputHint;

void set_utf8(Display* display, Window window, Atom property, Atom utf8, const std::string& text) {
  XChangeProperty(display, window, property, utf8, 8, PropModeReplace,
                  reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
}

void set_longs(Display* display, Window window, Atom property, Atom type, const std::vector<unsigned long>& values) {
  XChangeProperty(display, window, property, type, 32, PropModeReplace,
                  reinterpret_cast<const unsigned char*>(values.data()), static_cast<int>(values.size()));
}

KeySym keysym_of_code_point(unsigned long code_point) {
  if (code_point == '\n') return XK_Return;
  if (code_point == '\t') return XK_Tab;
  if (code_point == '\b') return XK_BackSpace;
  return code_point < 0x100 ? code_point : code_point | 0x01000000UL;
}

std::vector<unsigned long> decode_utf8(const std::string& text) {
  std::vector<unsigned long> points;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    if (byte < 0x80) {
      points.push_back(byte);
    } else if (byte >= 0xC0) {
      points.push_back(byte >= 0xF0 ? byte & 0x07U : byte >= 0xE0 ? byte & 0x0FU : byte & 0x1FU);
    } else if (!points.empty()) {
      points.back() = (points.back() << 6) | (byte & 0x3FU);
    }
  }
  return points;
}

}  // namespace

void Injector::require_xtest() const {
  int event = 0, error = 0, major = 0, minor = 0;
  if (XTestQueryExtension(x_.get(), &event, &error, &major, &minor) == 0)
    throw DisplayError("the X server has no XTEST extension");
}

void Injector::sync() const {
  XSync(x_.get(), False);
  if (x_.lost()) throw DisplayError("the connection to the X server is lost");
}

KeyCode Injector::keycode_of(KeySym keysym, const std::string& name, bool& shifted) const {
  const KeyCode code = keysym == NoSymbol ? KeyCode{0} : XKeysymToKeycode(x_.get(), keysym);
  if (code == 0) throw std::invalid_argument("no key of this keyboard makes '" + name + "'");
  shifted = XkbKeycodeToKeysym(x_.get(), code, 0, 0) != keysym && XkbKeycodeToKeysym(x_.get(), code, 0, 1) == keysym;
  return code;
}

void Injector::key(const std::string& keysym, bool down) {
  bool shifted = false;
  const KeyCode code = keycode_of(XStringToKeysym(keysym.c_str()), keysym, shifted);
  XTestFakeKeyEvent(x_.get(), code, down ? True : False, CurrentTime);
  sync();
}

void Injector::tap_keysym(KeySym keysym, const std::string& name) {
  bool shifted = false;
  const KeyCode code = keycode_of(keysym, name, shifted);
  const KeyCode shift = XKeysymToKeycode(x_.get(), XK_Shift_L);
  if (shifted) XTestFakeKeyEvent(x_.get(), shift, True, CurrentTime);
  XTestFakeKeyEvent(x_.get(), code, True, CurrentTime);
  XTestFakeKeyEvent(x_.get(), code, False, CurrentTime);
  if (shifted) XTestFakeKeyEvent(x_.get(), shift, False, CurrentTime);
  sync();
}

void Injector::tap(const std::string& keysym) { tap_keysym(XStringToKeysym(keysym.c_str()), keysym); }

void Injector::type_text(const std::string& utf8) {
  for (const unsigned long point : decode_utf8(utf8))
    tap_keysym(keysym_of_code_point(point), "U+" + std::to_string(point));
}

void Injector::move(int x, int y) {
  XTestFakeMotionEvent(x_.get(), -1, x, y, CurrentTime);
  sync();
}

void Injector::move_by(int dx, int dy) {
  XTestFakeRelativeMotionEvent(x_.get(), dx, dy, CurrentTime);
  sync();
}

void Injector::button(unsigned number, bool down) {
  XTestFakeButtonEvent(x_.get(), number, down ? True : False, CurrentTime);
  sync();
}

void Injector::wheel(int notches) {
  const unsigned number = notches > 0 ? 4 : 5;
  for (int done = 0; done < std::abs(notches); ++done) {
    XTestFakeButtonEvent(x_.get(), number, True, CurrentTime);
    XTestFakeButtonEvent(x_.get(), number, False, CurrentTime);
  }
  sync();
}

std::pair<int, int> Injector::pointer() const {
  Window root = None, child = None;
  int x = 0, y = 0, window_x = 0, window_y = 0;
  unsigned mask = 0;
  XQueryPointer(x_.get(), x_.root(), &root, &child, &x, &y, &window_x, &window_y, &mask);
  return {x, y};
}

std::pair<int, int> Injector::screen_size() const {
  const int screen = DefaultScreen(x_.get());
  return {DisplayWidth(x_.get(), screen), DisplayHeight(x_.get(), screen)};
}

Window Injector::open_window(const std::string& app, const std::string& title, int x, int y, unsigned width,
                             unsigned height, unsigned long pid) {
  Display* display = x_.get();
  const int screen = DefaultScreen(display);
  // A colour of its own per app makes pictures of the virtual display readable.
  unsigned long color = 0x303030;
  for (const char letter : app) color = (color * 31 + static_cast<unsigned char>(letter)) & 0x7F7F7F;
  const Window window =
      XCreateSimpleWindow(display, x_.root(), x, y, width, height, 1, BlackPixel(display, screen), color | 0x404040);
  std::string name = app;
  XClassHint hint{name.data(), name.data()};
  XSetClassHint(display, window, &hint);
  XWMHints hints{};
  hints.flags = input_hint_only;
  hints.input = True;
  XSetWMHints(display, window, &hints);
  if (pid != 0) set_longs(display, window, x_.atom("_NET_WM_PID"), XA_CARDINAL, {pid});
  set_title(window, title);
  XMapRaised(display, window);
  sync();
  return window;
}

void Injector::set_title(Window window, const std::string& title) {
  set_utf8(x_.get(), window, x_.atom("_NET_WM_NAME"), x_.atom("UTF8_STRING"), title);
  sync();
}

bool Injector::window_manager_runs() const {
  const Atom property = x_.atom("_NET_SUPPORTING_WM_CHECK");
  const auto check = x_.longs(x_.root(), property);
  if (!check || check->empty() || (*check)[0] == None) return false;
  return x_.longs((*check)[0], property) == check;  // the root may still name one that has ended
}

void Injector::activate(Window window) {
  Display* display = x_.get();
  const Atom active = x_.atom("_NET_ACTIVE_WINDOW");
  if (window_manager_runs() && window != None) {
    XEvent message{};
    message.xclient.type = ClientMessage;
    message.xclient.window = window;
    message.xclient.message_type = active;
    message.xclient.format = 32;
    message.xclient.data.l[0] = 2;  // as a pager: a person asked for it
    XSendEvent(display, x_.root(), False, SubstructureRedirectMask | SubstructureNotifyMask, &message);
  } else {
    if (window != None) XMapRaised(display, window);
    XSync(display, False);  // only a window that is mapped can take the focus
    XSetInputFocus(display, window == None ? static_cast<Window>(PointerRoot) : window, RevertToPointerRoot,
                   CurrentTime);
    set_longs(display, x_.root(), active, XA_WINDOW, {window});
  }
  sync();
}

void Injector::focus_input(Window window) {
  XSetInputFocus(x_.get(), window, RevertToPointerRoot, CurrentTime);
  sync();
}

void Injector::forget_active_window() {
  XDeleteProperty(x_.get(), x_.root(), x_.atom("_NET_ACTIVE_WINDOW"));
  sync();
}

void Injector::change_state(Window window, bool on, const char* first, const char* second) {
  const Atom state = x_.atom("_NET_WM_STATE");
  auto atoms = x_.longs(window, state).value_or(std::vector<unsigned long>{});
  for (const char* name : {first, second}) {
    if (name == nullptr) continue;
    std::erase(atoms, x_.atom(name));
    if (on) atoms.push_back(x_.atom(name));
  }
  set_longs(x_.get(), window, state, XA_ATOM, atoms);
  sync();
}

void Injector::minimize(Window window, bool on) {
  if (window_manager_runs()) {
    if (on) XIconifyWindow(x_.get(), window, DefaultScreen(x_.get()));
    else XMapRaised(x_.get(), window);
    sync();
    return;
  }
  change_state(window, on, "_NET_WM_STATE_HIDDEN", nullptr);
  if (on && active_window() == window) activate(None);
}

void Injector::maximize(Window window, bool on) {
  ask_state(window, on, "_NET_WM_STATE_MAXIMIZED_VERT", "_NET_WM_STATE_MAXIMIZED_HORZ");
}

void Injector::fill_screen(Window window, bool on) { ask_state(window, on, "_NET_WM_STATE_FULLSCREEN", nullptr); }

// Of the window manager, where one runs.
void Injector::ask_state(Window window, bool on, const char* first, const char* second) {
  if (!window_manager_runs()) return change_state(window, on, first, second);
  XEvent message{};
  message.xclient.type = ClientMessage;
  message.xclient.window = window;
  message.xclient.message_type = x_.atom("_NET_WM_STATE");
  message.xclient.format = 32;
  message.xclient.data.l[0] = on ? 1 : 0;
  message.xclient.data.l[1] = static_cast<long>(x_.atom(first));
  message.xclient.data.l[2] = second == nullptr ? 0 : static_cast<long>(x_.atom(second));
  message.xclient.data.l[3] = 2;
  XSendEvent(x_.get(), x_.root(), False, SubstructureRedirectMask | SubstructureNotifyMask, &message);
  sync();
}

void Injector::close_window(Window window) {
  if (!window_manager_runs() && active_window() == window) activate(None);
  XDestroyWindow(x_.get(), window);
  sync();
}

Window Injector::active_window() const {
  const auto active = x_.longs(x_.root(), x_.atom("_NET_ACTIVE_WINDOW"));
  return active && !active->empty() ? (*active)[0] : None;
}

}  // namespace neural_focus::x11
