"""Errors that a person can act on."""


class UserError(Exception):
    """Something in the input, the configuration or the environment that only the user can mend.

    The message names the file, the entry or the key, shows the value found, and says what to do.
    """


class ConfigurationError(UserError):
    """A configuration or registry file does not follow its schema."""


class SourceError(UserError):
    """A raw source cannot be fetched, verified or read."""
