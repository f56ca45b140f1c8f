#ifdef _WIN32
#include <windows.h>

#include <algorithm>

#include "core/file.hpp"

namespace neural_focus {
namespace {

HANDLE handle_of(std::intptr_t handle) { return reinterpret_cast<HANDLE>(handle); }

std::error_code last_error() {
  const DWORD error = ::GetLastError();
  // The two that the spool tells apart, under the names that other systems give them.
  if (error == ERROR_DISK_FULL) return std::make_error_code(std::errc::no_space_on_device);
  if (error == ERROR_SHARING_VIOLATION) return std::make_error_code(std::errc::resource_unavailable_try_again);
  return {static_cast<int>(error), std::system_category()};
}

OVERLAPPED at(std::uint64_t offset) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(offset);
  place.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return place;
}

DWORD part(std::size_t bytes) { return static_cast<DWORD>(std::min<std::size_t>(bytes, 1U << 30)); }

}  // namespace

std::shared_ptr<File> File::open(const std::filesystem::path& path, Mode mode, std::error_code& error) {
  const DWORD access = mode == Mode::read ? GENERIC_READ : GENERIC_WRITE;
  const DWORD how = mode == Mode::read ? OPEN_EXISTING : CREATE_NEW;
  const HANDLE opened = ::CreateFileW(path.c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                      nullptr, how, FILE_ATTRIBUTE_NORMAL, nullptr);
  error = opened == INVALID_HANDLE_VALUE ? last_error() : std::error_code{};
  if (opened == INVALID_HANDLE_VALUE) return nullptr;
  return std::make_shared<File>(reinterpret_cast<std::intptr_t>(opened));
}

File::~File() { ::CloseHandle(handle_of(handle_)); }

std::error_code File::read(std::uint64_t offset, std::vector<std::byte>& bytes) const {
  LARGE_INTEGER size{};
  if (::GetFileSizeEx(handle_of(handle_), &size) == 0) return last_error();
  const auto whole = static_cast<std::uint64_t>(size.QuadPart);
  bytes.resize(whole > offset ? whole - offset : 0);
  std::size_t done = 0;
  while (done < bytes.size()) {
    OVERLAPPED place = at(offset + done);
    DWORD got = 0;
    if (::ReadFile(handle_of(handle_), bytes.data() + done, part(bytes.size() - done), &got, &place) == 0) {
      if (::GetLastError() == ERROR_HANDLE_EOF) break;
      return last_error();
    }
    if (got == 0) break;
    done += got;
  }
  bytes.resize(done);
  return {};
}

std::error_code File::write(std::span<const std::byte> bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    OVERLAPPED place = at(offset);
    DWORD put = 0;
    if (::WriteFile(handle_of(handle_), bytes.data(), part(bytes.size()), &put, &place) == 0) return last_error();
    if (put == 0) return std::make_error_code(std::errc::no_space_on_device);
    bytes = bytes.subspan(put);
    offset += put;
  }
  return {};
}

std::error_code File::truncate(std::uint64_t size) const {
  FILE_END_OF_FILE_INFO end{};
  end.EndOfFile.QuadPart = static_cast<LONGLONG>(size);
  const bool done = ::SetFileInformationByHandle(handle_of(handle_), FileEndOfFileInfo, &end, sizeof end) != 0;
  return done ? std::error_code{} : last_error();
}

std::error_code File::sync() const {
  return ::FlushFileBuffers(handle_of(handle_)) != 0 ? std::error_code{} : last_error();
}

std::unique_ptr<FolderLock> FolderLock::take(const std::filesystem::path& file, std::error_code& error) {
  // No sharing: a second open is the second agent.
  const HANDLE opened = ::CreateFileW(file.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_ALWAYS,
                                      FILE_ATTRIBUTE_NORMAL, nullptr);
  error = opened == INVALID_HANDLE_VALUE ? last_error() : std::error_code{};
  if (opened == INVALID_HANDLE_VALUE) return nullptr;
  return std::make_unique<FolderLock>(reinterpret_cast<std::intptr_t>(opened));
}

FolderLock::~FolderLock() { ::CloseHandle(handle_of(handle_)); }

void sync_folder(const std::filesystem::path&) {}  // NTFS journals its folders

}  // namespace neural_focus
#endif
