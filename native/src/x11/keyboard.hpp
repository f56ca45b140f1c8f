// What may be known of a key: which class it belongs to, which modifiers are held, whether it repeats by itself.
//
// The code of a key enters `press` and `release` and goes no further: what they return has room for flags only.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "core/record.hpp"
#include "x11/display.hpp"

namespace neural_focus::x11 {

KeyClass classify(KeySym keysym);

class Keyboard {
 public:
  explicit Keyboard(const Connection& x) : x_(x) { read_mapping(); }

  void read_mapping();  // at start and when the person changes the layout
  void read_held();     // at start and after a pause, when a release may have been missed

  KeyData press(unsigned code, bool marked_repeat);
  KeyData release(unsigned code);

 private:
  KeyData redacted(unsigned code, std::uint32_t extra) const;

  const Connection& x_;
  std::array<std::uint32_t, 256> class_bits_{};
  std::array<std::uint32_t, 256> modifier_bits_{};
  std::bitset<256> held_;
};

}  // namespace neural_focus::x11
