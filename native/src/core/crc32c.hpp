// CRC-32C (Castagnoli, RFC 3720 appendix B.4): by the processor's instruction where it has one, by table elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace neural_focus {

// The checksum of `size` bytes that follow those already summed up in `before`.
std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t before = 0) noexcept;

// The same by table; a test holds the two against each other.
std::uint32_t crc32c_by_table(const void* data, std::size_t size, std::uint32_t before = 0) noexcept;

}  // namespace neural_focus
