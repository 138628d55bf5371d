"""Helpers of tests that run on both interpreters."""


def raises(kind, function):
    """The exception of that kind that function() raises; an AssertionError when it raises none."""
    try:
        function()
    except kind as error:
        return error
    raise AssertionError("nothing was raised, expected " + kind.__name__)
