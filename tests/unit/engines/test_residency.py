"""Who is on the device, who waits in RAM, who has to be loaded again."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from torch import nn

from gpu_handlers.engines.residency import Residency, weight_bytes
from tests.unit.engines.conftest import META, FakeMemory, Weights


def residency(*, capacity: int = 100, host: int = 1000, device: torch.device = META, **sizes: int) -> Residency:
    memory = FakeMemory(capacity)
    memory.residency = Residency(device, memory, host_bytes=host)
    for name, size in sizes.items():
        memory.residency.add(name, lambda size=size: Weights(size), size=size)
    return memory.residency


def use(models: Residency, *names: str) -> tuple[nn.Module, ...]:
    with models.held(*names) as modules:
        return modules


def test_a_model_is_loaded_once_and_stays():
    models = residency(a=10)
    (first,) = use(models, "a")
    (again,) = use(models, "a")
    assert first is again
    assert first.moves == ["meta"]
    assert models.resident() == {"a": 10}


def test_the_least_recently_used_goes_first_and_waits_in_ram():
    models = residency(a=10, b=20, c=30)
    (a,) = use(models, "a")
    use(models, "b", "c")
    use(models, "a")
    assert models.evict() == "b"
    assert models.evict(keep=["c"]) == "a"
    assert a.moves == ["meta", "cpu"]
    assert models.evict(keep=["c"]) is None
    assert use(models, "a") == (a,)  # the same weights again, not read from disk
    assert a.moves == ["meta", "cpu", "meta"]


def test_what_is_locked_stays_however_often_it_is_held():
    models = residency(a=10)
    with models.held("a"):
        with models.held("a", "a"):
            assert models.locks == 3
        assert models.evict() is None
    assert models.locks == 0
    assert models.evict() == "a"


def test_locks_are_released_by_errors_even_of_loading():
    models = residency(a=10)

    def broken() -> nn.Module:
        raise OSError("torn file")

    models.add("b", broken, size=1)
    with pytest.raises(OSError, match="torn"), models.held("a", "b"):
        pass
    with pytest.raises(InterruptedError), models.held("a"):
        raise InterruptedError
    assert models.locks == 0


def test_ram_has_a_limit_beyond_which_models_are_loaded_again():
    models = residency(host=25, a=10, b=20)
    (a,) = use(models, "a")
    use(models, "b")
    assert (models.evict(), models.evict()) == ("a", "b")  # b no longer fits beside a
    assert a.moves == ["meta", "cpu"]
    (loaded_again,) = use(models, "b")
    assert loaded_again.moves == ["meta"]
    (still_there,) = use(models, "a")
    assert still_there is not a  # loading b needed the room


def test_without_a_device_of_its_own_evicting_lets_go():
    models = residency(device=torch.device("cpu"), a=10)
    (a,) = use(models, "a")
    models.evict()
    assert use(models, "a") != (a,)


def test_a_dropped_model_is_loaded_afresh():
    models = residency(a=10)
    (a,) = use(models, "a")
    models.drop("a")
    assert models.resident() == {}
    assert use(models, "a") != (a,)


def test_sizes_are_corrected_once_known():
    models = residency()
    models.add("a", lambda: Weights(7), size=1000)
    assert models.missing(["a"]) == 1000
    use(models, "a")
    assert (models.missing(["a"]), models.resident()) == (0, {"a": 7})
    assert weight_bytes(nn.Linear(2, 3)) == 4 * (6 + 3)


def test_no_two_models_load_at_once_in_a_process():
    loading, most = [0], [0]

    def load() -> nn.Module:
        loading[0] += 1
        most[0] = max(most[0], loading[0])
        time.sleep(0.02)
        loading[0] -= 1
        return Weights(1)

    each_its_own = [residency() for _ in range(4)]
    for models in each_its_own:
        models.add("a", load, size=1)
    threads = [threading.Thread(target=use, args=(models, "a")) for models in each_its_own]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
