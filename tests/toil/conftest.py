import json
from pathlib import Path

CASES = Path(__file__).parents[1] / "cases" / "toil" / "toil-cases.json"


def pytest_generate_tests(metafunc):
    if "toil_case" in metafunc.fixturenames:
        file = Path(metafunc.config.getoption("--toil-cases", default=None) or CASES)
        cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
        metafunc.parametrize("toil_case", cases, ids=[case["id"] for case in cases])
