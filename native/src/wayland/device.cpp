#include "wayland/device.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <utility>

namespace neural_focus::wayland {
namespace {

constexpr double touchpad_pixels_a_mm = 10, absolute_pixels = 1920, scroll_notch_pixels = 50;
constexpr std::size_t events_at_once = 64;
constexpr int reads_at_once = 64;

template <std::size_t Bits>
struct Bitmap {
  std::array<std::uint8_t, (Bits + 7) / 8> bytes{};
  bool has(unsigned bit) const { return ((bytes[bit / 8] >> (bit % 8)) & 1) != 0; }
};

using Keys = Bitmap<KEY_CNT>;
using Axes = Bitmap<ABS_CNT>;
using Properties = Bitmap<INPUT_PROP_CNT>;

bool types(const Keys& keys) {
  for (unsigned code = KEY_ESC; code < BTN_MISC; ++code)
    if (keys.has(code) && code != KEY_POWER && code != KEY_SLEEP && code != KEY_WAKEUP) return true;
  return false;
}

bool is_key(unsigned code) {
  return code < BTN_MISC || (code >= KEY_OK && code < BTN_DPAD_UP) ||
         (code > BTN_DPAD_RIGHT && code < BTN_TRIGGER_HAPPY);
}

std::uint32_t button_of(unsigned code) {
  if (code == BTN_RIGHT) return 2;
  if (code == BTN_MIDDLE) return 3;
  return code == BTN_LEFT ? 1 : code - BTN_SIDE + 4;
}

}  // namespace

std::unique_ptr<Device> Device::open(const std::string& path, bool& denied) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  denied = descriptor < 0 && (errno == EACCES || errno == EPERM);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<Device> device(new Device(descriptor));
  return device->find_out() ? std::move(device) : nullptr;
}

Device::~Device() { ::close(descriptor_); }

bool Device::find_out() {
  Keys keys;
  Axes absolute;
  Bitmap<REL_CNT> relative;
  Properties properties;
  if (::ioctl(descriptor_, EVIOCGBIT(EV_KEY, sizeof keys.bytes), keys.bytes.data()) < 0) return errno == ENOTTY;
  ::ioctl(descriptor_, EVIOCGBIT(EV_REL, sizeof relative.bytes), relative.bytes.data());
  ::ioctl(descriptor_, EVIOCGBIT(EV_ABS, sizeof absolute.bytes), absolute.bytes.data());
  ::ioctl(descriptor_, EVIOCGPROP(sizeof properties.bytes), properties.bytes.data());
  const bool points = absolute.has(ABS_X) && absolute.has(ABS_Y) && !properties.has(INPUT_PROP_ACCELEROMETER) &&
                      !keys.has(BTN_JOYSTICK) && !keys.has(BTN_GAMEPAD);
  keyboard_ = types(keys);
  pointer_ = points || (relative.has(REL_X) && keys.has(BTN_LEFT)) || relative.has(REL_WHEEL);
  if (points && keys.has(BTN_TOOL_PEN)) {
    touch_ = Touch::pen;
  } else if (points && keys.has(BTN_TOUCH)) {
    touch_ = properties.has(INPUT_PROP_DIRECT) ? Touch::screen : Touch::pad;
  }
  touching_ = touch_ == Touch::none;
  set_scale(x_, ABS_X);
  set_scale(y_, ABS_Y);
  int clock = CLOCK_BOOTTIME;
  stamped_ = ::ioctl(descriptor_, EVIOCSCLOCKID, &clock) == 0;
  return keyboard_ || pointer_;
}

void Device::set_scale(Axis& axis, unsigned code) const {
  input_absinfo info{};
  if (::ioctl(descriptor_, EVIOCGABS(code), &info) < 0) return;
  axis.now = axis.before = info.value;
  if (touch_ == Touch::pad && info.resolution > 0) {
    axis.scale = touchpad_pixels_a_mm / info.resolution;
  } else if (info.maximum > info.minimum) {
    axis.scale = absolute_pixels / (double(info.maximum) - info.minimum);
  }
}

