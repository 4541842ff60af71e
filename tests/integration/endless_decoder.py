"""Stands for a decoder that never ends: run as a process by a test, under the limits of the real one."""

from studio import decoding

decoding.CPU_SECONDS = 1


def hang(content: bytes) -> None:
    while True:
        pass


decoding.cleaned = hang

if __name__ == "__main__":
    decoding.main()
