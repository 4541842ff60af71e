"""The local studio: the real template on an emulator, a worker, and a front door. No Docker, no account, no GPU."""