bool Device::read(std::vector<input_event>& events) const {
  std::array<input_event, events_at_once> buffer{};
  bool here = true;
  for (int reads = 0; reads < reads_at_once; ++reads) {
    const ssize_t bytes = ::read(descriptor_, buffer.data(), sizeof buffer);
    if (bytes <= 0) {
      here = bytes < 0 && (errno == EAGAIN || errno == EINTR);
      break;
    }
    const auto count = static_cast<std::size_t>(bytes) / sizeof(input_event);
    events.insert(events.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    here = static_cast<std::size_t>(bytes) % sizeof(input_event) == 0;
    if (!here || count < events_at_once) break;
  }
  ::explicit_bzero(buffer.data(), sizeof buffer);  // key codes do not outlive this call here
  return here;
}

void Device::take(const input_event& event, InputListener& listener) {
  if (event.type == EV_SYN && event.code == SYN_DROPPED) {
    skipping_ = true;
    return listener.missed();
  }
  const bool ends = event.type == EV_SYN && event.code == SYN_REPORT;
  if (skipping_) {
    if (!ends) return;
    skipping_ = false;
    restart_ = true;
    right_ = down_ = notches_ = fine_ = 0;
  }
  if (ends) return on_frame(listener);
  const unsigned code = event.code;
  if (event.type == EV_KEY) return on_key(code, event.value, listener);
  if (event.type == EV_REL) return on_relative(code, event.value);
  if (event.type != EV_ABS) return;
  other_ = true;
  if (code == ABS_X) x_.now = event.value;
  if (code == ABS_Y) y_.now = event.value;
}

void Device::on_key(unsigned code, int value, InputListener& listener) {
  if (is_key(code)) return listener.key(code, value);
  if (code >= BTN_LEFT && code <= BTN_TASK) {
    other_ = true;
    if (value == 1) listener.click(button_of(code));
  } else if (code >= BTN_DIGI && code < BTN_WHEEL) {
    on_touch(code, value != 0, listener);
  }
}

void Device::on_touch(unsigned code, bool down, InputListener& listener) {
  other_ = true;
  restart_ = true;
  switch (code) {
    case BTN_TOUCH:
      if (touch_ != Touch::pen) touching_ = down;
      if (down && (touch_ == Touch::pen || touch_ == Touch::screen)) listener.click(1);
      return;
    case BTN_TOOL_PEN:
    case BTN_TOOL_RUBBER: touching_ = down; return;
    case BTN_TOOL_FINGER:
      if (down) fingers_ = 1;
      return;
    case BTN_TOOL_DOUBLETAP:
    case BTN_TOOL_TRIPLETAP:
    case BTN_TOOL_QUADTAP:
    case BTN_TOOL_QUINTTAP:
      if (down) fingers_ = code == BTN_TOOL_DOUBLETAP ? 2 : 3;
      return;
    default: return;
  }
}

void Device::on_relative(unsigned code, int value) {
  other_ = true;
  if (code == REL_X) right_ += value;
  if (code == REL_Y) down_ += value;
  if (code == REL_WHEEL) notches_ += value;
  if (code == REL_WHEEL_HI_RES) fine_ += value;
}

double Device::Axis::step(bool restart) {
  const double moved = restart ? 0 : (double(now) - before) * scale;
  before = now;
  return moved;
}

void Device::on_frame(InputListener& listener) {
  double right = right_, down = down_;
  const double x = x_.step(restart_), y = y_.step(restart_);
  int wheel = fine_ != 0 ? fine_ : notches_ * 120;  // a fine wheel tells its whole notches a second time
  if (touching_ && fingers_ < 2) {
    right += x;
    down += y;
  } else if (touching_ && fingers_ == 2) {  // what desktops make scrolling of
    scrolled_ -= y;
    const auto notches = static_cast<int>(scrolled_ / scroll_notch_pixels);
    scrolled_ -= notches * scroll_notch_pixels;
    wheel += notches * 120;
  }
  if (right != 0 || down != 0) listener.motion(right, down);
  if (wheel != 0) listener.wheel(wheel);
  if (other_) listener.touched();
  right_ = down_ = notches_ = fine_ = 0;
  other_ = restart_ = false;
}

}  // namespace neural_focus::wayland
