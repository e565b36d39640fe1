# SPDX-License-Identifier: Apache-2.0
"""A site whose certificate does not count any more gets another one by the key that it enrolled:
from its party's issuer agent, or from a person."""
import pathlib
import shutil
import sys
import unittest

from federation import Federation

BINARIES = pathlib.Path(sys.argv.pop(1))
sys.argv.pop(1)


class Renewal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.federation = f = Federation(BINARIES).__enter__()
        f.agree()
        f.join("us", "fab1", "trainer=/bin/true")
        f.join("us", "fab2", "trainer=/bin/true")

    @classmethod
    def tearDownClass(cls):
        cls.federation.__exit__()

    def spoil(self, site):
        """A certificate that proves nothing: it is of another key."""
        f = self.federation
        f.stop(site)
        shutil.copy(f.root / "us" / "ca" / "issuer.key", f.root / site / "tls" / "key.pem")

    def renewed(self, site):
        return self.federation.log(site).count("site.leaf-renewed")

    def test_by_a_person_and_then_by_the_issuer_agent(self):
        f = self.federation
        self.spoil("fab2")
        f.start("fab2", "site", "start", "--dir", "fab2")
        f.wait_for(lambda: "has not answered yet" in f.log("fab2"), "fab2 to say what it lacks")
        f.call("site", "approve", *f.actor("us"), "--site", "fab2", "--wait", 20)
        f.wait_for(lambda: self.renewed("fab2") == 1, "the leaf that a person granted")

        f.stop("fab1")
        with open(f.root / "fab1" / "site.toml", "a") as config:
            config.write(f'\n[issuer]\ndir = "{f.root}/us"\n')
        f.start("fab1", "site", "start", "--dir", "fab1")
        self.spoil("fab2")
        f.start("fab2", "site", "start", "--dir", "fab2")
        f.wait_for(lambda: self.renewed("fab2") == 2, "the leaf from the issuer agent")
        f.wait_for(lambda: "issuer.renewed" in f.log("fab1"), "the issuer to say so")

        f.call("suspend", *f.actor("us"), "--site", "fab2")
        self.spoil("fab2")
        f.start("fab2", "site", "start", "--dir", "fab2")
        f.wait_for(lambda: "suspended" in f.log("fab2"), "fab2 to say why there is no leaf")
        self.assertEqual(self.renewed("fab2"), 2)
        f.call("resume", *f.actor("us"), "--site", "fab2")
        f.wait_for(lambda: self.renewed("fab2") == 3, "the leaf after the resumption")


unittest.main()
