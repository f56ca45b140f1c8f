// What may be known of a key: which class it belongs to, which modifiers are held, whether it repeats by itself.
//
// The code of a key enters `press` and `release` and goes no further: what they return has room for flags only.
#pragma once

#include <bitset>
#include <cstdint>

#include "core/record.hpp"

namespace neural_focus::windows {

KeyClass classify(std::uint32_t virtual_key) noexcept;

class Keyboard {
 public:
  void read_held();  // at start and after a pause, when a release may have been missed

  KeyData press(std::uint32_t virtual_key);
  KeyData release(std::uint32_t virtual_key);

 private:
  KeyData redacted(std::uint32_t virtual_key, std::uint32_t extra) const;

  std::bitset<256> held_;
};

}  // namespace neural_focus::windows
