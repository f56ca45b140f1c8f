#include "buffer.hpp"

#include <nanobind/stl/string.h>

#include <cstring>

#include "core/validate.hpp"

namespace nb = nanobind;

namespace neural_focus {

void raise_format_error(const std::string& what, const std::string& why, const std::string& hint) {
  const nb::object type = nb::module_::import_("neural_focus.errors").attr("FormatError");
  const nb::object error = type(what, nb::arg("why") = why, nb::arg("hint") = hint);
  PyErr_SetObject(type.ptr(), error.ptr());
  throw nb::python_error();
}

Buffer::Buffer(nb::handle source, std::size_t item_bytes, const char* name) {
  if (PyObject_GetBuffer(source.ptr(), &view_, PyBUF_STRIDES | PyBUF_FORMAT) != 0) throw nb::python_error();
  if (PyBuffer_IsContiguous(&view_, 'C') == 0) {
    PyBuffer_Release(&view_);
    raise_format_error(std::string{name} + " is not contiguous", "it is a strided view",
                       "Give numpy.ascontiguousarray(...) of it");
  }
  const auto bytes = static_cast<std::size_t>(view_.len);
  const auto item = static_cast<std::size_t>(view_.itemsize);
  const std::string expected = std::to_string(item_bytes) + " bytes";
  if (item != 1 && item != item_bytes) {
    PyBuffer_Release(&view_);
    raise_format_error(std::string{name} + " has items of " + std::to_string(item) + " bytes",
                       "expected items of " + expected, "Give an array of the right dtype, or plain bytes");
  }
  if (bytes % item_bytes != 0) {
    PyBuffer_Release(&view_);
    raise_format_error(std::string{name} + " has " + std::to_string(bytes) + " bytes",
                       "its length must be a multiple of " + expected, "Cut off the incomplete last one");
  }
  count_ = bytes / item_bytes;
}

EventBuffer::EventBuffer(nb::handle source) : Buffer(source, sizeof(Event), "an event array") {
  const bool declared = std::strchr(format(), '>') != nullptr || std::strchr(format(), '!') != nullptr;
  if (declared || (count() > 0 && is_big_endian(RecordView{data()})))
    raise_format_error("an event array is big-endian", "expected little-endian",
                       "Write its records again in little-endian order");
}

Buffer::~Buffer() { PyBuffer_Release(&view_); }

}  // namespace neural_focus
