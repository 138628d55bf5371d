"""What a service refuses, as a sentence that the pages can say in the reader's language."""

from typing import Any

from tools.terminal import Problem


def text(sentence: str) -> str:
    """Marks a sentence that becomes a Refusal later on, so that it is found as one to translate."""
    return sentence


class Refusal(Problem):
    """text: English, "what happened; what to do", with %(name)s for the values. The pages translate the text."""

    def __init__(self, text: str, **values: Any):
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values
