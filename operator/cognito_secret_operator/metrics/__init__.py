"""Metrics: the only package that knows prometheus_client.

An object's state is rendered at the scrape from the latest report, so that no series outlives its
resource. No label contains text of other writers, which limits the number of label sets.
"""

from typing import Final

from .descriptions import OF_PROCESS, Description
from .process import AWS_OPERATIONS, RESULTS, Metrics
from .resources import OF_RESOURCES

__all__ = ["AWS_OPERATIONS", "METRICS", "OF_RESOURCES", "RESULTS", "Description", "Metrics"]

METRICS: Final = (*OF_RESOURCES, *OF_PROCESS)
"""Every metric of the operator; ``process_*`` comes from prometheus_client as well."""
