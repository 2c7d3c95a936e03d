#!/usr/bin/env python3
"""planted.py and deviations.py themselves, without building anything."""
import contextlib
import io
import sys
import types
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import deviations  # noqa: E402
import planted  # noqa: E402 (the path comes first)


class PlantedTest(unittest.TestCase):
    def test_every_plant_fits_the_code(self):
        for name, (file, healthy, sick) in (planted.FAULTS | deviations.DEVIATIONS).items():
            with self.subTest(name):
                self.assertEqual((planted.ROOT / file).read_text().count(healthy), 1)
                self.assertNotEqual(healthy, sick)

    def test_a_plant_that_does_not_compile_was_found_by_nobody(self):
        planted.run = lambda command: types.SimpleNamespace(returncode=1, stdout="error: ...")
        with contextlib.redirect_stderr(io.StringIO()) as told, self.assertRaises(SystemExit) as end:
            planted.red_tests("fast", "^$", "a fault")
        self.assertEqual(end.exception.code, 2)
        self.assertIn("'a fault'", told.getvalue())


if __name__ == "__main__":
    unittest.main()
