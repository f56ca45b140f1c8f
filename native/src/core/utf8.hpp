// Names that some program chose, made text: they need not be UTF-8, and something may have cut them anywhere.
#pragma once

#include <cstddef>
#include <string_view>

namespace neural_focus {

// Writes `from`, up to its first NUL, into `to` as UTF-8 of at most `room` bytes, cut at a code point; returns how many.
// Each byte sequence that is no text (ill-formed as in table 3-7 of the Unicode standard, or a control character)
// becomes one U+FFFD. A code point whose end is missing at the end of `from` is left out, as any cut leaves it out: so
// a name is the same however often it was cut and repaired.
std::size_t repair_text(std::string_view from, char* to, std::size_t room) noexcept;

// Whether parts of text, each ended by a NUL or the end, are UTF-8 rather than something of one byte a letter: some
// letter has more than one byte and nothing is ill-formed, but that the end of a part may be cut off.
bool looks_like_utf8(std::string_view parts) noexcept;

}  // namespace neural_focus
