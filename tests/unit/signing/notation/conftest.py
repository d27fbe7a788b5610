"""An authority, somebody whom it vouches for, and an image to sign."""

import pytest
from tests.support.notation import Certified, certify

ROOT = "C=US,ST=WA,O=acme,CN=root"
RELEASE = "C=US,ST=WA,O=acme,CN=release"


@pytest.fixture(scope="session")
def root() -> Certified:
    return certify(ROOT, authority=True)


@pytest.fixture(scope="session")
def middle(root: Certified) -> Certified:
    return certify("C=US,ST=WA,O=acme,CN=middle", root, authority=True)


@pytest.fixture(scope="session")
def release(middle: Certified) -> Certified:
    return certify(RELEASE, middle)


@pytest.fixture(scope="session")
def stranger() -> Certified:
    return certify(RELEASE, certify(ROOT, authority=True))
