// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "append_log.hpp"

#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace examples::kv {

namespace {

/// The file begins with it.
constexpr std::string_view magic = "rametkv1";
/// A record: its size and its checksum, 4 bytes each, and what it holds. The
/// checksum is over the size too, so that a file of zeros holds no records.
constexpr std::size_t prefix_size = 8;
constexpr std::size_t chunk = std::size_t{1} << 20;

/// CRC-32C (Castagnoli).
std::uint32_t checksum(std::string_view size_bytes, std::string_view record) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(size_bytes.data(), size_bytes.size());
  crc.process_bytes(record.data(), record.size());
  return crc.checksum();
}

void append_number(std::string& out, std::uint32_t number) {
  unsigned char bytes[4];
  boost::endian::store_little_u32(bytes, number);
  out.append(bytes, bytes + 4);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  return boost::endian::load_little_u32(
      reinterpret_cast<const unsigned char*>(bytes.data() + at));
}

void append_record(std::string& out, std::string_view record) {
  auto begin = out.size();
  append_number(out, static_cast<std::uint32_t>(record.size()));
  auto sum = checksum(std::string_view{out}.substr(begin, 4), record);
  append_number(out, sum);
  out += record;
}

/// Takes records off a file one by one, from large pieces of it.
class record_reader {
public:
  record_reader(const file& from, std::uint64_t begin)
      : file_(from), size_(from.size()), at_(begin), read_(begin) {}

  /// The next whole record, until the next call.
  std::optional<std::string_view> next() {
    if (!have(prefix_size))
      return std::nullopt;
    std::size_t size = number_at(ahead(), 0);
    if (!have(prefix_size + size))
      return std::nullopt;
    auto there = ahead();
    auto record = there.substr(prefix_size, size);
    if (number_at(there, 4) != checksum(there.substr(0, 4), record))
      return std::nullopt;
    at_ += prefix_size + size;
    begin_ += prefix_size + size;
    return record;
  }

  /// Where the last whole record ends.
  std::uint64_t at() const { return at_; }
  std::uint64_t size() const { return size_; }

private:
  std::string_view ahead() const {
    return std::string_view{buffer_}.substr(begin_);
  }

  /// Whether so many bytes are still in the file; if so, ahead() has them.
  bool have(std::size_t bytes) {
    if (size_ - at_ < bytes)
      return false;
    if (ahead().size() >= bytes)
      return true;
    buffer_.erase(0, std::exchange(begin_, 0));
    auto old = buffer_.size();
    buffer_.resize(std::max(bytes, chunk));
    auto got = file_.read_at(read_, std::span{buffer_}.subspan(old));
    read_ += got;
    buffer_.resize(old + got);
    return buffer_.size() >= bytes;
  }

  const file& file_;
  std::uint64_t size_;
  std::uint64_t at_;
  std::uint64_t read_; ///< up to there the file is in the buffer
  std::string buffer_;
  std::size_t begin_ = 0; ///< in the buffer, of what is still ahead
};

std::filesystem::path with_suffix(std::filesystem::path path,
                                  std::string_view suffix) {
  path += suffix;
  return path;
}

/// Makes the file, since a lock needs one.
const char* made(const std::filesystem::path& path) {
  if (!std::ofstream{path, std::ios::app})
    throw std::system_error(std::make_error_code(std::errc::permission_denied),
                            "cannot write " + path.string());
  return path.c_str();
}

void copy(const file& from, std::uint64_t begin, std::uint64_t end, file& to) {
  std::string piece(chunk, '\0');
  for (std::uint64_t at = begin; at < end;) {
    auto got = from.read_at(
        at, std::span{piece}.first(std::min<std::size_t>(chunk, end - at)));
    if (got == 0)
      break;
    to.write_at(at - begin, std::string_view{piece}.substr(0, got));
    at += got;
  }
}

} // namespace

