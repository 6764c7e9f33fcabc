"""Rotates Amazon Cognito app-client secrets for workloads on Kubernetes, without downtime."""

__version__ = "0.1.0"
