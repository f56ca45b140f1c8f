#ifndef _WIN32
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/file.hpp"

namespace neural_focus {
namespace {

int number(std::intptr_t handle) { return static_cast<int>(handle); }

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

std::shared_ptr<File> File::open(const std::filesystem::path& path, Mode mode, std::error_code& error) {
  const int flags = mode == Mode::read ? O_RDONLY : O_WRONLY | O_CREAT | O_EXCL;
  const int opened = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  error = opened < 0 ? last_error() : std::error_code{};
  return opened < 0 ? nullptr : std::make_shared<File>(opened);
}

File::~File() { ::close(number(handle_)); }

std::error_code File::read(std::uint64_t offset, std::vector<std::byte>& bytes) const {
  struct stat status{};
  if (::fstat(number(handle_), &status) != 0) return last_error();
  const auto size = static_cast<std::uint64_t>(status.st_size);
  bytes.resize(size > offset ? size - offset : 0);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(number(handle_), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    if (got == 0) break;  // truncated since: the writer took back what a full disk did not take whole
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return {};
}

std::error_code File::write(std::span<const std::byte> bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(number(handle_), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return last_error();
    if (put == 0) return std::make_error_code(std::errc::no_space_on_device);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

std::error_code File::truncate(std::uint64_t size) const {
  return ::ftruncate(number(handle_), static_cast<off_t>(size)) == 0 ? std::error_code{} : last_error();
}

std::error_code File::sync() const {
#ifdef __APPLE__
  return ::fsync(number(handle_)) == 0 ? std::error_code{} : last_error();
#else
  return ::fdatasync(number(handle_)) == 0 ? std::error_code{} : last_error();
#endif
}

std::unique_ptr<FolderLock> FolderLock::take(const std::filesystem::path& file, std::error_code& error) {
  const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  error = opened < 0 ? last_error() : std::error_code{};
  if (opened < 0) return nullptr;
  if (::flock(opened, LOCK_EX | LOCK_NB) == 0) return std::make_unique<FolderLock>(opened);
  error = errno == EWOULDBLOCK ? std::make_error_code(std::errc::resource_unavailable_try_again) : last_error();
  ::close(opened);
  return nullptr;
}

FolderLock::~FolderLock() { ::close(number(handle_)); }

void sync_folder(const std::filesystem::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

}  // namespace neural_focus
#endif
