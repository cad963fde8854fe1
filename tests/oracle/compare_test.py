#!/usr/bin/env python3
"""The comparison itself: that it passes what it should, and that it can fail."""

import pathlib
import tempfile
import unittest
from unittest import mock

import compare

HERE = pathlib.Path(__file__).resolve().parent
RECORDING = "read.name\t5\t-\t\"name\\n\"\nread.again\t0\t-\t\"\"\nheld.lseek\t-1\tENODEV\t\n"
ONE_DIFFERENCE = """\
what: the position of a removed file
lines: held.lse*
here: 0 -
kernels: 6.12
why: the kernel's FUSE moves
  the position by itself
"""


def problems(output, expected="", recording=RECORDING, **how):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "expected-differences.txt"
        path.write_text(expected)
        with mock.patch.object(compare, "EXPECTED", path), mock.patch.object(compare.read_expected, "__defaults__", (path,)):
            return compare.compare(recording, output, how.get("kernel", "6.12"), how.get("user", "root"), how.get("only"))


class Comparison(unittest.TestCase):
    def test_a_recording_equals_itself(self):
        self.assertEqual(problems(RECORDING), [])

    def test_another_value_is_a_difference(self):
        self.assertIn("read.name", problems(RECORDING.replace("name\\n", "nome\\n"))[0])

    def test_a_missing_line_is_a_difference(self):
        self.assertIn("(no line)", problems(RECORDING.replace('read.again\t0\t-\t""\n', ""))[0])

    def test_a_line_too_many_is_a_difference(self):
        self.assertIn("read.TIMEOUT", problems(RECORDING + "read.TIMEOUT\t-1\tETIMEDOUT\tlong\n")[0])

    def test_another_order_is_a_difference(self):
        lines = RECORDING.splitlines(keepends=True)
        self.assertIn("another order", problems("".join([lines[1], lines[0], lines[2]]))[0])

    def test_the_second_of_two_equal_names_is_compared_with_the_second(self):
        twice = 'bus.  then read\t2\t-\t"0\\n"\nbus.  then read\t2\t-\t"1\\n"\n'
        self.assertEqual(problems(twice, recording=twice), [])
        self.assertEqual(len(problems(twice.replace("1\\n", "0\\n"), recording=twice)), 1)

    def test_numbers_that_the_kernel_hands_out_are_not_compared(self):
        recorded = 'tree1.g\t36\t-\t-> "../kernel/iommu_groups/9"\n'
        self.assertEqual(problems(recorded.replace("/9", "/4"), recording=recorded), [])

    def test_a_listed_difference_is_accepted(self):
        self.assertEqual(problems(RECORDING.replace("-1\tENODEV", "0\t-"), ONE_DIFFERENCE), [])

    def test_a_listed_line_that_differs_in_another_way_is_not_accepted(self):
        self.assertTrue(problems(RECORDING.replace("-1\tENODEV", "-1\tEIO"), ONE_DIFFERENCE))

    def test_a_listed_difference_that_does_not_occur_is_an_error(self):
        self.assertIn("strike it out", problems(RECORDING, ONE_DIFFERENCE)[0])

    def test_a_difference_listed_for_another_kernel_is_neither_accepted_nor_missed(self):
        self.assertEqual(problems(RECORDING, ONE_DIFFERENCE, kernel="6.1"), [])

    def test_sections_that_were_not_asked_for_are_not_missed(self):
        only_read = "".join(RECORDING.splitlines(keepends=True)[:2])
        self.assertEqual(problems(only_read, ONE_DIFFERENCE, only=["read"]), [])

    def test_a_remover_without_success_breaks_the_rule_of_the_figures(self):
        name = "#concurrent.concurrent remove, fds preopened, 8proc x20\t{}\t-\tok(1)={} ENODEV={}\n"
        recorded = "concurrent.after\t12\t-\t\n" + name.format(0, 25, 135)
        self.assertEqual(problems(recorded, recording=recorded), [])
        for wrong in (name.format(1, 25, 135), name.format(0, 19, 141), name.format(0, 25, 130)):
            self.assertTrue(problems("concurrent.after\t12\t-\t\n" + wrong, recording=recorded))


class Fidelity(unittest.TestCase):
    def test_the_page_shows_the_list_of_expected_differences(self):
        page = (HERE.parent.parent / "docs" / "fidelity.md").read_text()
        self.assertIn(compare.markdown(), page, "put the output of tests/oracle/compare.py --markdown into docs/fidelity.md")


class Recordings(unittest.TestCase):
    def test_two_kernels_differ_in_one_line(self):
        older, newer = ((HERE / "recordings" / kernel / "mtty-2.golden").read_text() for kernel in ("6.1", "6.12"))
        self.assertEqual([problem.splitlines()[0] for problem in problems(newer, recording=older)], ["held.lseek"])


if __name__ == "__main__":
    unittest.main()
