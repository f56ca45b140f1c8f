#include "x11/pointer.hpp"

#include <xcb/xcbext.h>

#include <cstdlib>
#include <memory>

namespace neural_focus::x11 {

Pointer::Pointer(const std::string& display) : connection_(connect(display, root_)) {}

Pointer::~Pointer() { xcb_disconnect(connection_); }

void Pointer::ask() {
  cookie_ = xcb_query_pointer(connection_, root_);
  xcb_flush(connection_);
  asked_ = true;
}

std::optional<Pointer::Place> Pointer::answer(bool wait) {
  if (!asked_) return std::nullopt;
  void* found = nullptr;
  // Usually it lies in the socket by now, and reading it costs one call.
  if (xcb_poll_for_reply(connection_, cookie_.sequence, &found, nullptr) == 0) {
    if (!wait) return std::nullopt;
    found = xcb_query_pointer_reply(connection_, cookie_, nullptr);
  }
  asked_ = false;
  const std::unique_ptr<void, decltype(&std::free)> owner(found, &std::free);
  if (found == nullptr) return std::nullopt;
  const auto* reply = static_cast<const xcb_query_pointer_reply_t*>(found);
  return Place{reply->root_x, reply->root_y, reply->child};
}

}  // namespace neural_focus::x11
