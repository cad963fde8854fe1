// remove: what the attribute accepts, and files of it that are open while the instance goes.
#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

using std::string_literals::operator""s;

struct Input {
  const char* id;
  std::string bytes;
};

std::vector<Input> inputs(const std::string& uuid) {
  return {
      {"1", "1"},
      {"1nl", "1\n"},
      {"2", "2"},
      {"0", "0"},
      {"0nl", "0\n"},
      {"empty", ""},
      {"nl", "\n"},
      {"space1", " 1"},
      {"1space", "1 "},
      {"1nlnl", "1\n\n"},
      {"yes", "yes"},
      {"y", "y"},
      {"true", "true"},
      {"0x1", "0x1"},
      {"0x", "0x"},
      {"010", "010"},
      {"08", "08"},
      {"plus1", "+1"},
      {"minus1", "-1"},
      {"1_5", "1.5"},
      {"u64max", "18446744073709551615"},
      {"u64max_plus1", "18446744073709551616"},
      {"1NUL", "1\0"s},
      {"1NULjunk", "1\0junk"s},
      {"NUL", "\0"s},
      {"uuid", uuid},
      {"1nl_NUL_4096", "1" + std::string(4095, '\0')},
      {"1_NUL_5000", "1" + std::string(4999, '\0')},
  };
}

constexpr std::size_t kShownMax = 40;

void report_inputs(const Report& out, const Target& target, const std::string& uuid) {
  for (const Input& input : inputs(uuid)) {
    const WriteOutcome made = target.create(uuid);
    const WriteOutcome outcome = write_file(target.in_instance(uuid, "remove"), input.bytes);
    const bool gone = !exists(target.instance(uuid));
    out.line(input.id, outcome,
             outcome.prefix() + text("gone=%d mk=%d in=", gone, made.code()) +
                 quoted(input.bytes.substr(0, kShownMax)));
    target.remove_all();
  }
}

void report_open_files(const Report& out, const Target& target, const std::string& uuid) {
  const std::string path = target.in_instance(uuid, "remove");
  target.must_create(uuid);
  report_open(out, "open_rdonly", path, O_RDONLY);
  report_open(out, "open_rdwr", path, O_RDWR);
  report_open(out, "open_trunc", path, O_WRONLY | O_TRUNC);

  const Fd first(path, O_WRONLY);
  const Fd second(path, O_WRONLY);
  const auto gone = [&] { return text("gone=%d", !exists(target.instance(uuid))); };
  out.call(
      "fd_a", [&] { return write(first.get(), "1", 1); }, gone);
  out.call("fd_a_again", [&] { return write(first.get(), "1", 1); });
  out.call("fd_b_after", [&] { return write(second.get(), "1", 1); });
  out.call("fd_b_len0", [&] { return write(second.get(), "", 0); });
  out.call("fd_b_junk", [&] { return write(second.get(), "zz", 2); });
  target.must_create(uuid);
  out.call(
      "fd_b_after_recreate", [&] { return write(second.get(), "1", 1); }, gone);

  const Fd third(path, O_WRONLY);
  out.call(
      "pwrite_off7", [&] { return pwrite(third.get(), "1", 1, 7); }, gone);
  target.remove_all();
}

}  // namespace

void run_remove(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  report_inputs(out, target, uuid);
  report_open_files(out, target, uuid);
  report_open(out, "open_missing_instance", target.in_instance(uuid, "remove"), O_WRONLY);
  report_open(out, "open_missing_attr", target.in_type("nope"), O_RDONLY);
  target.remove_all();
}

}  // namespace probe
