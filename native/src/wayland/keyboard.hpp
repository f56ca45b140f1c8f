// What may be known of a key that the kernel tells of: its class, the modifiers held, whether it repeats by itself.
//
// The code of a key enters `press` and `release` and goes no further: what they return has room for flags only.
// Classes go by where a key lies on a US keyboard: the kernel knows no layout. A remapped CapsLock stays a modifier.
#pragma once

#include <bitset>
#include <cstdint>

#include "core/record.hpp"

namespace neural_focus::wayland {

KeyClass classify(unsigned code);  // one of linux/input-event-codes.h

class Keyboard {
 public:
  KeyData press(unsigned code, bool repeat);
  KeyData release(unsigned code);
  void forget_held() { held_.reset(); }  // a release may have been missed

 private:
  KeyData redacted(unsigned code, std::uint32_t extra) const;

  std::bitset<8> held_;  // modifiers only: left and right Shift, Ctrl, Alt, Meta
};

}  // namespace neural_focus::wayland
