// What Windows says about its windows. Any of them may be gone while it is being read: then there is no window.
#pragma once

#include <windows.h>

#include <optional>
#include <string>

#include "core/recorder.hpp"

namespace neural_focus::windows {

std::optional<FocusedWindow> describe(HWND window);  // of another process's window too, without asking that process
std::string title(HWND window);
std::string process_name(std::uint32_t pid);  // the file's name, such as "chrome.exe"; empty when it may not be known
std::string to_utf8(const wchar_t* text, int length);

}  // namespace neural_focus::windows