append_log::append_log(const std::filesystem::path& path, sync_policy policy)
    : path_(path), policy_(policy), lock_(made(with_suffix(path, ".lock"))) {
  using namespace std::chrono_literals;
  // The lock has a file of its own, since rewrite() changes the log's.
  if (!lock_.timed_lock(std::chrono::system_clock::now() + 5s))
    throw std::runtime_error(path.string()
                             + " is in use by another process; end that one, "
                               "or take another directory");
  file_.emplace(path_);
  if (policy_ == sync_policy::everysec)
    syncer_ = std::jthread{
        [this](const std::stop_token& stop) { sync_every_second(stop); }};
}

append_log::~append_log() {
  if (policy_ == sync_policy::no)
    return;
  syncer_ = {};
  try {
    file_->sync();
  } catch (const std::system_error&) {
    // Nobody can be told, and the next replay finds what is there.
  }
}

append_log::recovery append_log::replay(const record_function& apply) {
  recovery result;
  pending_.clear();
  auto size = file_->size();
  std::string head(magic.size(), '\0');
  head.resize(file_->read_at(0, head));
  if (!magic.starts_with(head))
    throw std::runtime_error(path_.string()
                             + " is no log of this program; move it away");
  if (head.size() < magic.size()) {
    // New, or its maker was killed at once.
    file_->truncate(0);
    file_->write_at(0, magic);
    file_->sync();
    sync_directory(path_.parent_path());
    end_ = magic.size();
    return result;
  }
  record_reader records{*file_, magic.size()};
  while (auto record = records.next()) {
    apply(*record);
    ++result.records;
  }
  end_ = records.at();
  if (end_ < size) {
    result.cut_bytes = size - end_;
    result.cut_file = with_suffix(path_, ".cut");
    file aside{result.cut_file};
    aside.truncate(0);
    copy(*file_, end_, size, aside);
    aside.sync();
    file_->truncate(end_);
    file_->sync();
  }
  return result;
}

void append_log::append(std::string_view record) {
  append_record(pending_, record);
}

void append_log::commit() {
  auto batch = std::exchange(pending_, {});
  if (batch.empty())
    return;
  {
    std::scoped_lock guard{mutex_};
    if (sync_failure_)
      std::rethrow_exception(std::exchange(sync_failure_, nullptr));
  }
  try {
    file_->write_at(end_, batch);
    if (policy_ == sync_policy::always)
      file_->sync();
  } catch (const std::system_error&) {
    file_->truncate(end_);
    throw;
  }
  end_ += batch.size();
  batch.clear();
  pending_ = std::move(batch); // its memory serves the next ones
  if (policy_ == sync_policy::everysec) {
    std::scoped_lock guard{mutex_};
    if (!std::exchange(unsynced_, true))
      changed_.notify_one();
  }
}

void append_log::rewrite(
    const std::function<void(const record_function& put)>& fill) {
  auto name = with_suffix(path_, ".new");
  try {
    file fresh{name};
    fresh.truncate(0);
    std::string buffer{magic};
    std::uint64_t end = 0;
    auto write = [&] {
      fresh.write_at(end, buffer);
      end += buffer.size();
      buffer.clear();
    };
    fill([&](std::string_view record) {
      append_record(buffer, record);
      if (buffer.size() >= chunk)
        write();
    });
    write();
    fresh.sync();
    std::scoped_lock guard{file_mutex_};
    fresh.rename(path_);
    file_ = std::move(fresh);
    end_ = end;
    sync_directory(path_.parent_path());
  } catch (...) {
    std::error_code none;
    std::filesystem::remove(name, none);
    throw;
  }
}

std::uint64_t append_log::bytes_of_record(std::size_t size) {
  return prefix_size + size;
}

void append_log::sync_every_second(const std::stop_token& stop) {
  using namespace std::chrono_literals;
  std::unique_lock guard{mutex_};
  while (changed_.wait(guard, stop, [this] { return unsynced_; })) {
    changed_.wait_for(guard, stop, 1s, [] { return false; });
    if (stop.stop_requested())
      return; // the destructor syncs
    unsynced_ = false;
    guard.unlock();
    std::exception_ptr failure;
    try {
      std::scoped_lock amid{file_mutex_};
      file_->sync();
    } catch (const std::system_error&) {
      failure = std::current_exception();
    }
    guard.lock();
    if (failure)
      sync_failure_ = failure;
  }
}

} // namespace examples::kv
