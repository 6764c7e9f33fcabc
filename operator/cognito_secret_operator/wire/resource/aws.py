"""``spec.aws``: the role for calls to AWS."""

import re
from typing import Final

from .sections import Section

__all__ = ["role_of"]

_ROLE: Final = re.compile(r"(?=.{1,1024}\Z)arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[!-~]+")

_PARTITIONS: Final = {"cn-": "arn:aws-cn:", "us-gov-": "arn:aws-us-gov:", "eusc-": "arn:aws-eusc:"}
"""Prefix of a region -> prefix of the ARNs of its partition."""


def role_of(aws: Section, pool_id: str) -> str | None:
    """Read the role, which must be of the pool's partition."""
    role = aws.matching(
        "roleArn",
        _ROLE,
        "must be an IAM role's ARN like arn:aws:iam::111122223333:role/cognito-rotator (arn:aws-cn "
        "in China, arn:aws-us-gov in GovCloud): copy it from the IAM console",
    )
    if role is not None and any(
        pool_id.startswith(region) != role.startswith(partition)
        for region, partition in _PARTITIONS.items()
    ):
        raise aws.invalid(
            "roleArn",
            f"roleArn {role} is of another AWS partition than userPoolId {pool_id}: name a role of "
            "the pool's own partition",
        )
    aws.refuse_the_rest()
    return role
