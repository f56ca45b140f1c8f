#include "x11/events.hpp"

#include <X11/extensions/XI2.h>
#include <X11/extensions/XI2proto.h>
#include <sys/uio.h>
#include <xcb/xcbext.h>

#include <cstdlib>
#include <memory>

namespace neural_focus::x11 {
namespace {

xcb_extension_t xinput_extension = {"XInputExtension", 0};

// Sends a request of XInput, whose XCB library is seldom installed. XCB writes the opcodes and the length itself.
template <class Request>
unsigned send(xcb_connection_t* connection, std::uint8_t opcode, bool answered, Request& request) {
  static_assert(sizeof request % 4 == 0);
  iovec parts[3] = {};  // XCB wants room for two before the first
  parts[2] = {&request, sizeof request};
  const xcb_protocol_request_t described{1, &xinput_extension, opcode, static_cast<std::uint8_t>(answered ? 0 : 1)};
  return xcb_send_request(connection, answered ? XCB_REQUEST_CHECKED : 0, parts + 2, &described);
}

struct SelectRaw {
  xXISelectEventsReq request;
  xXIEventMask head;
  std::uint8_t bits[4];
};
static_assert(sizeof(SelectRaw) == sizeof(xXISelectEventsReq) + sizeof(xXIEventMask) + 4, "sent as it lies in memory");

Told raw_input(const xXIRawEvent& raw) {
  Told told;
  told.detail = raw.detail;
  told.server_ms = raw.time;
  told.repeated = (raw.flags & XIKeyRepeat) != 0;
  switch (raw.evtype) {
    case XI_RawKeyPress: told.kind = Told::Kind::key_press; break;
    case XI_RawKeyRelease: told.kind = Told::Kind::key_release; break;
    case XI_RawButtonPress: told.kind = Told::Kind::button; break;
    case XI_RawMotion: told.kind = Told::Kind::motion; break;
    default: break;
  }
  return told;
}

}  // namespace

xcb_connection_t* connect(const std::string& display, xcb_window_t& root) {
  int number = 0;
  xcb_connection_t* connection = xcb_connect(display.empty() ? nullptr : display.c_str(), &number);
  if (xcb_connection_has_error(connection) != 0) {
    xcb_disconnect(connection);
    throw DisplayError("the X display " + std::string(XDisplayName(display.empty() ? nullptr : display.c_str())) +
                       " cannot be opened");
  }
  auto screens = xcb_setup_roots_iterator(xcb_get_setup(connection));
  while (number-- > 0 && screens.rem > 1) xcb_screen_next(&screens);
  root = screens.data->root;
  return connection;
}

Events::Events(const std::string& display) : connection_(connect(display, root_)) {
  try {
    select_input();
  } catch (...) {
    xcb_disconnect(connection_);
    throw;
  }
}

Events::~Events() { xcb_disconnect(connection_); }

void Events::select_input() {
  const auto* extension = xcb_get_extension_data(connection_, &xinput_extension);
  if (extension == nullptr || extension->present == 0)
    throw DisplayError("the X server has no XInput 2.2, which tells of input in all windows");
  xinput_ = extension->major_opcode;

  xXIQueryVersionReq ask{};
  ask.major_version = 2;
  ask.minor_version = 2;
  xcb_generic_error_t* error = nullptr;
  const unsigned sequence = send(connection_, X_XIQueryVersion, true, ask);
  const std::unique_ptr<void, decltype(&std::free)> version(xcb_wait_for_reply(connection_, sequence, &error),
                                                            &std::free);
  std::free(error);
  if (version == nullptr) throw DisplayError("the X server has no XInput 2.2, which tells of input in all windows");

  SelectRaw select{};
  select.request.win = root_;
  select.request.num_masks = 1;
  select.head.deviceid = XIAllMasterDevices;
  select.head.mask_len = 1;  // of 4 bytes
  for (const int wanted : {XI_RawKeyPress, XI_RawKeyRelease, XI_RawButtonPress, XI_RawMotion})
    XISetMask(select.bits, wanted);
  send(connection_, X_XISelectEvents, false, select);
  const std::uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
  xcb_change_window_attributes(connection_, root_, XCB_CW_EVENT_MASK, &mask);
  std::free(xcb_get_input_focus_reply(connection_, xcb_get_input_focus(connection_), nullptr));  // it has taken all
}

void Events::watch(Window window) {
  const std::uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
  xcb_change_window_attributes(connection_, static_cast<xcb_window_t>(window), XCB_CW_EVENT_MASK, &mask);
  xcb_flush(connection_);
}

Told Events::understood(xcb_generic_event_t* event) const {
  const std::unique_ptr<xcb_generic_event_t, decltype(&std::free)> owner(event, &std::free);
  Told told;
  switch (event->response_type & 0x7F) {  // the high bit marks what another program sent
    case XCB_GE_GENERIC: {
      const auto* raw = reinterpret_cast<const xXIRawEvent*>(event);
      return raw->extension == xinput_ ? raw_input(*raw) : told;
    }
    case XCB_PROPERTY_NOTIFY: {
      const auto* property = reinterpret_cast<const xcb_property_notify_event_t*>(event);
      told.kind = Told::Kind::property;
      told.window = property->window;
      told.property = property->atom;
      return told;
    }
    case XCB_DESTROY_NOTIFY:
      told.kind = Told::Kind::destroyed;
      told.window = reinterpret_cast<const xcb_destroy_notify_event_t*>(event)->window;
      return told;
    default:  // 0 is an error: a window that was to be watched is no more
      return told;
  }
}

}  // namespace neural_focus::x11
