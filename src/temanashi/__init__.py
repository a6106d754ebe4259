"""手間なし: toil-automation runbooks on Prefect 3, with an audit trail and an honest count of the hours saved."""

__all__ = ["__version__"]

__version__ = "0.1.0"
