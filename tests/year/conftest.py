"""The application of the tests of api, used here from outside."""

from tests.api.conftest import app, quick_passwords

__all__ = ["app", "quick_passwords"]
