#include "x11/display.hpp"

#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <X11/extensions/XInput2.h>
#include <poll.h>
#include <unistd.h>

#include <mutex>

#include "core/utf8.hpp"

namespace neural_focus::x11 {
namespace {

thread_local std::uint64_t errors_here = 0;

int count_error(Display*, XErrorEvent*) {
  ++errors_here;
  return 0;
}

// Returning hands over to the connection's own exit handler; the default one ends the process here.
int stay_alive(Display*) { return 0; }

std::string latin1_to_utf8(const unsigned char* bytes, std::size_t count) {
  std::string text;
  for (std::size_t index = 0; index < count; ++index) {
    const unsigned char byte = bytes[index];
    if (byte < 0x80) {
      text.push_back(static_cast<char>(byte));
    } else {
      text.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      text.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return text;
}

// The bytes of a property, freed with this.
struct Property {
  Atom type = None;
  int format = 0;
  unsigned long items = 0;
  unsigned char* bytes = nullptr;

  Property(Display* display, Window window, Atom name, long most_longs) {
    unsigned long rest = 0;
    const int status = XGetWindowProperty(display, window, name, 0, most_longs, False, AnyPropertyType, &type, &format,
                                          &items, &rest, &bytes);
    if (status != Success) type = None;
  }
  Property(const Property&) = delete;
  Property& operator=(const Property&) = delete;
  ~Property() {
    if (bytes != nullptr) XFree(bytes);
  }
};

std::string compound_to_utf8(Display* display, const Property& property) {
  XTextProperty text{property.bytes, property.type, property.format, property.items};
  char** list = nullptr;
  int count = 0;
  std::string result;
  if (Xutf8TextPropertyToTextList(display, &text, &list, &count) >= Success && count > 0) result = list[0];
  if (list != nullptr) XFreeStringList(list);
  return result;
}

}  // namespace

Connection::Connection(const std::string& name) {
  static std::once_flag once;
  std::call_once(once, [] {
    XInitThreads();
    XSetErrorHandler(count_error);
    XSetIOErrorHandler(stay_alive);
  });
  display_ = XOpenDisplay(name.empty() ? nullptr : name.c_str());
  if (display_ == nullptr) {
    throw DisplayError("the X display " + std::string(XDisplayName(name.empty() ? nullptr : name.c_str())) +
                       " cannot be opened");
  }
  XSetIOErrorExitHandler(display_, [](Display*, void* self) { static_cast<Connection*>(self)->lost_ = true; }, this);
}

Connection::~Connection() {
  pollfd connection{ConnectionNumber(display_), POLLIN, 0};
  const bool hung_up = ::poll(&connection, 1, 0) > 0 && (connection.revents & (POLLHUP | POLLERR)) != 0;
  if (lost() || hung_up) {
    // Xlib may hold its locks for ever after an error on another thread, and closing would wait for them: give the
    // descriptor back and leave the rest, some 20 KB a lost server.
    ::close(ConnectionNumber(display_));
  } else {
    XCloseDisplay(display_);
  }
}

std::optional<std::vector<unsigned long>> Connection::longs(Window window, Atom property, long most) const {
  const Property found(display_, window, property, most);
  if (found.type == None || found.format != 32) return std::nullopt;
  const auto* first = reinterpret_cast<const unsigned long*>(found.bytes);  // Xlib hands 32-bit items out as longs
  return std::vector<unsigned long>(first, first + found.items);
}

std::optional<std::string> Connection::text(Window window, Atom property) const {
  const Property found(display_, window, property, 4096);
  if (found.type == None || found.format != 8) return std::nullopt;
  std::string bytes(reinterpret_cast<const char*>(found.bytes), found.items);
  if (found.type == atom("COMPOUND_TEXT")) return compound_to_utf8(display_, found);
  // STRING is Latin-1, and yet toolkits of today write UTF-8 into it.
  if (found.type == XA_STRING && !looks_like_utf8(bytes)) return latin1_to_utf8(found.bytes, found.items);
  return bytes;
}

bool is_xwayland(const std::string& name) {
  const Connection x(name);
  int opcode = 0, event = 0, error = 0, count = 0;
  if (XQueryExtension(x.get(), "XWAYLAND", &opcode, &event, &error)) return true;
  if (!XQueryExtension(x.get(), "XInputExtension", &opcode, &event, &error)) return false;
  XIDeviceInfo* devices = XIQueryDevice(x.get(), XIAllDevices, &count);  // older ones show by their devices' names
  bool found = false;
  for (int index = 0; index < count; ++index)
    found = found || std::string(devices[index].name).starts_with("xwayland-");
  if (devices != nullptr) XIFreeDeviceInfo(devices);
  return found;
}

std::uint64_t thread_errors() noexcept { return errors_here; }

}  // namespace neural_focus::x11
