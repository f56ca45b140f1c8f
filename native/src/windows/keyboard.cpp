#include "windows/keyboard.hpp"

#include <windows.h>

namespace neural_focus::windows {
namespace {

struct Modifier {
  std::uint32_t virtual_key, flag;
};
constexpr Modifier modifiers[] = {
    {VK_LSHIFT, key_shift}, {VK_RSHIFT, key_shift}, {VK_LCONTROL, key_ctrl}, {VK_RCONTROL, key_ctrl},
    {VK_LMENU, key_alt},    {VK_RMENU, key_alt},    {VK_LWIN, key_meta},     {VK_RWIN, key_meta},
};

constexpr bool between(std::uint32_t key, std::uint32_t first, std::uint32_t last) {
  return key >= first && key <= last;
}

}  // namespace

KeyClass classify(std::uint32_t key) noexcept {
  if (between(key, VK_SHIFT, VK_MENU) || between(key, VK_LSHIFT, VK_RMENU) || key == VK_LWIN || key == VK_RWIN ||
      key == VK_CAPITAL || key == VK_NUMLOCK || key == VK_SCROLL)
    return KeyClass::modifier;
  if (key == VK_BACK || key == VK_DELETE) return KeyClass::deleting;
  if (key == VK_RETURN || key == VK_TAB) return KeyClass::enter_tab;
  if (between(key, VK_PRIOR, VK_DOWN)) return KeyClass::navigation;
  if (key == VK_SPACE || between(key, '0', '9') || between(key, 'A', 'Z') || between(key, VK_NUMPAD0, VK_DIVIDE) ||
      between(key, VK_OEM_1, VK_OEM_3) || between(key, VK_OEM_4, VK_OEM_102) || key == VK_PROCESSKEY ||
      key == VK_PACKET)
    return KeyClass::text;
  if (between(key, VK_F1, VK_F24) || key == VK_ESCAPE || key == VK_PAUSE || key == VK_SNAPSHOT || key == VK_INSERT ||
      key == VK_HELP || key == VK_APPS || key == VK_SLEEP || between(key, VK_BROWSER_BACK, VK_LAUNCH_APP2))
    return KeyClass::function;
  return KeyClass::unknown;
}

void Keyboard::read_held() {
  for (unsigned key = 1; key < 256; ++key) held_[key] = (::GetAsyncKeyState(static_cast<int>(key)) & 0x8000) != 0;
}

KeyData Keyboard::redacted(std::uint32_t key, std::uint32_t extra) const {
  std::uint32_t flags = key_redacted | extra | (static_cast<std::uint32_t>(classify(key)) << key_class_shift);
  for (const Modifier& modifier : modifiers)
    if (held_[modifier.virtual_key] && modifier.virtual_key != key) flags |= modifier.flag;
  return KeyData{0, 0, flags};
}

KeyData Keyboard::press(std::uint32_t key) {
  key &= 0xFF;
  const bool repeat = held_[key];
  held_[key] = true;
  return redacted(key, repeat ? key_auto_repeat : 0);
}

KeyData Keyboard::release(std::uint32_t key) {
  key &= 0xFF;
  held_[key] = false;
  return redacted(key, 0);
}

}  // namespace neural_focus::windows
