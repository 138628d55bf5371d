"""python -m tests.model.campaign SEED DECISIONS: counts by kind as JSON, or the story at the first difference."""

import json
import sys

from tests.model.stories import Differ, campaign

if __name__ == "__main__":
    try:
        print(json.dumps({"differences": 0, "counts": campaign(int(sys.argv[1]), int(sys.argv[2]))}))
    except Differ as difference:
        print(json.dumps({"differences": 1, "first": str(difference), "counts": {}}))
