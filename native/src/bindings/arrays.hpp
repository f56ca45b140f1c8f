// Records between NumPy and C++ without a copy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "core/record.hpp"

namespace neural_focus {

// Sets Python's current exception to one of neural_focus.errors.
inline void set_error(const char* name, const std::string& what, const std::string& todo) {
  namespace nb = nanobind;
  nb::object type = nb::module_::import_("neural_focus.errors").attr(name);
  nb::object error = type(nb::str(what.c_str()), nb::arg("todo") = nb::str(todo.c_str()));
  PyErr_SetObject(type.ptr(), error.ptr());
}

[[noreturn]] inline void raise_error(const char* name, const std::string& what, const std::string& todo) {
  set_error(name, what, todo);
  throw nanobind::python_error();
}

// Any contiguous buffer whose length is a multiple of 64 bytes, held for as long as this lives.
// The buffer may lie at any address: read records with `at`, not through an Event pointer.
class RecordBuffer {
 public:
  explicit RecordBuffer(nanobind::handle source) {
    if (PyObject_GetBuffer(source.ptr(), &view_, PyBUF_C_CONTIGUOUS) != 0) throw nanobind::python_error();
    if (view_.len % static_cast<Py_ssize_t>(sizeof(Event)) != 0) {
      const std::string found = std::to_string(view_.len);
      PyBuffer_Release(&view_);
      raise_error("FormatError", "a buffer of " + found + " bytes is no whole number of 64-byte records",
                  "Give the records as they were written");
    }
  }
  RecordBuffer(const RecordBuffer&) = delete;
  RecordBuffer& operator=(const RecordBuffer&) = delete;
  ~RecordBuffer() { PyBuffer_Release(&view_); }

  std::size_t size() const noexcept { return static_cast<std::size_t>(view_.len) / sizeof(Event); }
  const std::byte* bytes() const noexcept { return static_cast<const std::byte*>(view_.buf); }
  Event at(std::size_t index) const noexcept {
    Event record;
    std::memcpy(&record, bytes() + index * sizeof(Event), sizeof(Event));
    return record;
  }

 private:
  Py_buffer view_{};
};

// EVENT_DTYPE[n] over the vector's own memory.
inline nanobind::object to_array(std::vector<Event>&& records) {
  namespace nb = nanobind;
  auto* owned = new std::vector<Event>(std::move(records));
  nb::capsule owner(owned, [](void* pointer) noexcept { delete static_cast<std::vector<Event>*>(pointer); });
  const std::size_t bytes = owned->size() * sizeof(Event);
  nb::ndarray<nb::numpy, std::uint8_t> flat(owned->data(), {bytes}, owner);
  nb::object dtype = nb::module_::import_("neural_focus.events").attr("EVENT_DTYPE");
  return flat.cast().attr("view")(dtype);
}

}  // namespace neural_focus
