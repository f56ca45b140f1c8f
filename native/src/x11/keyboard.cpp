#include "x11/keyboard.hpp"

#include <X11/XKBlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>

namespace neural_focus::x11 {
namespace {

std::uint32_t modifier_of(KeySym keysym) {
  switch (keysym) {
    case XK_Shift_L:
    case XK_Shift_R: return key_shift;
    case XK_Control_L:
    case XK_Control_R: return key_ctrl;
    case XK_Alt_L:
    case XK_Alt_R: return key_alt;
    case XK_Super_L:
    case XK_Super_R:
    case XK_Meta_L:
    case XK_Meta_R: return key_meta;
    default: return 0;
  }
}

bool types_text(KeySym keysym) {
  return (keysym >= 0x20 && keysym < 0xFE00) || keysym >= 0x01000000 || (keysym >= 0xFE50 && keysym <= 0xFE6F) ||
         (keysym >= XK_KP_Multiply && keysym <= XK_KP_9) || keysym == XK_KP_Equal || keysym == XK_KP_Space;
}

}  // namespace

KeyClass classify(KeySym keysym) {
  if (IsModifierKey(keysym) || keysym == XK_Scroll_Lock) return KeyClass::modifier;
  if (keysym == XK_BackSpace || keysym == XK_Delete || keysym == XK_KP_Delete) return KeyClass::deleting;
  if (keysym == XK_Return || keysym == XK_KP_Enter || keysym == XK_Tab || keysym == XK_ISO_Left_Tab ||
      keysym == XK_KP_Tab)
    return KeyClass::enter_tab;
  if (IsCursorKey(keysym) || (keysym >= XK_KP_Home && keysym <= XK_KP_Begin)) return KeyClass::navigation;
  if (types_text(keysym)) return KeyClass::text;
  if (IsFunctionKey(keysym) || keysym == XK_Escape || IsMiscFunctionKey(keysym) || keysym == XK_Pause ||
      (keysym >= 0x10080000 && keysym <= 0x1008FFFF))  // the multimedia keys of XF86keysym.h
    return KeyClass::function;
  return KeyClass::unknown;
}

void Keyboard::read_mapping() {
  for (unsigned code = 8; code < 256; ++code) {
    const KeySym plain = XkbKeycodeToKeysym(x_.get(), static_cast<KeyCode>(code), 0, 0);
    const KeySym shifted = XkbKeycodeToKeysym(x_.get(), static_cast<KeyCode>(code), 0, 1);
    // The keypad's first level moves the cursor, yet it is used for numbers: NumLock is on nearly everywhere.
    const bool keypad_number = shifted >= XK_KP_0 && shifted <= XK_KP_9;
    const auto key_class = static_cast<std::uint32_t>(keypad_number ? KeyClass::text : classify(plain));
    class_bits_[code] = key_class << key_class_shift;
    modifier_bits_[code] = modifier_of(plain);
  }
}

void Keyboard::read_held() {
  char keys[32] = {};
  XQueryKeymap(x_.get(), keys);
  held_.reset();
  for (unsigned code = 0; code < 256; ++code) held_[code] = ((keys[code / 8] >> (code % 8)) & 1) != 0;
}

KeyData Keyboard::redacted(unsigned code, std::uint32_t extra) const {
  std::uint32_t flags = key_redacted | extra | class_bits_[code];
  for (std::size_t other = 8; other < 256; ++other)
    if (held_[other] && other != code) flags |= modifier_bits_[other];
  return KeyData{0, 0, flags};
}

KeyData Keyboard::press(unsigned code, bool marked_repeat) {
  code &= 0xFF;
  const bool repeat = marked_repeat || held_[code];
  held_[code] = true;
  return redacted(code, repeat ? key_auto_repeat : 0);
}

KeyData Keyboard::release(unsigned code) {
  code &= 0xFF;
  held_[code] = false;
  return redacted(code, 0);
}

}  // namespace neural_focus::x11
