"""A store of images of our own, in the cache: nobody else's images are seen or touched."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from cluster.build import cache_folder
from cluster.tether import tethered

PROGRESS_SECONDS: Final = 10
"""A build says at least this often that it is alive."""


class BuildError(RuntimeError):
    """An image could not be built."""


def say(text: str) -> None:
    """Tell how it goes, on standard output."""
    print(f"[images] {text}", flush=True)


class Store:
    """buildah, with a root folder of its own."""

    def __init__(self) -> None:
        """Make the folders."""
        self.folder: Final = cache_folder() / "images"
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def lock(self) -> Path:
        """The file of the lock that builders hold."""
        return self.folder / "builder.lock"

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of one call of buildah."""
        root = self.folder / "storage"
        run_root = self.folder / "storage-run"
        return ["buildah", "--root", str(root), "--runroot", str(run_root), *arguments]

    def has(self, reference: str) -> bool:
        """Tell whether the store has an image of this name."""
        command = self.command("inspect", "--type", "image", reference)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def run(self, *arguments: str) -> str:
        """Run one call of buildah.

        Returns:
            What it printed on standard output.

        Raises:
            BuildError: It failed; the end of its complaint is quoted.
        """
        run = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise BuildError(f"buildah {arguments[0]} failed:\n{run.stderr[-4000:]}")
        return run.stdout

    def watch(self, what: str, log: Path, *arguments: str) -> None:
        """Run one call of buildah that takes long, saying how it goes.

        Args:
            what: What is being made, for the progress lines.
            log: The file that its output goes to.
            *arguments: The call.

        Raises:
            BuildError: It failed; the end of its output is quoted.
        """
        start = time.monotonic()
        command = self.command(*arguments)
        program = shutil.which(command[0]) or command[0]
        with log.open("w") as output:
            process = subprocess.Popen(
                tethered([program, *command[1:]]), stdout=output, stderr=subprocess.STDOUT
            )
            try:
                while not _ended(process):
                    say(f"{what}: building, {time.monotonic() - start:.0f} s")
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise BuildError(f"{what} could not be built:\n{log.read_text()[-4000:]}")
        say(f"{what}: built, {time.monotonic() - start:.0f} s")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(PROGRESS_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
