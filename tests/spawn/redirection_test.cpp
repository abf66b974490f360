// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Standard streams of children: files, nothing, pipes.

#include "leak_check.hpp"
#include "process_fixture.hpp"
#include "program.hpp"

#include <ramet/async.hpp>
#include <ramet/error.hpp>
#include <ramet/pipe.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/wait.hpp>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using ramet_test::expect_error;

constexpr auto full_pipe = std::size_t{64} * 1024;

void put(int fd, std::string_view text) {
  while (!text.empty()) {
    auto count = ::write(fd, text.data(), text.size());
    if (count < 0)
      std::_Exit(3);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string take_all(int fd) {
  std::string result;
  std::array<char, 4096> room;
  for (;;) {
    auto count = ::read(fd, room.data(), room.size());
    if (count <= 0)
      return result;
    result.append(room.data(), static_cast<std::size_t>(count));
  }
}

// All byte values, and no short period.
std::string binary(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    result[i] = static_cast<char>((i * 167 + i / 256 * 13) & 0xFF);
  return result;
}

void say_both() {
  put(STDOUT_FILENO, "to output\n");
  put(STDERR_FILENO, "to error\n");
}

void echo() {
  put(STDOUT_FILENO, take_all(STDIN_FILENO));
}

void write_for_ever() {
  for (std::string line(1000, 'x');;)
    put(STDOUT_FILENO, line);
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

class redirection_test : public process_fixture {
protected:
  void SetUp() override {
    process_fixture::SetUp();
    std::string name =
        std::filesystem::temp_directory_path() / "ramet-redirection-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name.data()));
    directory_ = name;
  }
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    process_fixture::TearDown();
  }
  std::filesystem::path file(const char* name) const {
    return directory_ / name;
  }

private:
  std::filesystem::path directory_;
};

TEST_F(redirection_test, writes_to_files_of_their_own) {
  process{{.setup = {.standard_output = redirection::file(file("out")),
                     .standard_error = redirection::file(file("err"))}},
          say_both}
      .join();
  EXPECT_EQ(contents(file("out")), "to output\n");
  EXPECT_EQ(contents(file("err")), "to error\n");
}

TEST_F(redirection_test, empties_a_file_or_appends_to_it) {
  std::ofstream{file("out")} << "before, and longer than what comes\n";
  std::ofstream{file("err")} << "before\n";
  for (int i = 0; i < 2; ++i)
    process{{.setup = {.standard_output = redirection::file(file("out")),
                       .standard_error = redirection::append(file("err"))}},
            say_both}
        .join();
  EXPECT_EQ(contents(file("out")), "to output\n");
  EXPECT_EQ(contents(file("err")), "before\nto error\nto error\n");
}

TEST_F(redirection_test, reads_a_file) {
  std::ofstream{file("in")} << "some\ninput";
  process{{.setup = {.standard_input = redirection::file(file("in")),
                     .standard_output = redirection::file(file("out"))}},
          echo}
      .join();
  EXPECT_EQ(contents(file("out")), "some\ninput");
}

TEST_F(redirection_test, takes_paths_from_the_parents_directory) {
  auto before = std::filesystem::current_path();
  std::filesystem::current_path(file(""));
  std::filesystem::create_directory("below");
  process{{.setup = {.working_directory = "below",
                     .standard_output = redirection::file("out")}},
          say_both}
      .join();
  std::filesystem::current_path(before);
  EXPECT_EQ(contents(file("out")), "to output\n");
}

TEST_F(redirection_test, reads_and_writes_nothing) {
  queue<std::string> answers;
  process child{{.setup = {.standard_input = redirection::null(),
                           .standard_output = redirection::null(),
                           .standard_error = redirection::null()}},
                [](queue<std::string> answers) {
                  say_both();
                  struct stat about {};
                  ::fstat(STDOUT_FILENO, &about);
                  answers.put(take_all(STDIN_FILENO)
                              + (S_ISCHR(about.st_mode) ? "null" : "other"));
                },
                answers};
  EXPECT_EQ(answers.get(), "null");
  child.join();
}

TEST_F(redirection_test, joins_error_with_output) {
  process child{{.setup = {.standard_output = redirection::pipe(),
                           .standard_error = redirection::output()}},
                say_both};
  EXPECT_EQ(child.standard_output().read_all(), "to output\nto error\n");
  child.join();
}

TEST_F(redirection_test, joins_error_with_an_inherited_output) {
  process child{{.setup = {.standard_error = redirection::output()}}, [] {
                  struct stat output {};
                  struct stat error {};
                  ::fstat(STDOUT_FILENO, &output);
                  ::fstat(STDERR_FILENO, &error);
                  std::exit(output.st_ino == error.st_ino ? 0 : 1);
                }};
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_F(redirection_test, hands_output_and_error_over_by_pipes) {
  process child{{.setup = {.standard_output = redirection::pipe(),
                           .standard_error = redirection::pipe()}},
                say_both};
  EXPECT_EQ(child.standard_output().read_all(), "to output\n");
  EXPECT_EQ(child.standard_error().read_all(), "to error\n");
  EXPECT_EQ(child.standard_output().read(), "") << "the end stays the end";
  child.join();
}

TEST_F(redirection_test, shows_an_uncaught_exception_on_the_redirected_error) {
  process child{
      {.name = "worker-1", .setup = {.standard_error = redirection::pipe()}},
      [] { throw std::runtime_error{"no such city"}; }};
  auto text = child.standard_error().read_all();
  EXPECT_NE(text.find("ramet: process 'worker-1'"), std::string::npos) << text;
  EXPECT_NE(text.find("no such city"), std::string::npos) << text;
  child.join();
}

TEST_F(redirection_test, feeds_input_until_it_is_closed) {
  process child{{.setup = {.standard_input = redirection::pipe(),
                           .standard_output = redirection::pipe()}},
                [] {
                  std::string line;
                  while (std::getline(std::cin, line))
                    std::cout << '<' << line << '>' << std::endl;
                  std::cout << "end" << std::endl;
                }};
  child.standard_input().write("one\n");
  EXPECT_EQ(child.standard_output().read(), "<one>\n");
  EXPECT_FALSE(child.standard_output().try_read());
  EXPECT_FALSE(child.standard_output().read_for(1ms));
  child.standard_input().write("two\n");
  EXPECT_EQ(child.standard_output().read_for(20s), "<two>\n");
  EXPECT_TRUE(child.running());
  child.standard_input().close();
  EXPECT_EQ(child.standard_output().read_all(), "end\n");
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_F(redirection_test, carries_many_megabytes_of_any_bytes) {
  constexpr std::size_t size = 32'000'003;
  process child{{.setup = {.standard_output = redirection::pipe()}},
                [](std::size_t size) { put(STDOUT_FILENO, binary(size)); },
                size};
  std::string all;
  std::vector<std::byte> room(100'000);
  auto& out = child.standard_output();
  while (auto count = out.read_into(room))
    all.append(reinterpret_cast<const char*>(room.data()), count);
  EXPECT_TRUE(all == binary(size)) << all.size();
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_F(redirection_test, communicates_in_all_directions_at_a_time) {
  // More than pipes hold, in an order that locks up whoever does one after the
  // other.
  process child{{.setup = {.standard_input = redirection::pipe(),
                           .standard_output = redirection::pipe(),
                           .standard_error = redirection::pipe()}},
                [] {
                  put(STDERR_FILENO, std::string(10 * full_pipe, 'e'));
                  put(STDOUT_FILENO, std::string(10 * full_pipe, 'o'));
                  echo();
                }};
  auto input = binary(20 * full_pipe);
  auto [output, error] = child.communicate(input);
  EXPECT_TRUE(output == std::string(10 * full_pipe, 'o') + input);
  EXPECT_EQ(error, std::string(10 * full_pipe, 'e'));
  EXPECT_FALSE(child.running());
  EXPECT_TRUE(child.status()->success());
}

TEST_F(redirection_test, communicates_with_one_that_does_not_read) {
  process child{{.setup = {.standard_input = redirection::pipe(),
                           .standard_output = redirection::pipe()}},
                [] {
                  ::close(STDIN_FILENO);
                  put(STDOUT_FILENO, "no, thanks");
                }};
  EXPECT_EQ(child.communicate(binary(20 * full_pipe)).output, "no, thanks");
  EXPECT_TRUE(child.status()->success());
}

TEST_F(redirection_test, delivers_what_a_killed_process_had_written) {
  process child{{.setup = {.standard_input = redirection::pipe(),
                           .standard_output = redirection::pipe()}},
                [] {
                  put(STDOUT_FILENO, "last words");
                  ::raise(SIGKILL);
                }};
  child.join();
  EXPECT_EQ(child.standard_output().read_all(), "last words");
  expect_error(errc::closed,
               {"writing 4 bytes", "standard input of process 'Process-",
                "nobody reads it any more"},
               [&] { child.standard_input().write("more"); });
}

TEST_F(redirection_test, ends_a_wait_for_bytes_when_the_process_is_killed) {
  auto [here, there] = ramet::pipe();
  process child{{.setup = {.standard_output = redirection::pipe()}},
                [](connection pipe) {
                  pipe.send(1);
                  pipe.recv<int>();
                },
                std::move(there)};
  here.recv<int>();
  std::thread killer{[&] { child.kill(); }};
  EXPECT_EQ(child.standard_output().read(), "");
  killer.join();
  child.join();
}

TEST_F(redirection_test, leaves_sigpipe_to_the_program) {
  static volatile std::sig_atomic_t arrived;
  arrived = 0;
  auto before = std::signal(SIGPIPE, [](int) { arrived = arrived + 1; });
  process child{{.setup = {.standard_input = redirection::pipe()}}, do_nothing};
  child.join();
  EXPECT_THROW(child.standard_input().write("more"), error);
  EXPECT_THROW(child.standard_input().write("more"), error);
  EXPECT_EQ(arrived, 0);
  ::raise(SIGPIPE);
  EXPECT_EQ(arrived, 1);
  std::signal(SIGPIPE, before);
}

TEST_F(redirection_test, writes_as_much_as_there_is_room_for) {
  auto [here, there] = ramet::pipe();
  process child{{.setup = {.standard_input = redirection::pipe()}},
                [](connection pipe) {
                  pipe.recv<int>();
                  pipe.send(take_all(STDIN_FILENO).size());
                },
                std::move(there)};
  auto& in = child.standard_input();
  auto text = binary(3 * full_pipe);
  EXPECT_EQ(in.try_write(text), full_pipe);
  EXPECT_EQ(in.try_write(text), 0U);
  EXPECT_EQ(in.write_for(1ms, text), 0U);
  here.send(1);
  in.write(text);
  in.close();
  EXPECT_EQ(here.recv<std::size_t>(), 4 * full_pipe);
  child.join();
}

TEST_F(redirection_test, can_be_waited_for_among_others) {
  auto [here, there] = ramet::pipe();
  process child{{.setup = {.standard_output = redirection::pipe()}},
                [](connection pipe) {
                  pipe.recv<int>();
                  put(STDOUT_FILENO, "now");
                  pipe.recv<int>();
                },
                std::move(there)};
  auto& out = child.standard_output();
  EXPECT_TRUE(try_wait(out, child).empty());
  here.send(1);
  auto ready = wait_for(20s, child, out, here);
  EXPECT_TRUE(ready.contains(out));
  EXPECT_FALSE(ready.contains(child));
  EXPECT_EQ(out.read(), "now");
  EXPECT_TRUE(try_wait(out.native_handle()).empty());
  here.send(1);
  EXPECT_TRUE(wait_for(20s, out).contains(out)) << "its end counts";
  child.join();
}

TEST_F(redirection_test, lets_streams_be_moved_out_and_handed_over) {
  process child{{.setup = {.standard_output = redirection::pipe(),
                           .standard_error = redirection::pipe()}},
                say_both};
  auto out = std::move(child.standard_output());
  int fd = child.standard_error().release();
  process{std::move(child)}.join(); // and its handle is gone
  EXPECT_EQ(out.read_all(), "to output\n");
  ::fcntl(fd, F_SETFL, 0);
  EXPECT_EQ(take_all(fd), "to error\n");
  ::close(fd);
  out.close();
  out.close();
  EXPECT_FALSE(out.is_open());
  expect_error(errc::closed, {"reading the standard output", "closed here"},
               [&] { out.read(); });
}

TEST_F(redirection_test, ends_a_writer_whose_handle_is_dropped) {
  int pid = 0;
  {
    process child{{.setup = {.standard_output = redirection::pipe()}},
                  write_for_ever};
    pid = child.pid();
    child.standard_output().read();
  }
  EXPECT_TRUE(eventually([] { return active_children().empty(); })) << pid;
}

TEST_F(redirection_test, keeps_pipes_from_other_children) {
  process reader{{.setup = {.standard_input = redirection::pipe(),
                            .standard_output = redirection::pipe()}},
                 echo};
  auto [here, there] = ramet::pipe();
  process other{[](connection pipe) { pipe.recv<int>(); }, std::move(there)};
  reader.standard_input().write("text");
  reader.standard_input().close(); // nobody else has it
  EXPECT_EQ(reader.standard_output().read_all(), "text");
  reader.join();
  here.send(1);
  other.join();
}

TEST_F(redirection_test, says_who_has_no_pipe) {
  process child{
      {.name = "worker-1", .setup = {.standard_output = redirection::pipe()}},
      do_nothing};
  expect_error(
      errc::protocol,
      {"standard_error() of process 'worker-1'", "redirection::pipe()"},
      [&] { child.standard_error(); });
  auto same = active_children();
  for (auto& one : same)
    EXPECT_THROW(one.standard_output(), error);
  child.join();
}

TEST_F(redirection_test, serves_many_at_a_time) {
  std::vector<process> all;
  for (int i = 0; i < 30; ++i)
    all.emplace_back(
        process_options{.setup = {.standard_input = redirection::pipe(),
                                  .standard_output = redirection::pipe(),
                                  .standard_error = redirection::pipe()}},
        echo);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].standard_input().write(std::to_string(i));
  std::vector<std::thread> threads;
  std::vector<std::string> answers(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    threads.emplace_back([&, i] { answers[i] = all[i].communicate().output; });
  for (auto& one : threads)
    one.join();
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(answers[i], std::to_string(i));
}

TEST_F(redirection_test, works_where_the_parents_own_streams_are_closed) {
  // What is opened then would get the numbers of standard streams.
  process child{{.setup = {.standard_output = redirection::pipe()}}, [] {
                  int kept = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
                  for (int fd : {0, 1, 2})
                    ::close(fd);
                  process inner{
                      {.setup = {.standard_input = redirection::pipe(),
                                 .standard_output = redirection::pipe(),
                                 .standard_error = redirection::pipe()}},
                      [] {
                        say_both();
                        echo();
                      }};
                  auto [output, error] = inner.communicate("from input");
                  put(kept, output + error);
                }};
  EXPECT_EQ(child.standard_output().read_all(),
            "to output\nfrom inputto error\n");
  child.join();
}

TEST_F(redirection_test, fails_in_the_parent_when_a_file_cannot_be_opened) {
  auto nowhere = file("nowhere") / "file";
  auto start = [](process_setup setup) {
    process{{.name = "worker-1", .setup = std::move(setup)}, do_nothing};
  };
  expect_error(errc::os_failure,
               {"starting process 'worker-1'", nowhere.native(),
                "standard output", "No such file", "choose another"},
               [&] { start({.standard_output = redirection::file(nowhere)}); });
  expect_error(errc::os_failure, {nowhere.native(), "standard input"},
               [&] { start({.standard_input = redirection::file(nowhere)}); });
  expect_error(errc::os_failure, {file("").native(), "Is a directory"}, [&] {
    start({.standard_error = redirection::append(file(""))});
  });
  EXPECT_TRUE(active_children().empty());
}

TEST_F(redirection_test, refuses_what_makes_no_sense) {
  auto start = [](process_setup setup) {
    process{{.setup = std::move(setup)}, do_nothing};
  };
  expect_error(errc::protocol, {"standard input", "appended"},
               [&] { start({.standard_input = redirection::append("file")}); });
  expect_error(errc::protocol, {"standard error only"},
               [&] { start({.standard_output = redirection::output()}); });
  expect_error(errc::protocol, {"ramet::async", "standard output"}, [] {
    return ramet::async({.setup = {.standard_output = redirection::pipe()}},
                        do_nothing)
        .valid();
  });
  expect_error(errc::protocol, {"making a pool", "standard input"}, [] {
    pool{{.workers = 1, .setup = {.standard_input = redirection::pipe()}}};
  });
}

TEST_F(redirection_test, redirects_the_workers_of_a_pool) {
  {
    pool workers{
        {.workers = 2,
         .setup = {.standard_output = redirection::append(file("out"))}}};
    workers.map([](int i) { put(STDOUT_FILENO, std::to_string(i) + '\n'); },
                std::vector{1, 2, 3, 4});
  }
  EXPECT_EQ(contents(file("out")).size(), 8U);
}

TEST_F(redirection_test, does_not_hold_up_the_end_of_a_runtime) {
  program one{{"unread_pipes"}};
  EXPECT_TRUE(one.status().success());
  EXPECT_EQ(one.rest(), "main returns\n");
}

} // namespace

} // namespace ramet::test
