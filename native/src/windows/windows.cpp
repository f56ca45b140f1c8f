#include "windows/windows.hpp"

#include <iterator>

namespace neural_focus::windows {
namespace {

// A store app's window belongs to ApplicationFrameHost; the app itself owns a child of it.
BOOL CALLBACK find_hosted(HWND child, LPARAM found) {
  auto& pid = *reinterpret_cast<DWORD*>(found);
  DWORD of_child = 0;
  ::GetWindowThreadProcessId(child, &of_child);
  if (of_child == 0 || of_child == pid) return TRUE;
  pid = of_child;
  return FALSE;
}

}  // namespace

std::string to_utf8(const wchar_t* text, int length) {
  std::string utf8(static_cast<std::size_t>(length) * 3, '\0');
  const int size =
      ::WideCharToMultiByte(CP_UTF8, 0, text, length, utf8.data(), static_cast<int>(utf8.size()), nullptr, nullptr);
  utf8.resize(static_cast<std::size_t>(size > 0 ? size : 0));
  return utf8;
}

std::string process_name(std::uint32_t pid) {
  const HANDLE process = ::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
  if (process == nullptr) return "";
  wchar_t path[1024];
  DWORD length = static_cast<DWORD>(std::size(path));
  const bool known = ::QueryFullProcessImageNameW(process, 0, path, &length) != 0;
  ::CloseHandle(process);
  if (!known) return "";
  const std::string whole = to_utf8(path, static_cast<int>(length));
  return whole.substr(whole.find_last_of("\\/") + 1);
}

std::string title(HWND window) {
  wchar_t text[1024];
  const int length = ::GetWindowTextW(window, text, static_cast<int>(std::size(text)));
  return to_utf8(text, length);
}

std::optional<FocusedWindow> describe(HWND window) {
  DWORD pid = 0;
  if (window == nullptr || ::GetWindowThreadProcessId(window, &pid) == 0) return std::nullopt;
  std::string app = process_name(pid);
  if (app == "ApplicationFrameHost.exe") {
    ::EnumChildWindows(window, find_hosted, reinterpret_cast<LPARAM>(&pid));
    app = process_name(pid);
  }
  const auto handle = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(window));
  return FocusedWindow{handle, pid, std::move(app), title(window)};
}

}  // namespace neural_focus::windows
