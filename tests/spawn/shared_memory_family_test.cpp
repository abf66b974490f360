// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Shared memory between families, and what is left of it when they end.

#include "family_directory.hpp"
#include "program.hpp"

#include <ramet/pipe.hpp>
#include <ramet/shared_memory.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace ramet::test {

namespace {

using shared_memory_family_test = process_fixture;

std::string unused_name() {
  static int made = 0;
  return "ramet-test-" + std::to_string(::getpid()) + "-"
         + std::to_string(++made);
}

/// Whether anything is left by which the name could be found.
bool leaves_a_trace(const std::string& name) {
  for (auto& base : detail::family_bases())
    for (auto& entry : std::filesystem::directory_iterator{base})
      if (entry.path().filename().string().ends_with(name))
        return true;
  return false;
}

program run(const std::string& what, const std::string& name) {
  return program{{"memory_program", what, name}};
}

TEST_F(shared_memory_family_test, is_kept_when_one_who_attached_ends) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 4096);
  for (int i = 0; i < 3; ++i) {
    auto other = run("attach", name);
    other.await("size", 1);
    EXPECT_TRUE(other.status().success());
  }
  program killed{{"memory_program", "attach", name, "stay"}};
  killed.await("size", 1);
  killed.signal(SIGKILL);
  EXPECT_TRUE(killed.nobody_left());
  EXPECT_EQ(block.as<std::uint32_t>()[7], 4U);
  EXPECT_TRUE(shared_memory::try_attach(name));
  EXPECT_TRUE(block.unlink());
}

TEST_F(shared_memory_family_test, is_gone_when_its_makers_family_ends) {
  auto name = unused_name();
  auto maker = run("create", name);
  EXPECT_TRUE(maker.status().success());
  EXPECT_FALSE(leaves_a_trace(name));
  EXPECT_FALSE(shared_memory::try_attach(name));
}

TEST_F(shared_memory_family_test, is_gone_when_its_makers_family_is_killed) {
  auto name = unused_name();
  program maker{{"memory_program", "create", name, "stay"}};
  maker.await("size", 1);
  auto attached = shared_memory::attach(name);
  EXPECT_EQ(attached.size(), 100'000U);
  EXPECT_EQ(attached.as<std::uint32_t>()[7], 1U);
  maker.signal(SIGKILL);
  EXPECT_TRUE(maker.nobody_left());
  EXPECT_FALSE(shared_memory::try_attach(name));
  EXPECT_FALSE(leaves_a_trace(name)) << "it was asked for";
  attached.as<std::uint32_t>()[7] = 5; // where it is mapped, it stays
  auto anew = shared_memory::create(name, 10);
  EXPECT_EQ(anew.as<std::uint8_t>()[0], 0U);
  anew.unlink();
}

TEST_F(shared_memory_family_test, of_another_family_travels_by_its_name_only) {
  auto name = unused_name();
  program maker{{"memory_program", "create", name, "stay"}};
  maker.await("size", 1);
  auto attached = shared_memory::attach(name);
  auto [one, other] = pipe();
  try {
    one.send(attached);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::not_serializable) << problem.what();
  }
  EXPECT_FALSE(other.poll());
}

TEST_F(shared_memory_family_test, can_be_unlinked_by_another_family) {
  auto name = unused_name();
  program maker{{"memory_program", "create", name, "stay"}};
  maker.await("size", 1);
  auto attached = shared_memory::attach(name);
  EXPECT_TRUE(attached.unlink());
  EXPECT_FALSE(attached.unlink());
  EXPECT_FALSE(shared_memory::try_attach(name));
  auto mine = shared_memory::create(name, 10);
  auto other = run("attach_and_unlink", name);
  EXPECT_TRUE(other.status().success());
  EXPECT_FALSE(mine.unlink());
  EXPECT_EQ(mine.as<std::uint32_t>().size(), 2U);
}

TEST_F(shared_memory_family_test, is_found_by_a_family_in_another_directory) {
  auto name = unused_name();
  auto directory = std::filesystem::temp_directory_path() / name;
  std::filesystem::create_directory(directory);
  auto block = shared_memory::create(name, 4096);
  {
    program rival{{"memory_program", "create", name},
                  {"RAMET_SHM_DIR=" + directory.string()}};
    EXPECT_FALSE(rival.status().success());
    EXPECT_NE(rival.errors().find("has this name"), std::string::npos);
  }
  {
    program other{{"memory_program", "attach", name},
                  {"RAMET_SHM_DIR=" + directory.string()}};
    EXPECT_TRUE(other.status().success());
  }
  EXPECT_EQ(block.as<std::uint32_t>()[7], 1U);
  block.unlink();
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  std::filesystem::remove(directory);
}

} // namespace

} // namespace ramet::test
