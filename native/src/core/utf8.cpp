#include "core/utf8.hpp"

#include <algorithm>

namespace neural_focus {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Lead {
  std::size_t continuation;  // bytes that follow; 0 with `valid` false marks a byte that cannot lead
  unsigned low, high;        // allowed range of the first continuation byte
  bool valid;
};

// Table 3-7 of the Unicode standard: well-formed byte sequences.
Lead classify(unsigned byte) noexcept {
  if (byte < 0x80) return {0, 0, 0, true};
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF, true};
  if (byte == 0xE0) return {2, 0xA0, 0xBF, true};
  if (byte == 0xED) return {2, 0x80, 0x9F, true};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF, true};
  if (byte == 0xF0) return {3, 0x90, 0xBF, true};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF, true};
  if (byte == 0xF4) return {3, 0x80, 0x8F, true};
  return {0, 0, 0, false};
}

unsigned byte_at(std::string_view text, std::size_t at) noexcept { return static_cast<unsigned char>(text[at]); }

bool is_control(std::string_view code_point) noexcept {
  const unsigned first = byte_at(code_point, 0);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && byte_at(code_point, 1) < 0xA0);
}

// The first code point of a text that is not empty, or as many bytes as were the begin of one.
struct Sequence {
  std::size_t bytes;
  bool whole, cut_off;  // neither: it is ill-formed
};

Sequence first_sequence(std::string_view text) noexcept {
  const Lead lead = classify(byte_at(text, 0));
  if (!lead.valid) return {1, false, false};
  unsigned low = lead.low, high = lead.high;
  for (std::size_t bytes = 1; bytes <= lead.continuation; ++bytes) {
    if (bytes == text.size()) return {bytes, false, true};
    const unsigned next = byte_at(text, bytes);
    if (next < low || next > high) return {bytes, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {lead.continuation + 1, true, false};
}

}  // namespace

std::size_t repair_text(std::string_view from, char* to, std::size_t room) noexcept {
  from = from.substr(0, from.find('\0'));
  std::size_t size = 0;
  while (!from.empty()) {
    const Sequence next = first_sequence(from);
    if (next.cut_off) break;
    const std::string_view found = from.substr(0, next.bytes);
    const std::string_view text = next.whole && !is_control(found) ? found : replacement;
    if (text.size() > room - size) break;
    std::copy(text.begin(), text.end(), to + size);
    size += text.size();
    from.remove_prefix(next.bytes);
  }
  return size;
}

bool looks_like_utf8(std::string_view parts) noexcept {
  bool found = false;
  while (!parts.empty()) {
    std::string_view part = parts.substr(0, parts.find('\0'));
    parts.remove_prefix(std::min(part.size() + 1, parts.size()));
    while (!part.empty()) {
      const Sequence next = first_sequence(part);
      if (!next.whole && !next.cut_off) return false;
      found = found || (next.whole && next.bytes > 1);
      part.remove_prefix(next.bytes);
    }
  }
  return found;
}

}  // namespace neural_focus
