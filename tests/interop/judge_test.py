#!/usr/bin/env python3
"""What the judge's report must hold for the judge's test to pass; no broker, no client."""
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from suite import case_judge  # noqa: E402 (the path comes first)


def case(number, status):
    return {"area": "fetch", "n": number, "status": status, "api": "Fetch", "version": 12,
            "nth": 1, "what": "a case", "expected": "error 0", "got": "error 3"}


def report(*cases):
    return {"cases": list(cases), "setupFailures": []}


class JudgeTest(unittest.TestCase):
    def test_a_blocked_case_was_not_compared_and_fails(self):
        problems = case_judge.problems_of(report(case(1, "equal"), case(2, "blocked")), {})
        self.assertEqual(len(problems), 1)
        self.assertIn("blocked", problems[0])

    def test_a_listed_case_may_differ_or_be_blocked(self):
        allowed = {("fetch", 1): "why", ("fetch", 2): "why"}
        self.assertEqual(
            case_judge.problems_of(report(case(1, "different"), case(2, "blocked")), allowed), [])

    def test_a_listed_case_that_does_not_differ_fails(self):
        problems = case_judge.problems_of(report(case(1, "equal")), {("fetch", 1): "why"})
        self.assertIn("remove the line", problems[0])

    def test_the_list_can_be_read(self):
        self.assertTrue(case_judge.read_exceptions(case_judge.EXCEPTIONS))


if __name__ == "__main__":
    unittest.main()
