#!/usr/bin/env python3
"""The rules of rules.py: each holds for the tree (class Tree), and each notices what it is there for (class Rules)."""

import unittest

import rules
from source_tree import ROOT, File, files

EDGES = rules.read_edges((ROOT / "tests/tidy/include_edges.txt").read_text())


class Tree(unittest.TestCase):
    def expect_none(self, problems):
        if problems:
            self.fail("\n" + "\n".join(problems))

    def test_include_list_is_acyclic(self):
        self.expect_none(rules.edges_are_acyclic(EDGES))

    def test_includes_follow_the_list(self):
        self.expect_none(rules.includes_follow_the_edges(files(), EDGES))

    def test_every_folder_is_in_the_list(self):
        self.expect_none(rules.every_folder_has_its_edges(files(), EDGES))

    def test_third_party_headers_are_confined(self):
        self.expect_none(rules.third_party_headers_are_confined(files()))

    def test_nothing_banned(self):
        self.expect_none(rules.nothing_banned(files()))

    def test_names_come_with_their_header(self):
        self.expect_none(rules.names_come_with_their_header(files()))

    def test_files_are_small(self):
        self.expect_none(rules.files_are_small(files()))

    def test_headers_have_pragma_once(self):
        self.expect_none(rules.headers_have_pragma_once(files()))

    def test_no_dead_sources(self):
        self.expect_none(rules.no_dead_sources(files()))

    def test_every_host_file_is_used(self):
        self.expect_none(rules.every_host_file_is_used(files()))


class Rules(unittest.TestCase):
    """One bad example for each rule, and the good one beside it."""

    edges = {"sim/base": set(), "sim/world": {"sim/base"}}
    base = File("sim/base/uuid.h", "#pragma once\n")
    world = File("sim/world/world.h", "#pragma once\n")

    def test_a_cycle_is_noticed(self):
        self.assertEqual([], rules.edges_are_acyclic(self.edges))
        self.assertEqual(1, len(rules.edges_are_acyclic({"a": {"b"}, "b": {"a"}})))

    def test_an_upward_include_is_noticed(self):
        up = File("sim/base/uuid.cc", '#include "sim/world/world.h"\n')
        down = File("sim/world/world.cc", '#include "sim/base/uuid.h"\n')
        tree = [self.base, self.world, down]
        self.assertEqual([], rules.includes_follow_the_edges(tree, self.edges))
        self.assertEqual(1, len(rules.includes_follow_the_edges([*tree, up], self.edges)))

    def test_a_relative_include_is_noticed(self):
        relative = File("sim/base/uuid.cc", '#include "uuid.h"\n')
        self.assertEqual(1, len(rules.includes_follow_the_edges([self.base, relative], self.edges)))

    def test_a_folder_that_is_not_listed_is_noticed(self):
        other = File("sim/other/other.h", "")
        self.assertEqual([], rules.every_folder_has_its_edges([self.base, self.world], self.edges))
        self.assertEqual(1, len(rules.every_folder_has_its_edges([self.base, self.world, other], self.edges)))

    def test_a_third_party_header_out_of_place_is_noticed(self):
        fuse = "#include <fuse_lowlevel.h>\n"
        netlink = "#include <linux/netlink.h>\n"
        self.assertEqual([], rules.third_party_headers_are_confined([File("fusefs/fuse/session.cc", fuse), File("fusefs/uevent/sender.cc", netlink)]))
        self.assertEqual(1, len(rules.third_party_headers_are_confined([File("fusefs/sysfs/tree.cc", fuse)])))
        self.assertEqual(1, len(rules.third_party_headers_are_confined([File("sim/world/world.cc", netlink)])))
        self.assertEqual(1, len(rules.third_party_headers_are_confined([File("sim/config/loader.h", "#include <toml++/toml.h>\n")])))

    def test_a_banned_word_is_noticed(self):
        for path, text in [
            ("sim/world/world.cc", "auto now = std::chrono::steady_clock::now();"),
            ("sim/world/world.cc", "int n = rand();"),
            ("sim/world/world.cc", "std::cout << 1;"),
            ("sim/world/world.cc", "std::thread worker;"),
            ("cli/main.cc", "using namespace std;"),
            ("docs/architecture.md", "TO" + "DO: write this"),
            ("README.md", "cd /ho" + "me/me/mdevsim"),
            ("cli/main.cc", "\tint x;"),
            ("cli/main.cc", "int x; "),
        ]:
            with self.subTest(text):
                self.assertEqual(1, len(rules.nothing_banned([File(path, text)])))
        self.assertEqual([], rules.nothing_banned([File("fusefs/fuse/session.cc", "auto now = std::chrono::steady_clock::now();")]))

    def test_a_name_without_its_header_is_noticed(self):
        join = "fmt::join(names);\n"
        self.assertEqual(1, len(rules.names_come_with_their_header([File("cli/main.cc", "#include <fmt/format.h>\n" + join)])))
        self.assertEqual([], rules.names_come_with_their_header([File("cli/main.cc", "#include <fmt/ranges.h>\n" + join)]))

    def test_a_long_file_is_noticed(self):
        self.assertEqual(1, len(rules.files_are_small([File("cli/main.cc", "\n" * 501)])))

    def test_a_missing_pragma_once_is_noticed(self):
        self.assertEqual(1, len(rules.headers_have_pragma_once([File("cli/main.h", "int x;\n")])))

    def test_a_dead_file_is_noticed(self):
        lists = File("sim/CMakeLists.txt", "SOURCES base/uuid.cc")
        alive = File("sim/base/uuid.cc", '#include "sim/base/uuid.h"\n')
        self.assertEqual([], rules.no_dead_sources([lists, self.base, alive]))
        self.assertEqual(1, len(rules.no_dead_sources([lists, self.base, alive, File("sim/base/dead.cc", "")])))
        self.assertEqual(1, len(rules.no_dead_sources([lists, self.base, alive, File("sim/base/dead.h", "")])))

    def test_an_unused_host_file_is_noticed(self):
        host = File("scenarios/hosts/lonely.toml", "")
        self.assertEqual(1, len(rules.every_host_file_is_used([host])))
        self.assertEqual([], rules.every_host_file_is_used([host, File("tests/cli/check.txt", "scenarios/hosts/lonely.toml")]))


if __name__ == "__main__":
    unittest.main()
