#include "windows/capture.hpp"

#include <wtsapi32.h>

#include <stdexcept>

#include "windows/windows.hpp"

namespace neural_focus::windows {
namespace {

constexpr UINT poll_ms = 100;
constexpr UINT_PTR poll_timer = 1;

Capture* current = nullptr;  // hooks carry no pointer of ours; only the capture's own thread reads and writes it

}  // namespace

std::uint64_t boot_clock_us() noexcept {
  LARGE_INTEGER count, frequency;
  ::QueryPerformanceCounter(&count);  // counts through suspension, as the boot clock elsewhere
  ::QueryPerformanceFrequency(&frequency);
  const auto ticks = static_cast<std::uint64_t>(count.QuadPart), hz = static_cast<std::uint64_t>(frequency.QuadPart);
  return ticks / hz * 1'000'000 + ticks % hz * 1'000'000 / hz;
}

void Capture::start() {
  if (thread_.joinable()) return;
  std::promise<void> started;
  std::future<void> done = started.get_future();
  thread_ = std::thread(&Capture::run, this, std::move(started));
  try {
    done.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

void Capture::stop() {
  if (!thread_.joinable()) return;
  ::PostThreadMessageW(thread_id_.load(), WM_QUIT, 0, 0);
  thread_.join();
}

void Capture::run(std::promise<void> started) {
  current = this;
  tick();
  keyboard_.read_held();
  MSG message;
  ::PeekMessageW(&message, nullptr, 0, 0, PM_NOREMOVE);  // makes the queue, so that `stop` can post to it
  thread_id_ = ::GetCurrentThreadId();
  if (!set_hooks()) {
    release_hooks();
    started.set_exception(std::make_exception_ptr(
        std::runtime_error("Windows refused the input hooks (error " + std::to_string(::GetLastError()) + ")")));
    return;
  }
  refresh_focus();
  started.set_value();
  while (::GetMessageW(&message, nullptr, 0, 0) > 0) {
    tick();
    ::DispatchMessageW(&message);
    if (message.message == WM_TIMER) on_timer();
  }
  release_hooks();
  current = nullptr;
}

bool Capture::set_hooks() {
  const HINSTANCE module = ::GetModuleHandleW(nullptr);
  keyboard_hook_ = ::SetWindowsHookExW(WH_KEYBOARD_LL, keyboard_hook, module, 0);
  mouse_hook_ = ::SetWindowsHookExW(WH_MOUSE_LL, mouse_hook, module, 0);
  constexpr DWORD events[] = {EVENT_SYSTEM_FOREGROUND, EVENT_OBJECT_NAMECHANGE, EVENT_SYSTEM_MINIMIZESTART};
  for (std::size_t index = 0; index < std::size(events); ++index)
    event_hooks_[index] = ::SetWinEventHook(events[index], events[index], nullptr, window_event, 0, 0,
                                            WINEVENT_OUTOFCONTEXT | WINEVENT_SKIPOWNPROCESS);
  WNDCLASSW session{};
  session.lpfnWndProc = session_message;
  session.hInstance = module;
  session.lpszClassName = L"NeuralFocusSession";
  ::RegisterClassW(&session);
  messages_ = ::CreateWindowW(session.lpszClassName, L"", 0, 0, 0, 0, 0, HWND_MESSAGE, nullptr, module, nullptr);
  if (messages_ != nullptr) ::WTSRegisterSessionNotification(messages_, NOTIFY_FOR_THIS_SESSION);
  ::SetTimer(messages_, poll_timer, poll_ms, nullptr);
  return keyboard_hook_ != nullptr && mouse_hook_ != nullptr && messages_ != nullptr;
}

void Capture::release_hooks() {
  if (keyboard_hook_ != nullptr) ::UnhookWindowsHookEx(keyboard_hook_);
  if (mouse_hook_ != nullptr) ::UnhookWindowsHookEx(mouse_hook_);
  for (const HWINEVENTHOOK hook : event_hooks_)
    if (hook != nullptr) ::UnhookWinEvent(hook);
  if (messages_ != nullptr) {
    ::WTSUnRegisterSessionNotification(messages_);
    ::DestroyWindow(messages_);
  }
}

void Capture::tick() { recorder_.at(boot_clock_us()); }

void Capture::on_timer() {
  LASTINPUTINFO last{sizeof last, 0};
  // Input that our hooks may not see, into an elevated program for one, still ends a pause.
  if (::GetLastInputInfo(&last) != 0 && last.dwTime != last_input_tick_) {
    last_input_tick_ = last.dwTime;
    if (::GetTickCount() - last.dwTime < 2 * poll_ms) wake();
  }
  recorder_.take_due();
  if (recorder_.motion_wanted()) recorder_.motion(pointer_.x, pointer_.y);
  refresh_focus();
}

bool Capture::wake() {
  if (recorder_.idle()) keyboard_.read_held();
  return recorder_.wake();
}

LRESULT CALLBACK Capture::keyboard_hook(int code, WPARAM message, LPARAM data) {
  if (code == HC_ACTION && current != nullptr) current->on_key(message, *reinterpret_cast<KBDLLHOOKSTRUCT*>(data));
  return ::CallNextHookEx(nullptr, code, message, data);
}

void Capture::on_key(WPARAM message, const KBDLLHOOKSTRUCT& key) {
  tick();
  const bool pressed = message == WM_KEYDOWN || message == WM_SYSKEYDOWN;
  const bool recorded = wake();
  const KeyData redacted = pressed ? keyboard_.press(key.vkCode) : keyboard_.release(key.vkCode);
  if (recorded) recorder_.key(pressed, redacted);
}

LRESULT CALLBACK Capture::mouse_hook(int code, WPARAM message, LPARAM data) {
  if (code == HC_ACTION && current != nullptr) current->on_mouse(message, *reinterpret_cast<MSLLHOOKSTRUCT*>(data));
  return ::CallNextHookEx(nullptr, code, message, data);
}

void Capture::on_mouse(WPARAM message, const MSLLHOOKSTRUCT& mouse) {
  tick();
  if (!wake()) return;
  const auto x = static_cast<int>(mouse.pt.x), y = static_cast<int>(mouse.pt.y);
  const auto high = static_cast<std::uint16_t>(mouse.mouseData >> 16);
  switch (message) {
    case WM_MOUSEMOVE:
      pointer_ = mouse.pt;
      recorder_.moved();
      if (recorder_.motion_wanted()) recorder_.motion(x, y);
      return;
    case WM_LBUTTONDOWN: return recorder_.click(x, y, 1);
    case WM_RBUTTONDOWN: return recorder_.click(x, y, 2);
    case WM_MBUTTONDOWN: return recorder_.click(x, y, 3);
    case WM_XBUTTONDOWN: return recorder_.click(x, y, 3U + high);
    case WM_MOUSEWHEEL: return recorder_.wheel(x, y, static_cast<std::int16_t>(high));
    default: return;
  }
}

void CALLBACK Capture::window_event(HWINEVENTHOOK, DWORD event, HWND window, LONG object, LONG, DWORD, DWORD) {
  if (current == nullptr || object != OBJID_WINDOW) return;
  current->tick();
  if (event == EVENT_SYSTEM_MINIMIZESTART) return current->tell_minimized(window);
  if (event == EVENT_SYSTEM_FOREGROUND || window == ::GetForegroundWindow()) current->refresh_focus();
}

void Capture::refresh_focus() {
  const HWND front = ::GetForegroundWindow();
  if (focused_ != nullptr && front != focused_ && ::IsIconic(focused_) != 0) tell_minimized(focused_);
  const auto found = describe(front);
  if (!found) return recorder_.focus_nowhere();
  if (found->pid == ::GetCurrentProcessId()) return recorder_.focus_ours();
  focused_ = front;
  if (minimized_ == front && ::IsIconic(front) == 0) minimized_ = nullptr;
  refresh_maximized(*found);
  recorder_.focus(*found);
}

// By the event or by the poll, whichever is first.
void Capture::tell_minimized(HWND window) {
  if (window == minimized_) return;
  minimized_ = window;
  if (const auto told = describe(window)) recorder_.minimized(*told);
}

void Capture::refresh_maximized(const FocusedWindow& window) {
  const bool maximized = ::IsZoomed(::GetForegroundWindow()) != 0;
  if (maximized && !was_maximized_ && window.window == recorder_.focused().window) recorder_.maximized(window);
  was_maximized_ = maximized;
}

LRESULT CALLBACK Capture::session_message(HWND window, UINT message, WPARAM what, LPARAM data) {
  if (message == WM_WTSSESSION_CHANGE && current != nullptr && (what == WTS_SESSION_LOCK || what == WTS_SESSION_UNLOCK))
    current->recorder_.lock(what == WTS_SESSION_LOCK);
  return ::DefWindowProcW(window, message, what, data);
}

}  // namespace neural_focus::windows
