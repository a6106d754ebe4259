"""Options of the whole suite."""


def pytest_addoption(parser):
    parser.addoption(
        "--toil-cases", metavar="FILE", help="worked cases of the toil measure, instead of tests/cases/toil/toil-cases.json"
    )
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files, then look at the difference")
