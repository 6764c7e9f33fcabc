"""The image does the operator's whole work: a container of it rotates a secret, then ends."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application
from images.container import Container, Image

pytestmark = pytest.mark.e2e

ROLE: Final = "arn:aws:iam::111122223333:role/cognito-shop"
HOSTS: Final = Path("/etc/hosts")
"""A kubelet gives each pod one."""


class OperatorContainer(OperatorProcess):
    """The operator in a container of its image, on this machine's network."""

    def __init__(self, image: Image, shop: Shop, workdir: Path) -> None:
        kubeconfig = workdir / "kubeconfig"
        shutil.copy(shop.kubeconfig, kubeconfig)
        kubeconfig.chmod(0o644)  # in the pod it is a token that the kubelet hands to 65532
        super().__init__(
            kubeconfig=kubeconfig,
            namespaces=(shop.namespace,),
            environment=shop.cognito.environment,
            workdir=workdir,
        )
        ports = workdir / "ports"
        ports.mkdir()
        ports.chmod(0o777)
        self._port_file = ports / "operator.port"
        inherited = ("PATH", "HOME", "PYTHONPATH")
        inside = {key: value for key, value in self._environment.items() if key not in inherited}
        self.container = Container(
            image,
            [*image.archive.config["Entrypoint"], "run"],
            environment={**inside, "CSO_PORT_FILE": str(self._port_file)},
            mounts=[kubeconfig, shop.cluster.ca_file, HOSTS],
            writable=[ports],  # for the test alone: it has to learn the port
            host_network=True,
        )

    def _command(self) -> list[str]:
        return self.container.command


@pytest.fixture
def operator(mounted_image: Image, shop: Shop, tmp_path: Path) -> Iterator[OperatorContainer]:
    made = OperatorContainer(mounted_image, shop, tmp_path)
    with made.container:
        yield made
        made.stop()


def test_a_container_rotates_with_an_assumed_role_and_ends_in_order_on_sigterm(
    shop: Shop, operator: OperatorContainer
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    shop.apply(application(), shop.resource(client, aws={"roleArn": ROLE}))
    operator.start()
    current = shop.wait_rotated(client, first)
    value = shop.secret()["client-secret"]
    assert shop.cognito.accepted_id(client.client_id, value) == current
    assert client.value is not None
    assert not shop.cognito.accepts(client.client_id, client.value)
    assert operator.stop() == 0
    levels = {str(line.get("level", "")).upper() for line in operator.log_lines()}
    assert "ERROR" not in levels, operator.log.read_text()
