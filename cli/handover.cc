#include "cli/handover.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "fusefs/launch/fd.h"

namespace mdevsim::cli {
namespace {

// What the child tells: the number of an errno, then why. Nothing when it was killed.
void tell(int pipe, const Error& error) {
  const std::string text = fmt::format("{} {}", errc_number(error.code), error.why);
  // Less than a pipe holds. If nobody is there to read it, it is nobody's business any more.
  [[maybe_unused]] const ssize_t told = ::write(pipe, text.data(), text.size());
}

Error told(int pipe) {
  std::string text;
  std::array<char, 1024> piece;
  for (ssize_t got = 0; (got = ::read(pipe, piece.data(), piece.size())) > 0;)
    text.append(piece.data(), static_cast<std::size_t>(got));
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr == end)
    return {Errc::cancelled, "the process that handed the device over was killed"};
  return {static_cast<Errc>(number), std::string(parsed.ptr + 1, end)};
}

Result<void> carry_out(const std::function<Result<void>()>& writes) {
  launch::Pipe pipe = launch::make_pipe();
  const pid_t child = ::fork();
  if (child < 0 || !pipe.read_end.is_open())
    return fail(Errc::again, fmt::format("no process for the handover: {}", std::strerror(errno)));
  if (child == 0) {
    ::setsid();
    const auto done = writes();
    if (!done) tell(pipe.write_end.get(), done.error());
    ::_exit(done ? 0 : 1);
  }
  pipe.write_end.close();
  Error error = told(pipe.read_end.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return tl::unexpected(std::move(error));
}

using Words = std::array<std::uint32_t, 4>;

Words random_words() {
  std::random_device chance;
  return {chance(), chance(), chance(), chance()};
}

// The same two devices never have the same past again: it ends with their last token.
Result<Words> seeded_words(std::string_view seed, DeviceFiles& source, DeviceFiles& target) {
  TRY_SET(const std::string of_source, source.read("commit"));
  TRY_SET(const std::string of_target, target.read("commit"));
  const std::string past =
      fmt::format("{}\n{}\n{}\n{}\n{}", seed, source.path(), target.path(), of_source, of_target);
  Words words{};
  std::seed_seq(past.begin(), past.end()).generate(words.begin(), words.end());
  return words;
}

}  // namespace

Result<Handover> surviving_handover(DeviceFiles& source, DeviceFiles& target) {
  const char* const seed = ::getenv("MDEVSIM_SEED");
  Words words{};
  if (seed == nullptr) {
    words = random_words();
  } else {
    TRY_SET(words, seeded_words(seed, source, target));
  }
  return Handover{.token = fmt::format("{:08x}", fmt::join(words, "")), .carry_out = carry_out};
}

}  // namespace mdevsim::cli
