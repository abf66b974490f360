// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Whole families: where their directory is, what they do when it is full, and
// what is left when all of them are killed. The families are programs of their
// own (programs/family_member.cpp), run by a shell.

#include "system_test.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramet_test {

namespace {

namespace fs = std::filesystem;

struct outcome {
  std::string text; ///< stdout and stderr
  int status;       ///< as wait() has it
  bool well() const { return status == 0; }
};

outcome run(const std::string& script) {
  outcome result;
  std::fflush(stdout);
  auto* shell = ::popen(("exec 2>&1; " + script).c_str(), "r");
  std::array<char, 4096> buffer;
  while (auto size = std::fread(buffer.data(), 1, buffer.size(), shell))
    result.text.append(buffer.data(), size);
  result.status = ::pclose(shell);
  return result;
}

std::string member(const std::string& what) {
  return "'"
         + (fs::read_symlink("/proc/self/exe").parent_path() / "family_member")
               .string()
         + "' " + what;
}

void expect_parts(const outcome& found,
                  std::initializer_list<std::string_view> parts) {
  for (auto part : parts)
    EXPECT_NE(found.text.find(part), std::string::npos)
        << "'" << part << "' is missing in: " << found.text;
}

std::string directory_in(const std::string& text) {
  auto begin = text.find("directory ");
  if (begin == text.npos)
    return {};
  return text.substr(begin + 10, text.find('\n', begin) - begin - 10);
}

// A directory of the test's own, for families to be founded in.
class family_test : public system_test {
protected:
  void SetUp() override {
    system_test::SetUp();
    std::string pattern = "/dev/shm/ramet-test-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    base_ = pattern;
  }
  void TearDown() override {
    EXPECT_TRUE(fs::is_empty(base_))
        << "left by a family: " << fs::directory_iterator {
      base_
      } -> path();
    fs::remove_all(base_);
    system_test::TearDown();
  }

  std::string in_base() const {
    return "RAMET_SHM_DIR=" + base_.string() + " ";
  }

  // In a mount namespace of its own; nothing when that is not allowed here.
  static std::optional<outcome> run_mounted(const std::string& script) {
    if (!run("unshare -m mount -t tmpfs none /mnt").well())
      return std::nullopt;
    return run("unshare -m sh -c \"" + script + "\"");
  }

  fs::path base_;
};

constexpr auto no_mounts = "needs the right to mount a file system, in a "
                           "namespace of its own";

// Or a file of the family's had the number of its input.
TEST_F(family_test, leads_a_stream_nowhere_that_its_first_process_lacks) {
  auto found = run(in_base() + member("input") + " <&-");
  EXPECT_TRUE(found.well()) << found.text;
  expect_parts(found, {"input from /dev/null\n"});
}

// -- where it is --------------------------------------------------------------

TEST_F(family_test, is_founded_in_the_directory_that_the_user_names) {
  auto found = run(in_base() + member(""));
  EXPECT_TRUE(found.well()) << found.text;
  EXPECT_TRUE(directory_in(found.text).starts_with(base_.string() + "/"))
      << found.text;
}

TEST_F(family_test, says_so_when_that_directory_does_not_exist) {
  auto found = run("RAMET_SHM_DIR=/nowhere/at-all " + member(""));
  EXPECT_FALSE(found.well());
  expect_parts(found, {"RAMET_SHM_DIR", "/nowhere/at-all", "No such file",
                       "make that directory or unset"});
}

TEST_F(family_test, says_so_when_it_is_no_directory) {
  std::ofstream{base_ / "file"} << "text";
  auto found =
      run("RAMET_SHM_DIR=" + (base_ / "file").string() + " " + member(""));
  EXPECT_FALSE(found.well());
  expect_parts(found, {"RAMET_SHM_DIR", "Not a directory"});
  fs::remove(base_ / "file");
}

TEST_F(family_test, says_so_when_the_user_must_not_write_there) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "needs root, to become somebody else";
  fs::permissions(base_, fs::perms::owner_all | fs::perms::others_read
                             | fs::perms::others_exec);
  auto program = fs::temp_directory_path()
                 / ("ramet-test-family-member." + std::to_string(::getpid()));
  fs::copy_file(fs::read_symlink("/proc/self/exe").parent_path()
                    / "family_member",
                program, fs::copy_options::overwrite_existing);
  auto found =
      run(in_base() + "setpriv --reuid=65534 --regid=65534 --clear-groups "
          + program.string());
  fs::remove(program);
  EXPECT_FALSE(found.well());
  expect_parts(found,
               {"RAMET_SHM_DIR", "must be able to write", "Permission denied"});
}

