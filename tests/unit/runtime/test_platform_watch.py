import asyncio
import contextlib

from cognito_secret_operator.runtime.platform_watch import watch_files


async def test_all_are_woken_once_for_each_change() -> None:
    readings = iter(["a", "a", "b", "b", "b", "a", "end"])
    last, woken = "", []
    done = asyncio.Event()

    def read() -> str:
        nonlocal last
        last = next(readings, "end")
        if last == "end":
            done.set()
        return last

    looking = asyncio.create_task(watch_files(read, lambda: woken.append(last), period=0))
    await done.wait()
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
    assert woken[:2] == ["b", "a"]
