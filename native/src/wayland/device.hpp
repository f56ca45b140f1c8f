// One input device of the kernel (evdev): its events, put together into keys, clicks, wheel turns and motion.
//
// The kernel sends a frame of events and ends it with SYN_REPORT. Keys and buttons are told at once; what a frame moved
// and turned is told at its end. Motion is relative, in pixels by convention: a mouse's counts as they are, a touchpad
// at 10 pixels a millimetre, what points absolutely (tablet, touch screen, virtual machine) as if it spanned 1,920.
// A file or FIFO instead of a device (recorded bytes) is taken as both keyboard and pointer, its axes unscaled.
#pragma once

#include <linux/input.h>

#include <memory>
#include <string>
#include <vector>

namespace neural_focus::wayland {

class InputListener {
 public:
  virtual void key(unsigned code, int value) = 0;      // 0 released, 1 pressed, 2 repeats
  virtual void click(unsigned button) = 0;             // as in MouseClickData
  virtual void wheel(int delta) = 0;                   // 120 a notch
  virtual void motion(double right, double down) = 0;  // pixels
  virtual void touched() = 0;                          // anything else: no record, yet no idleness
  virtual void missed() = 0;                           // the kernel's buffer was full: events are lost

 protected:
  ~InputListener() = default;
};

class Device {
 public:
  // Nothing when it is neither keyboard nor pointer, or cannot be read; `denied` says that it may not be.
  static std::unique_ptr<Device> open(const std::string& path, bool& denied);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  int descriptor() const noexcept { return descriptor_; }
  bool is_keyboard() const noexcept { return keyboard_; }
  bool is_pointer() const noexcept { return pointer_; }
  bool stamped() const noexcept { return stamped_; }  // on the boot clock; else the time of reading has to do

  // Appends what came. False when the device is gone, or its bytes are no events.
  bool read(std::vector<input_event>& events) const;
  void take(const input_event& event, InputListener& listener);

 private:
  struct Axis {
    int now = 0, before = 0;
    double scale = 1;
    double step(bool restart);  // pixels since the step before; a restart only notes where it is
  };
  enum class Touch { none, pad, screen, pen };

  explicit Device(int descriptor) : descriptor_(descriptor) {}
  bool find_out();
  void set_scale(Axis& axis, unsigned code) const;
  void on_key(unsigned code, int value, InputListener& listener);
  void on_touch(unsigned code, bool down, InputListener& listener);
  void on_relative(unsigned code, int value);
  void on_frame(InputListener& listener);

  const int descriptor_;
  bool keyboard_ = true, pointer_ = true, stamped_ = true;
  Touch touch_ = Touch::none;
  Axis x_, y_;

  // The frame so far.
  int right_ = 0, down_ = 0, notches_ = 0, fine_ = 0;
  bool other_ = false;

  bool touching_ = true, restart_ = true, skipping_ = false;
  unsigned fingers_ = 1;
  double scrolled_ = 0;
};

}  // namespace neural_focus::wayland
