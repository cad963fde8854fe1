// create: what the attribute accepts, in how many writes and with which flags, duplicates, and a
// parent that is full.
#include <sys/uio.h>

#include <cctype>
#include <cstdio>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

using std::string_literals::operator""s;

struct Input {
  const char* id;
  std::string bytes;
};

std::string upper(std::string word) {
  for (char& letter : word)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return word;
}

std::vector<Input> inputs(const std::string& uuid) {
  std::string with_nul = uuid;
  with_nul[10] = '\0';
  return {
      {"valid", uuid},
      {"valid_nl", uuid + "\n"},
      {"uppercase", upper(uuid)},
      {"plus_NUL_37", uuid + "\0"s},
      {"plus_space_37", uuid + " "},
      {"plus_x_37", uuid + "x"},
      {"plus_comma_37", uuid + ","},
      {"plus_nlnl_38", uuid + "\n\n"},
      {"plus_crlf_38", uuid + "\r\n"},
      {"params_foo_1", uuid + ",foo=1"},
      {"params_version", uuid + ",version=2"},
      {"trailing_2spaces", uuid + "  "},
      {"leading_space", " " + uuid},
      {"leading_nl", "\n" + uuid},
      {"braces", "{" + uuid + "}"},
      {"urn", "urn:uuid:" + uuid},
      {"short_35", uuid.substr(0, 35)},
      {"no_dashes_32", "c0ffee0012344abc8def000000000001"},
      {"no_dashes_36", "c0ffee0012344abc8def0000000000010000"},
      {"nonhex", "g0ffee00-1234-4abc-8def-000000000001"},
      {"dash_misplaced", "c0ffee0-01234-4abc-8def-000000000001"},
      {"underscore", "c0ffee00_1234_4abc_8def_000000000001"},
      {"embedded_NUL", with_nul},
      {"all_zero_uuid", "00000000-0000-0000-0000-000000000000"},
      {"all_f_uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
      {"version_nibble_0", "c0ffee00-1234-0abc-0def-000000000001"},
      {"empty", ""},
      {"nl_only", "\n"},
      {"one_char", "x"},
  };
}

struct Flags {
  const char* id;
  int flags;
};
constexpr Flags kFlags[] = {
    {"O_TRUNC", O_WRONLY | O_TRUNC},
    {"O_APPEND", O_WRONLY | O_APPEND},
    {"O_RDWR", O_RDWR},
    {"O_CREAT_existing", O_WRONLY | O_CREAT},
    {"O_CREAT_TRUNC", O_WRONLY | O_CREAT | O_TRUNC},
    {"O_SYNC", O_WRONLY | O_SYNC},
    {"O_NONBLOCK", O_WRONLY | O_NONBLOCK},
};

struct Padding {
  const char* id;
  char byte;
  std::size_t size;
};
constexpr Padding kPaddings[] = {
    {"pad_space_4096", ' ', 4096},
    {"pad_space_5000", ' ', 5000},
    {"pad_NUL_4096", '\0', 4096},
    {"pad_NUL_5000", '\0', 5000},
};

constexpr off_t kOffsets[] = {5, 4096, off_t{1} << 20};
constexpr const char* kOffsetIds[] = {"pwrite_off5", "pwrite_off4096", "pwrite_off1M"};

void report_inputs(const Report& out, const Target& target, const std::string& uuid) {
  for (const Input& input : inputs(uuid)) {
    const WriteOutcome outcome = write_file(target.in_type("create"), input.bytes);
    const std::string state = target.state();
    std::string made;
    for (const std::string& name : names_in(target.in_type("devices"))) made = name;
    out.line(input.id, outcome,
             outcome.prefix() + state + " in=" + quoted(input.bytes) + " made=" + made);
    target.remove_all();
  }
  for (const Padding& padding : kPaddings) {
    std::string padded = uuid;
    padded.resize(padding.size, padding.byte);
    report_write_state(out, target, padding.id, target.in_type("create"), padded);
  }
  target.remove_all();
}

void report_duplicates(const Report& out, const Target& target, const std::string& uuid) {
  report_with_state(out, target, "dup_first", target.create(uuid));
  report_with_state(out, target, "dup_same", target.create(uuid));
  report_with_state(out, target, "dup_upper", target.create(upper(uuid)));
  target.remove_all();
}

// A uuid in two halves: two writes are two attempts, writev is one.
void report_halves(const Report& out, const Target& target, const std::string& uuid) {
  const std::string create = target.in_type("create");
  const auto state = [&] { return target.state(); };
  Fd fd(create, O_WRONLY);
  out.call(
      "half1", [&] { return write(fd.get(), uuid.data(), 18); }, state);
  out.call(
      "half2", [&] { return write(fd.get(), uuid.data() + 18, 18); }, state);
  target.remove_all();

  fd = Fd(create, O_WRONLY);
  std::string halves[] = {uuid.substr(0, 18), uuid.substr(18)};
  const iovec parts[] = {{halves[0].data(), 18}, {halves[1].data(), 18}};
  out.call(
      "writev_18_18", [&] { return writev(fd.get(), parts, 2); }, state);
  target.remove_all();
}

void report_offsets(const Report& out, const Target& target, const std::string& uuid) {
  const Fd fd(target.in_type("create"), O_WRONLY);
  for (std::size_t i = 0; i < std::size(kOffsets); ++i) {
    out.call(
        kOffsetIds[i], [&] { return pwrite(fd.get(), uuid.data(), uuid.size(), kOffsets[i]); },
        [&] { return target.state(); });
    target.remove_all();
  }
}

void report_positions(const Report& out, const Target& target, const std::string& uuid) {
  const Fd fd(target.in_type("create"), O_WRONLY);
  const auto report_position = [&](const char* id) {
    out.call(id, [&] { return lseek(fd.get(), 0, SEEK_CUR); });
  };
  const std::string second = uuid_number(2);
  (void)attempt([&] { return write(fd.get(), uuid.data(), uuid.size()); });
  report_position("pos_after_write");
  out.call(
      "second_write_same_fd", [&] { return write(fd.get(), second.data(), second.size()); },
      [&] { return target.state(); });
  report_position("pos_after_2nd");
  out.call("third_write_junk", [&] { return write(fd.get(), "junk", 4); });
  report_position("pos_after_failed");
  out.call("write_len0_open_fd", [&] { return write(fd.get(), uuid.data(), 0); });
  out.call("write_badptr", [&] { return write(fd.get(), bad_address(), 36); });
  target.remove_all();
}

// stdio writes when the stream is closed, and only there one sees the error.
void report_stdio(const Report& out, const Target& target, const std::string& uuid) {
  const std::string create = target.in_type("create");
  if (FILE* stream = fopen(create.c_str(), "w")) {
    const int printed = fprintf(stream, "%s\n", uuid.c_str());
    out.call(
        "stdio_fprintf_fclose", [&] { return fclose(stream); },
        [&] { return text("fprintf=%d ", printed) + target.state(); });
  }
  target.remove_all();
  if (FILE* stream = fopen(create.c_str(), "w")) {
    fputs("bogus\n", stream);
    out.call(
        "stdio_bogus_fclose", [&] { return fclose(stream); }, [&] { return target.state(); });
  }
}

void report_exhaustion(const Report& out, const Target& target) {
  constexpr unsigned kFirst = 100;
  constexpr long kCreatedMax = 300;
  const std::string extra = uuid_number(9000);
  const long capacity = target.available();
  out.value("exhaust_initial_avail", capacity);
  long created = 0;
  while (created < capacity && created < kCreatedMax &&
         !target.create(uuid_number(kFirst + static_cast<unsigned>(created))).failed()) {
    ++created;
  }
  out.value("exhaust_created", created, target.state());
  report_with_state(out, target, "exhaust_one_more", target.create(extra));
  report_with_state(out, target, "exhaust_duplicate_when_full", target.create(uuid_number(kFirst)));
  out.line("exhaust_junk_when_full", write_file(target.in_type("create"), "junk"));
  report_with_state(out, target, "exhaust_free_one", target.remove(uuid_number(kFirst)));
  report_with_state(out, target, "exhaust_retry", target.create(extra));
  target.remove_all();
  out.value("after_cleanup", 0, target.state());
}

void report_other_types(const Report& out, const Target& target, const std::string& uuid) {
  if (!target.other_type.empty()) {
    target.must_create(uuid);
    const long same = target.available();
    out.value("other_avail", Target::available_of(target.other_type),
              text("same type avail=%ld", same));
    out.line("dup_across_types_or_parents", write_file(target.other_type + "/create", uuid));
    target.remove_all();
  }
  target.must_create(uuid);
  for (const std::string& name : names_in(target.types())) {
    out.value("sibling_avail_after_1_" + name, Target::available_of(target.types() + "/" + name));
  }
  target.remove_all();
}

}  // namespace

void run_create(const Report& out, const Target& target) {
  const std::string uuid = uuid_number(1);
  report_inputs(out, target, uuid);
  report_duplicates(out, target, uuid);
  report_halves(out, target, uuid);
  report_offsets(out, target, uuid);
  report_positions(out, target, uuid);
  for (const Flags& row : kFlags) {
    report_write_state(out, target, row.id, target.in_type("create"), uuid, row.flags);
    target.remove_all();
  }
  report_stdio(out, target, uuid);
  report_exhaustion(out, target);
  report_other_types(out, target, uuid);
}

}  // namespace probe
