// A view of a Python buffer made of items of a known size; nothing is copied.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <string>

namespace neural_focus {

// Raises neural_focus.errors.FormatError: what happened, why, what to do.
[[noreturn]] void raise_format_error(const std::string& what, const std::string& why, const std::string& hint);

class Buffer {
 public:
  // `name` is what the error calls it. Raises FormatError for a length or an item of another size.
  Buffer(nanobind::handle source, std::size_t item_bytes, const char* name);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] const std::byte* data() const noexcept { return static_cast<const std::byte*>(view_.buf); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 protected:
  [[nodiscard]] const char* format() const noexcept { return view_.format == nullptr ? "" : view_.format; }

 private:
  Py_buffer view_ = {};
  std::size_t count_ = 0;
};

// Records. Raises FormatError also for big-endian ones, by the array's own format or as the first record shows.
class EventBuffer : public Buffer {
 public:
  explicit EventBuffer(nanobind::handle source);
};

}  // namespace neural_focus
