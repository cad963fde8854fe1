// Every section of the probe. Each runs in a process of its own and leaves the parent without
// instances.
#pragma once

#include "tests/oracle/probe/report.h"
#include "tests/oracle/probe/target.h"

namespace probe {

void run_env(const Report& out, const Target& target);
void run_tree_before(const Report& out, const Target& target);
void run_tree_after(const Report& out, const Target& target);
void run_readdir(const Report& out, const Target& target);
void run_stat(const Report& out, const Target& target);
void run_read(const Report& out, const Target& target);
void run_create(const Report& out, const Target& target);
void run_remove(const Report& out, const Target& target);
void run_fileops(const Report& out, const Target& target);
void run_special(const Report& out, const Target& target);
void run_held(const Report& out, const Target& target);
void run_unpriv(const Report& out, const Target& target);
void run_uevent(const Report& out, const Target& target);
void run_inotify(const Report& out, const Target& target);
void run_bus(const Report& out, const Target& target);
void run_concurrent(const Report& out, const Target& target);
void run_timing(const Report& out, const Target& target);
void run_mixrace(const Report& out, const Target& target);

// The recursive dump that the tree sections and `probe tree` print.
void dump_tree(const Report& out, const std::string& path, const std::string& shown_as, int depth);

}  // namespace probe