TEST_F(family_test, goes_elsewhere_when_dev_shm_is_small) {
  auto found = run_mounted("mount -t tmpfs -o size=1m none /dev/shm && "
                           "mkdir /dev/shm/x && "
                           "TMPDIR= XDG_RUNTIME_DIR= "
                           + member("") + "; ls /dev/shm");
  if (!found)
    GTEST_SKIP() << no_mounts;
  EXPECT_TRUE(directory_in(found->text).starts_with("/tmp/")) << found->text;
}

TEST_F(family_test, goes_elsewhere_when_dev_shm_is_not_there) {
  auto found = run_mounted("mount -t tmpfs -o ro none /dev/shm && "
                           "mount -t tmpfs none /mnt && TMPDIR=/mnt "
                           "XDG_RUNTIME_DIR= "
                           + member(""));
  if (!found)
    GTEST_SKIP() << no_mounts;
  EXPECT_TRUE(directory_in(found->text).starts_with("/mnt/")) << found->text;
}

// -- when it is full ----------------------------------------------------------

TEST_F(family_test, loses_nothing_when_its_file_system_is_full) {
  auto found = run_mounted("mount -t tmpfs -o size=1m none /mnt && "
                           "RAMET_SHM_DIR=/mnt "
                           + member("fill") + " && ls -A /mnt");
  if (!found)
    GTEST_SKIP() << no_mounts;
  EXPECT_TRUE(found->well()) << found->text; // not killed by SIGBUS
  expect_parts(*found, {"No space left", "free space", "RAMET_SHM_DIR"});
  EXPECT_TRUE(found->text.ends_with("well\n")) << found->text;
}

TEST_F(family_test, starts_nothing_by_halves_when_its_file_system_is_full) {
  auto found = run_mounted("mount -t tmpfs -o size=1m none /mnt && "
                           "RAMET_SHM_DIR=/mnt "
                           + member("use_up") + " && ls -A /mnt");
  if (!found)
    GTEST_SKIP() << no_mounts;
  EXPECT_TRUE(found->well()) << found->text;
  EXPECT_TRUE(found->text.ends_with("well\n")) << found->text;
}

TEST_F(family_test, says_so_when_not_even_its_table_fits) {
  auto found = run_mounted("mount -t tmpfs -o size=16k none /mnt && "
                           "RAMET_SHM_DIR=/mnt "
                           + member("") + "; ls -A /mnt");
  if (!found)
    GTEST_SKIP() << no_mounts;
  expect_parts(*found, {"No space left", "RAMET_SHM_DIR"});
  EXPECT_EQ(found->text.find("well"), std::string::npos);
  EXPECT_EQ(found->text.find("\nramet."), std::string::npos)
      << "a directory was left: " << found->text;
}

// -- its end ------------------------------------------------------------------

// The processes that have it open: all members of that family.
std::vector<pid_t> users_of(const std::string& directory) {
  std::vector<pid_t> result;
  std::error_code ignored; // processes come and go
  for (auto& process : fs::directory_iterator{"/proc"}) {
    auto pid = std::atoi(process.path().filename().c_str());
    for (auto& file : fs::directory_iterator{process.path() / "fd", ignored})
      if (fs::read_symlink(file, ignored) == directory)
        result.push_back(pid);
  }
  return result;
}

// A family that lives until its stdin is closed.
class living_family {
public:
  explicit living_family(const std::string& environment) {
    int in[2];
    int out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    auto script = environment + "exec " + member("stay");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = ::fdopen(out[0], "r");
    directory_ = directory_in(line());
  }
  ~living_family() { end(); }
  living_family(const living_family&) = delete;
  living_family& operator=(const living_family&) = delete;

  const std::string& directory() const { return directory_; }
  std::string ask() {
    EXPECT_EQ(::write(in_, "?", 1), 1);
    return line();
  }
  void kill() { ::kill(pid_, SIGKILL); }
  // Of the root; others may take a moment longer.
  int end() {
    if (pid_ == 0)
      return 0;
    ::close(in_);
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    // Its children hold stdout open; at its end they are gone, too.
    while (std::fgetc(out_) != EOF) {
    }
    std::fclose(out_);
    return status;
  }

private:
  std::string line() {
    std::array<char, 4096> buffer;
    return std::fgets(buffer.data(), buffer.size(), out_) ? buffer.data() : "";
  }

