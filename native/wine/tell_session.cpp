// tell_session.exe lock|unlock: what Windows sends to the capture when the person locks the screen. Wine has no lock
// screen, so `make wine` sends it by hand.
#include <windows.h>
#include <wtsapi32.h>

#include <cstdio>
#include <cstring>

int main(int count, char** words) {
  const HWND window = ::FindWindowExW(HWND_MESSAGE, nullptr, L"NeuralFocusSession", nullptr);
  if (count != 2 || window == nullptr) {
    std::fprintf(stderr, "tell_session: no capture runs here, or not one word lock or unlock\n");
    return 1;
  }
  const WPARAM what = std::strcmp(words[1], "lock") == 0 ? WTS_SESSION_LOCK : WTS_SESSION_UNLOCK;
  ::SendMessageW(window, WM_WTSSESSION_CHANGE, what, 0);
}
