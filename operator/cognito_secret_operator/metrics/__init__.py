"""Metrics: the only package that knows prometheus_client.

An object's state is rendered at the scrape from the latest report, so that no series outlives its
resource. No label contains text of other writers, which limits the number of label sets.
"""

from .descriptions import METRICS, OF_RESOURCES, Description
from .process import AWS_OPERATIONS, RESULTS, Metrics

__all__ = ["AWS_OPERATIONS", "METRICS", "OF_RESOURCES", "RESULTS", "Description", "Metrics"]