  pid_t pid_;
  int in_;
  std::FILE* out_;
  std::string directory_;
};

TEST_F(family_test, does_not_touch_another_one) {
  living_family first{in_base()};
  EXPECT_EQ(first.ask(), "answer 1\n");
  {
    living_family second{in_base()};
    EXPECT_NE(second.directory(), first.directory());
    EXPECT_EQ(second.ask(), "answer 1\n");
    EXPECT_EQ(first.ask(), "answer 2\n");
    EXPECT_EQ(second.end(), 0);
    EXPECT_FALSE(fs::exists(second.directory()));
  }
  EXPECT_EQ(first.ask(), "answer 3\n");
  EXPECT_EQ(first.end(), 0);
  EXPECT_FALSE(fs::exists(first.directory()));
}

TEST_F(family_test, removes_its_directory_when_the_root_is_killed) {
  living_family family{in_base()};
  EXPECT_EQ(family.ask(), "answer 1\n");
  EXPECT_TRUE(fs::exists(family.directory()));
  family.kill();
  family.end();
  EXPECT_TRUE(eventually([&] { return !fs::exists(family.directory()); }));
}

TEST_F(family_test, is_swept_by_the_next_start_when_all_of_it_is_killed) {
  living_family other{in_base()};
  auto killed = [&] {
    living_family family{in_base()};
    EXPECT_EQ(family.ask(), "answer 1\n");
    // All at once: nobody is left to tidy up.
    for (auto& pid : users_of(family.directory()))
      ::kill(pid, SIGKILL);
    return family.directory();
  }();
  auto found = run(in_base() + member(""));
  EXPECT_TRUE(found.well()) << found.text;
  EXPECT_FALSE(fs::exists(killed));
  EXPECT_EQ(other.ask(), "answer 1\n"); // the living one was left alone
}

TEST_F(family_test, leaves_alone_what_is_not_its_own) {
  auto prefix = "ramet." + std::to_string(::geteuid()) + ".";
  std::ofstream{base_ / (prefix + "file")} << "no directory";
  fs::create_directory(base_ / "ramet.other");
  fs::create_symlink("/tmp", base_ / (prefix + "link"));
  fs::create_directory(base_ / ("." + prefix + "nascent"));
  fs::create_directory(base_ / (prefix + "dead"));
  std::ofstream{base_ / (prefix + "dead") / "1"} << "an object";
  EXPECT_TRUE(run(in_base() + member("")).well());
  EXPECT_TRUE(fs::remove(base_ / (prefix + "file")));
  EXPECT_TRUE(fs::remove(base_ / "ramet.other"));
  EXPECT_TRUE(fs::remove(base_ / (prefix + "link")));
  EXPECT_TRUE(fs::remove(base_ / ("." + prefix + "nascent")))
      << "taken for dead while it was being made";
  EXPECT_FALSE(fs::exists(base_ / (prefix + "dead")));
}

// -- misfits ------------------------------------------------------------------

TEST_F(family_test, refuses_a_child_of_another_version) {
  auto found = run(in_base() + member("other_version"));
  expect_parts(found, {"version 99", "knows version", "one version of ramet",
                       "exited with 1"});
}

TEST_F(family_test, refuses_a_damaged_variable) {
  // All at once, as each looks for a second whether its parent is ending.
  auto found = run("for value in '' nonsense 1 1:2 1:2: x:1:/tmp 4096:1:/tmp "
                   "99999999999:1:/tmp 1:1:/nowhere 1:1:/tmp -1:1:/tmp; do "
                   "RAMET_PARENT=$$ RAMET_FAMILY=$value "
                   + member("")
                   + " & all=\"$all $!\"; done; "
                     "for one in $all; do wait $one; echo status $?.; done");
  auto count = [&](std::string_view part) {
    int result = 0;
    for (auto at = found.text.find(part); at != std::string::npos;
         at = found.text.find(part, at + 1))
      ++result;
    return result;
  };
  EXPECT_EQ(count("joining the family"), 11) << found.text;
  EXPECT_EQ(count("status 1."), 11) << found.text;
  EXPECT_EQ(count("well"), 0) << found.text;
}

} // namespace

} // namespace ramet_test
