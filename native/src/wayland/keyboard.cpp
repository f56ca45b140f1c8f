#include "wayland/keyboard.hpp"

#include <linux/input-event-codes.h>

#include <array>
#include <cstddef>
#include <utility>

namespace neural_focus::wayland {
namespace {

constexpr std::array<std::pair<unsigned, std::uint32_t>, 8> modifiers{{
    {KEY_LEFTSHIFT, key_shift},
    {KEY_RIGHTSHIFT, key_shift},
    {KEY_LEFTCTRL, key_ctrl},
    {KEY_RIGHTCTRL, key_ctrl},
    {KEY_LEFTALT, key_alt},
    {KEY_RIGHTALT, key_alt},
    {KEY_LEFTMETA, key_meta},
    {KEY_RIGHTMETA, key_meta},
}};

bool is_modifier(unsigned code) {
  for (const auto& [modifier, flag] : modifiers)
    if (modifier == code) return true;
  return code == KEY_CAPSLOCK || code == KEY_NUMLOCK || code == KEY_SCROLLLOCK;
}

bool types_text(unsigned code) {
  return (code >= KEY_1 && code <= KEY_EQUAL) || (code >= KEY_Q && code <= KEY_RIGHTBRACE) ||
         (code >= KEY_A && code <= KEY_GRAVE) || (code >= KEY_BACKSLASH && code <= KEY_SLASH) || code == KEY_SPACE ||
         (code >= KEY_KP7 && code <= KEY_KPDOT) || code == KEY_KPASTERISK || code == KEY_KPSLASH ||
         code == KEY_KPEQUAL || code == KEY_KPCOMMA || code == KEY_KPJPCOMMA || code == KEY_102ND || code == KEY_RO ||
         code == KEY_YEN;
}

}  // namespace

KeyClass classify(unsigned code) {
  if (is_modifier(code)) return KeyClass::modifier;
  switch (code) {
    case KEY_BACKSPACE:
    case KEY_DELETE: return KeyClass::deleting;
    case KEY_ENTER:
    case KEY_KPENTER:
    case KEY_TAB: return KeyClass::enter_tab;
    case KEY_HOME:
    case KEY_UP:
    case KEY_PAGEUP:
    case KEY_LEFT:
    case KEY_RIGHT:
    case KEY_END:
    case KEY_DOWN:
    case KEY_PAGEDOWN: return KeyClass::navigation;
    default: break;
  }
  if (types_text(code)) return KeyClass::text;
  // Escape, F1–F24, Insert, Pause, Print and the multimedia keys; above 0x160 lie those of remote controls.
  return code == KEY_RESERVED || code == KEY_UNKNOWN ? KeyClass::unknown : KeyClass::function;
}

KeyData Keyboard::redacted(unsigned code, std::uint32_t extra) const {
  std::uint32_t flags = key_redacted | extra | static_cast<std::uint32_t>(classify(code)) << key_class_shift;
  for (std::size_t index = 0; index < modifiers.size(); ++index)
    if (held_[index] && modifiers[index].first != code) flags |= modifiers[index].second;
  return KeyData{0, 0, flags};
}

KeyData Keyboard::press(unsigned code, bool repeat) {
  for (std::size_t index = 0; index < modifiers.size(); ++index)
    if (modifiers[index].first == code) held_[index] = true;
  return redacted(code, repeat ? key_auto_repeat : 0);
}

KeyData Keyboard::release(unsigned code) {
  for (std::size_t index = 0; index < modifiers.size(); ++index)
    if (modifiers[index].first == code) held_[index] = false;
  return redacted(code, 0);
}

}  // namespace neural_focus::wayland
