"""What a browser says it is, in two words of ours: enough to tell one's phone from somebody else's computer.

Own rather than a library: ua-parser's tables are larger than the rest of this room, and know versions, which nobody
here is told.
"""

# The first that is found counts: Edge says that it is Chrome, Chrome that it is Safari.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ("python", "Python"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def named(agent: str) -> str:
    """Firefox, Windows; empty when neither is known."""
    agent = agent[:400]
    found = [next((name for part, name in table if part in agent), "") for table in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)
