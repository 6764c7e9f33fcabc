"""The Helm chart as its tests and its makers see it."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
CHART: Final = REPOSITORY / "helm" / "cognito-secret-operator"
"""The folder of the chart."""
