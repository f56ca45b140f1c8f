// UTF-8 text cut to what a record or a string table holds.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>

#include "core/utf8.hpp"

namespace neural_focus {

inline bool continues_code_point(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

inline std::size_t code_points(const std::string& text) noexcept {
  std::size_t count = 0;
  for (const char byte : text) count += continues_code_point(byte) ? 0 : 1;
  return count;
}

inline std::string first_code_points(const std::string& text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end)
    if (!continues_code_point(text[end]) && count++ == most) break;
  return text.substr(0, end);
}

// At most 31 bytes of text and a NUL, cut at a code point.
inline void copy_name(char (&to)[32], const std::string& from) {
  std::memset(to, 0, sizeof to);
  repair_text(from, to, sizeof to - 1);
}

}  // namespace neural_focus
