"""Where clients of a pool sign in."""

import json
from pathlib import Path

import botocore
import pytest

from cognito_secret_operator.domain.connection import issuer_of
from cognito_secret_operator.domain.model import ClientRef

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
DOMAINS = [
    pytest.param(region, partition["outputs"]["dnsSuffix"], id=region)
    for partition in PARTITIONS["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
]


@pytest.mark.parametrize(("region", "suffix"), DOMAINS)
def test_the_issuer_is_in_the_domain_of_its_aws_partition(region: str, suffix: str) -> None:
    client = ClientRef(f"{region}_AbCdEfGhI", "1example23456789")
    assert issuer_of(client) == f"https://cognito-idp.{region}.{suffix}/{region}_AbCdEfGhI"
