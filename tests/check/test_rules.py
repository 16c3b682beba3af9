#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A rule that finds nothing proves nothing: here each one finds its breach, and leaves good code alone."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import house  # noqa: E402
from rules import SPDX, check  # noqa: E402

HEAD = f"// {SPDX}\n"
HOME = "/" + "home/anna/"
REGISTRY = "https://" + "debian.example.org/debian"

BREACHES = [  # why, path, text, what the message says
    ("base knows nobody", "base/a.h", '#include "policy/flow.h"', "base/ must not include policy/"),
    ("policy knows base only", "policy/a.cc", '#include "daemon/table.h"', "policy/ must not include daemon/"),
    ("glue and ike are strangers", "kernel-glue/a.cc", '#include "ike/ike.h"', "must not include ike/"),
    ("also in the other direction", "ike/a.c", '#include "kernel-glue/xfrm.h"', "must not include kernel-glue/"),
    ("oekctl speaks over the socket only", "cli/a.cc", '#include "daemon/view.h"', "cli/ must not include daemon/"),
    ("tests follow their folder", "tests/ike/a.cc", '#include "kernel-glue/xfrm.h"', "ike/ must not include kernel-glue/"),
    ("spaces do not hide it", "base/a.cc", '  #  include  "ike/ike.h"', "base/ must not include ike/"),
    ("no header next door by accident", "policy/a.cc", '#include "flow.h"', "names no folder"),
    ("own keys know nobody else", "keys/a.cc", '#include "ike/ike.h"', "keys/ must not include ike/"),
    ("what is published is no secret", "publish/a.cc", '#include "keys/private_key.h"', "publish/ must not include keys/"),
    ("ldns", "dns/a.cc", "#include <ldns/ldns.h>", "only publish/ may name ldns"),
    ("strongSwan", "daemon/a.cc", "#include <daemon.h>", "only ike/ may name strongSwan"),
    ("strongSwan, deeper", "kernel-glue/a.c", "#include <sa/ike_sa.h>", "only ike/ may name strongSwan"),
    ("libmnl", "daemon/a.cc", "#include <libmnl/libmnl.h>", "only kernel-glue/ may name libmnl"),
    ("XFRM", "ike/a.c", "#include <linux/xfrm.h>", "only kernel-glue/ may name XFRM"),
    ("test tools stay in tests", "base/a.cc", "#include <catch2/catch.hpp>", "only tests/ may name Catch2"),
    ("policy does no I/O", "policy/a.cc", "#include <sys/socket.h>", "policy/ is pure"),
    ("policy has no clock", "policy/a.cc", "auto t = std::chrono::steady_clock::now();", "no clock"),
    ("a home", "HACKING.md", f"see {HOME}oekd", "place on one machine"),
    ("a registry", "dev", f"#!/bin/sh\n# {SPDX}\ncurl {REGISTRY}", "package registry"),
]

GOOD = [  # why, path, text
    ("down the picture", "daemon/a.cc", '#include "kernel-glue/xfrm.h"\n#include "ike/ike.h"\n#include "base/error.h"'),
    ("the own folder", "ike/a.c", '#include "ike/layer.h"\n#include <daemon.h>\n#include <sa/ike_sa.h>'),
    ("the kernel's headers at home", "kernel-glue/a.cc", "#include <libmnl/libmnl.h>\n#include <linux/xfrm.h>"),
    ("tests have their tools", "tests/policy/a.cc", '#include "policy/flow.h"\n#include "tests/fake.h"\n#include <catch2/catch.hpp>\n#include <rapidcheck.h>'),
    ("text about an include", "policy/a.cc", '// the daemon would #include "daemon/table.h"'),
    ("a test's neighbour", "tests/policy/a.cc", '#include "generators.h"'),
    ("the control socket from both ends", "tests/cli/a.cc", '#include "daemon/control_server.h"'),
    ("a fuzz target feeds any parser", "tests/fuzz/a.cc", '#include "kernel-glue/xfrm.h"\n#include <linux/xfrm.h>'),
    ("time as a value", "policy/a.h", "#include <chrono>\n#include <fmt/format.h>\n#include <arpa/inet.h>"),
    ("a system path", "daemon/a.cc", 'auto path = "/etc/oekd/oekd.conf";'),
]


class Rules(unittest.TestCase):
    def test_every_breach_is_found(self):
        for why, path, text, expected in BREACHES:
            with self.subTest(why):
                text = HEAD + text if path.endswith((".c", ".cc", ".h")) else text
                messages = [message for _, message in check(path, text)]
                self.assertEqual(len(messages), 1, messages)
                self.assertIn(expected, messages[0])

    def test_good_code_is_left_alone(self):
        for why, path, text in GOOD:
            with self.subTest(why):
                self.assertEqual(check(path, HEAD + text), [])

    def test_the_line_is_named(self):
        self.assertEqual([line for line, _ in check("base/a.cc", HEAD + '\n#include "ike/ike.h"\n')], [3])

    def test_a_source_file_without_licence_line(self):
        for path in ["base/a.cc", "tests/lab/a.py", "ike/meson.build", "subprojects/a.wrap"]:
            with self.subTest(path):
                self.assertEqual(len(check(path, "\n\n" + HEAD)), 1)

    def test_a_script_without_licence_line(self):
        self.assertEqual(len(check("dev", "#!/usr/bin/env bash\ntrue\n")), 1)
        self.assertEqual(check("dev", f"#!/usr/bin/env bash\n# {SPDX}\n"), [])


class Walk(unittest.TestCase):
    def run_house(self, files: dict[str, str]) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = house.main(Path(folder))
            return status, output.getvalue()

    def test_a_breach_fails_the_check(self):
        status, output = self.run_house({"base/a.cc": HEAD + '#include "ike/ike.h"\n'})
        self.assertEqual(status, 1)
        self.assertIn("base/a.cc:2: base/ must not include ike/", output)

    def test_good_files_pass(self):
        self.assertEqual(self.run_house({"base/a.cc": HEAD})[0], 0)

    def test_nothing_to_check_is_a_failure(self):
        self.assertEqual(self.run_house({})[0], 1)

    def test_what_is_not_ours_is_left_out(self):
        files = {
            "base/a.cc": HEAD,
            "subprojects/strongswan-6.1.0/a.c": "theirs",
            "out/meson-private/x": "",
            "out/generated.h": "made",
        }
        status, output = self.run_house(files)
        self.assertEqual(status, 0, output)

    def test_our_part_of_a_subproject_is_checked(self):
        status, _ = self.run_house({"subprojects/packagefiles/x/meson.build": "project('x')\n"})
        self.assertEqual(status, 1)


if __name__ == "__main__":
    unittest.main()
